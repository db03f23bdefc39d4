"""Tooltips show what others wrote as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QToolTip, QWidget

from taskmon.client.task_store import TaskStore
from taskmon.core.task import TASK_NAME
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import TaskGroup
from taskmon.gui.widgets.plain_tooltip import plain_tooltip
from taskmon.gui.widgets.sidebar import Sidebar
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import a_task
from tests.gui.widgets.task_pictures import clock

EVIL = '<b>wing</b> <img src="file:///etc/hostname"> & more'


def seen(tooltip: str) -> str:
    """What a person reads in it."""
    page = QTextDocument()
    page.setHtml(tooltip)
    return page.toPlainText()


def test_a_long_word_is_broken_and_a_long_text_is_cut() -> None:
    assert max(map(len, seen(plain_tooltip("x" * 300)).split("\u200b"))) <= 48
    assert seen(plain_tooltip("x" * 300)).replace("\u200b", "") == "x" * 300
    assert len(seen(plain_tooltip("word " * 5000))) < 1600
    assert seen(plain_tooltip("line\n" * 400)).count("\n") < 30
    assert seen(plain_tooltip("a\u202egnp.exe")) == "a\ufffdgnp.exe"


def table() -> tuple[QWidget, QAbstractItemView]:
    store = TaskStore()
    store.apply([a_task(task_metadata={TASK_NAME: EVIL})])
    made = TaskTable()
    made.setModel(model := TaskTableModel(store, clock, made))
    model.flush()
    made.resize(860, 300)
    made.scrollTo(model.index(0, Column.NAME))
    return made, made


def sidebar() -> tuple[QWidget, QAbstractItemView]:
    made = Sidebar()
    made.show_counts([TaskGroup("Projects", EVIL, "project:x", 3)])
    made.resize(200, 300)
    view = made.findChild(QListView)
    assert view is not None
    return made, view


@pytest.mark.parametrize(("make", "row", "column"), [(table, 0, int(Column.NAME)), (sidebar, 1, 0)])
def test_markup_in_a_name_is_shown_and_not_followed(
    app: QApplication, make: Callable[[], tuple[QWidget, QAbstractItemView]], row: int, column: int
) -> None:
    shown, view = make()
    shown.show()
    app.processEvents()
    at = view.visualRect(view.model().index(row, column)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), event)
    assert EVIL in seen(QToolTip.text())
    assert "<img" not in QToolTip.text()
    QToolTip.showText(QPoint(), "")
    shown.close()
    shown.deleteLater()


def test_lines_stay_lines() -> None:
    assert seen(plain_tooltip("one\n<two>")) == "one\n<two>"
    assert plain_tooltip("") == ""

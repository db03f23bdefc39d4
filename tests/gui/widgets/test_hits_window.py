"""The window of one search through the logs of several tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.gui.controllers.log_survey import told_apart
from taskmon.gui.widgets.hits_window import HitsWindow
from tests.builders import a_task

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def test_tasks_of_one_name_can_be_told_apart() -> None:
    tasks = [
        a_task(task_id="wrghuipr2gptsgnm8v4c55jmg", name="wing"),
        a_task(task_id="ui541s5hr7ty5echbgmo2u813", name="dam"),
        a_task(task_id="loqls1jwx97970lbtbq2dh67x", name="wing"),
    ]
    assert [name for _, name in told_apart(tasks)] == ["wing (wrghui…)", "dam", "wing (loqls1…)"]


def test_names_can_be_read_in_a_narrow_window(app: QApplication) -> None:
    window = HitsWindow([("wrghuipr2gptsgnm8v4c55jmg", "wing")])
    window.show()
    window.resize(300, 300)  # as narrow as its fields let it be
    window.tree.setColumnWidth(1, window.tree.width() - 40)
    app.processEvents()
    assert window.tree.columnWidth(0) >= 150
    window.close()
    window.deleteLater()

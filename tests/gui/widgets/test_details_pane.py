"""Everything known about a task, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.details_pane import DetailsPane, detail_rows
from tests.builders import a_task
from tests.gui.widgets.key_ring import has_ring_with_keys

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def test_rows_without_a_value_are_left_out() -> None:
    rows = dict(detail_rows(a_task(error_detail=None, time_to_live_seconds=None)))
    assert "Reason" not in rows
    assert "Time to live" not in rows


def test_commands_and_parent_are_told() -> None:
    task = a_task(
        extra_params={"commands": [{"cmd": "mesh a"}, {"cmd": "solve a"}]}, task_metadata={"resubmitted_from": "p" * 25}
    )
    rows = dict(detail_rows(task))
    assert rows["Commands"] == "mesh a\nsolve a"
    assert rows["Runs again"] == "p" * 25


def test_values_are_never_taken_for_markup(app: QApplication) -> None:
    pane = DetailsPane()
    pane.show_task(a_task(task_metadata={"name": "<img src=x>"}))
    label = next(label for label in pane.findChildren(QLabel) if label.text() == "<img src=x>")
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_a_word_without_end_makes_nothing_scroll_sideways(app: QApplication) -> None:
    pane = DetailsPane()
    pane.resize(600, 300)
    failed = a_task(status=Status.FAILED, task_metadata={"name": "x" * 300}, error_detail="a\u202egnp.exe\nsecond")
    pane.show_task(failed)
    pane.show()
    app.processEvents()
    assert pane.horizontalScrollBar().maximum() == 0
    assert any(label.text() == "a\ufffdgnp.exe\nsecond" for label in pane.findChildren(QLabel))
    pane.close()


def test_a_value_that_stays_keeps_its_label_and_so_its_selection(app: QApplication) -> None:
    pane = DetailsPane()
    pane.show_task(a_task(task_id="t" * 25, project="one"))
    before = next(label for label in pane.findChildren(QLabel) if label.text() == "t" * 25)
    pane.show_task(a_task(task_id="t" * 25, project="two"))
    after = next(label for label in pane.findChildren(QLabel) if label.text() == "t" * 25)
    assert before is after


def test_it_is_seen_when_the_keys_scroll_it(app: QApplication) -> None:
    assert has_ring_with_keys(app, DetailsPane())

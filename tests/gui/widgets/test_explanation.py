"""The explanation: what happened, why, what to do, and the button that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QScrollArea

from taskmon.core.lifecycle import FACTS, Status, can_kill, facts
from taskmon.core.task import OperationName, OperationStatus, QueuePosition
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.dock_room import STRIP
from taskmon.gui.widgets.explanation import WORDS, Explanation, next_steps
from tests.builders import NOON, a_history, a_status_entry, a_task, a_task_detail, an_executer, an_operation
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def explanation(app: object) -> Iterator[Explanation]:
    load_fonts()
    widget = Explanation(LIGHT)
    widget.show()
    yield widget
    widget.close()


def words(explanation: Explanation) -> str:
    labels = [label.text() for label in explanation.findChildren(QLabel) if label.isVisible()]
    details = [text.toPlainText() for text in explanation.findChildren(QPlainTextEdit) if text.isVisible()]
    return "\n".join(labels + details)


def buttons(explanation: Explanation) -> list[QPushButton]:
    return [button for button in explanation.findChildren(QPushButton) if button.isVisible()]


@pytest.mark.parametrize("status", [*FACTS, Status("frozen-solid")])
def test_every_state_says_what_why_and_what_next(explanation: Explanation, status: Status) -> None:
    explanation.show_status(status)
    told = facts(status)
    assert all(sentence in words(explanation) for sentence in (told.what, told.why, told.next_step))


def test_the_error_detail_is_shown_as_it_is_and_can_be_selected(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.EXECUTER_FAILED, error_detail="<b>disk</b> full & broken"))
    (detail,) = (text for text in explanation.findChildren(QPlainTextEdit) if text.isVisible())
    assert detail.toPlainText() == "<b>disk</b> full & broken"
    assert detail.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


def test_the_next_step_follows_the_told_cause_and_can_be_seen_without_scrolling(explanation: Explanation) -> None:
    explanation.resize(380, 250)
    cause = "The program “FreeFem++” is not installed on this computer. Install it with: sudo apt install freefem++"
    explanation.show_task(a_task(status=Status.EXECUTER_FAILED, error_detail=cause))
    told = facts(Status.EXECUTER_FAILED)
    assert told.why not in words(explanation)
    QApplication.processEvents()
    (step,) = (label for label in explanation.findChildren(QLabel) if label.text() == told.next_step)
    assert not step.visibleRegion().isEmpty()
    explanation.show_status(Status.EXECUTER_FAILED)
    assert told.why in words(explanation)


def test_the_machine_s_error_is_shown_where_the_task_has_none(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.EXECUTER_FAILED, executer=an_executer(error_detail="no space left")))
    assert "no space left" in words(explanation)


def test_no_label_reads_markup(explanation: Explanation) -> None:
    labels = explanation.findChildren(QLabel)
    assert labels
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def test_the_failing_command_and_its_exit_code_are_named(explanation: Explanation) -> None:
    ran = [
        an_operation(attributes={"command": "blockMesh", "exit_code": 0}, status=OperationStatus.OK),
        an_operation(attributes={"command": "simpleFoam", "exit_code": 134}, status=OperationStatus.FAILED),
        an_operation(name=OperationName.UPLOAD_OUTPUT, attributes={}, status=OperationStatus.OK),
    ]
    history = [a_status_entry(Status.COMPUTATION_STARTED, operations=ran), *a_history([Status.FAILED])]
    explanation.show_task(a_task_detail(status=Status.FAILED, status_history=history))
    assert "Exit code 134 from: simpleFoam" in words(explanation)
    assert "blockMesh" not in words(explanation)


def test_a_failed_command_that_is_the_reason_is_not_told_twice(explanation: Explanation) -> None:
    failed = an_operation(
        name=OperationName.EXEC_COMMAND,
        status=OperationStatus.FAILED,
        attributes={"command": "python3 solve.py", "exit_code": 3},
    )
    reason = "Exit code 3 from: python3 solve.py"
    entry = a_status_entry(Status.COMPUTATION_STARTED, operations=(failed,))
    explanation.show_task(a_task_detail(status=Status.FAILED, error_detail=reason, status_history=(entry,)))
    assert words(explanation).count(reason) == 1


@pytest.mark.parametrize("status", [Status.EXECUTER_TERMINATED, Status.KILLED])
@pytest.mark.parametrize("left", [OperationStatus.FAILED, OperationStatus.RUNNING])
def test_a_command_that_something_else_ended_is_not_blamed(
    explanation: Explanation, status: Status, left: OperationStatus
) -> None:
    ran = [an_operation(attributes={"command": "bash long.sh"}, status=left)]
    history = [a_status_entry(Status.COMPUTATION_STARTED, operations=ran), *a_history([status])]
    explanation.show_task(a_task_detail(status=status, status_history=history))
    assert "It was running: bash long.sh" in words(explanation)
    assert "An error" not in words(explanation)


def test_a_task_that_never_started_has_nothing_to_download(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.KILLED, start_time=None))
    assert [button.text() for button in buttons(explanation)] == ["Run again"]
    explanation.show_task(a_task(status=Status.KILLED, start_time=NOON))
    assert [button.text() for button in buttons(explanation)] == ["Run again", "Download outputs"]


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [(0, "It is next in line."), (1, "1 task is ahead of it."), (1200, "1,200 tasks are ahead of it.")],
)
def test_a_waiting_task_says_its_place_in_the_queue(explanation: Explanation, ahead: int, sentence: str) -> None:
    explanation.show_task(a_task(status=Status.SUBMITTED), QueuePosition(tasks_ahead=ahead))
    assert sentence in words(explanation)


@pytest.mark.parametrize("status", [*FACTS, Status("frozen-solid")])
def test_only_steps_that_the_lifecycle_allows_are_offered(status: Status) -> None:
    steps = next_steps(status)
    assert set(steps) <= set(WORDS)
    assert "kill" not in steps or can_kill(status)
    assert "resubmit" not in steps or facts(status).resubmittable


def test_the_next_step_is_a_button(explanation: Explanation) -> None:
    asked: list[str] = []
    explanation.action_requested.connect(asked.append)
    explanation.show_task(a_task(status=Status.FAILED))
    for button in buttons(explanation):
        button.click()
    assert asked == ["show_log", "resubmit"]
    assert [button.text() for button in buttons(explanation)] == ["Show log", "Run again"]


def test_nobody_is_offered_a_log_that_is_on_the_screen(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.FAILED))
    explanation.set_log_seen(True)
    assert [button.text() for button in buttons(explanation)] == ["Run again"]
    explanation.show_task(a_task(status=Status.COMPUTATION_STARTED))
    assert [button.text() for button in buttons(explanation)] == ["Kill"]
    explanation.set_log_seen(False)
    assert [button.text() for button in buttons(explanation)] == ["Show log", "Kill"]


def test_only_the_natural_step_is_filled_also_where_it_is_not_offered(explanation: Explanation) -> None:
    def filled() -> list[str]:
        return [button.text() for button in buttons(explanation) if LIGHT.accent_text in button.styleSheet()]

    explanation.show_task(a_task(status=Status.FAILED))
    assert filled() == ["Show log"]
    explanation.set_log_seen(True)
    assert filled() == []
    explanation.show_task(a_task(status=Status.EXECUTER_FAILED))
    assert filled() == ["Run again"]


@pytest.mark.parametrize(
    ("counts", "offered"),
    [
        ({Status.FAILED: 3, Status.SUCCESS: 1200, Status.KILLED: 0}, ["resubmit", "download"]),
        ({Status.FAILED: 2, Status.ZOMBIE: 1}, ["resubmit"]),
        ({Status.COMPUTATION_STARTED: 1, Status.SUCCESS: 4}, ["kill"]),
    ],
)
def test_several_tasks_are_counted_and_the_next_step_is_a_button(
    explanation: Explanation, counts: dict[Status, int], offered: list[str]
) -> None:
    explanation.show_task(a_task(status=Status.FAILED, error_detail="boom"))
    explanation.show_counts(counts)
    assert words(explanation).startswith(f"{sum(counts.values()):,} tasks: ")
    assert "0 Killed" not in words(explanation)
    assert [button.objectName() for button in buttons(explanation)] == offered


def test_the_tasks_of_a_view_are_counted_and_a_way_on_is_said(explanation: Explanation) -> None:
    explanation.show_counts({Status.FAILED: 3}, selected=False)
    assert words(explanation).startswith("3 tasks: 3 Failed. Select one to see what happened")
    assert [button.objectName() for button in buttons(explanation)] == ["submit"]


def test_without_a_task_it_offers_to_submit_one(explanation: Explanation) -> None:
    asked: list[str] = []
    explanation.action_requested.connect(asked.append)
    (button,) = buttons(explanation)
    button.click()
    assert asked == ["submit"]


def test_it_keeps_its_size_whatever_it_explains(explanation: Explanation) -> None:
    before = explanation.sizeHint(), explanation.minimumSizeHint()
    explanation.show_task(a_task(status=Status.FAILED, error_detail="line\n" * 500))
    assert (explanation.sizeHint(), explanation.minimumSizeHint()) == before


def test_in_a_low_pane_the_error_stands_below_the_title_and_the_next_step_beside_it(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.FAILED, error_detail="KeyError: 'nu'", start_time=NOON))
    tall = [button.text() for button in buttons(explanation)]
    assert tall == ["Show log", "Run again"]
    explanation.resize(300, 96)
    until(lambda: QApplication.processEvents() or buttons(explanation)[0].y() < 20)
    assert [button.accessibleName() for button in buttons(explanation)] == tall
    assert [button.toolTip() for button in buttons(explanation)] == tall
    (error,) = (text for text in explanation.findChildren(QPlainTextEdit) if text.isVisible())
    top = error.mapTo(explanation, error.rect().topLeft()).y()
    assert top < 60
    assert "What happened" not in words(explanation)
    explanation.show_task(a_task(status=Status.SUCCESS, start_time=NOON))
    assert facts(Status.SUCCESS).what in words(explanation)
    explanation.resize(300, 400)
    until(lambda: QApplication.processEvents() or buttons(explanation)[0].y() > 300)
    assert [button.text() for button in buttons(explanation)] == ["Download outputs", "Show log"]
    assert "What happened" in words(explanation)


def test_a_strip_has_room_for_the_words_of_its_buttons_and_is_never_taller(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.FAILED, error_detail="KeyError: 'nu'"))
    explanation.set_strip(True)
    explanation.resize(640, 300)
    until(lambda: QApplication.processEvents() or buttons(explanation)[0].y() < 20)
    assert explanation.maximumHeight() == STRIP
    assert [button.text() for button in buttons(explanation)] == ["Show log", "Run again"]
    explanation.show_counts({Status.FAILED: 3})
    until(lambda: QApplication.processEvents() or buttons(explanation)[0].x() > 400, what="also without a title")
    explanation.show_task(a_task(status=Status.FAILED, error_detail="KeyError: 'nu'"))
    explanation.resize(300, 96)
    until(lambda: QApplication.processEvents() or not buttons(explanation)[0].text())
    assert [button.toolTip() for button in buttons(explanation)] == ["Show log", "Run again"]


def test_the_theme_can_change_while_it_shows(explanation: Explanation) -> None:
    explanation.show_task(a_task(status=Status.SUCCESS))
    light = explanation.grab().toImage()
    explanation.set_theme(DARK)
    assert explanation.grab().toImage() != light


def test_it_is_seen_when_the_keys_scroll_the_words(app: QApplication) -> None:
    dress(app, LIGHT)
    widget = Explanation(LIGHT)
    widget.resize(300, 160)
    widget.show_status(Status.FAILED)
    widget.show()
    widget.activateWindow()
    assert QTest.qWaitForWindowActive(widget)
    scroll = widget.findChild(QScrollArea)
    assert scroll is not None
    scroll.clearFocus()
    before = scroll.grab().toImage()
    scroll.setFocus()
    image = scroll.grab().toImage()
    assert image.pixelColor(0, 80) != before.pixelColor(0, 80)
    assert image.pixelColor(0, 80).name() == LIGHT.accent.lower()
    widget.close()
    widget.deleteLater()

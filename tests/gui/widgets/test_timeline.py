"""The timeline: where the time of a task went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from taskmon.core.lifecycle import Status
from taskmon.core.task import OperationName, OperationStatus
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.timeline import Timeline
from taskmon.gui.widgets.timeline_rows import rows_of, tick_text, ticks
from tests.builders import NOON, a_history, a_status_entry, a_task_detail, an_operation, seconds_after
from tests.gui.widgets.key_ring import has_ring_with_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUNK = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED)


@pytest.fixture
def timeline(app: object) -> Iterator[Timeline]:
    load_fonts()
    widget = Timeline(LIGHT)
    widget.resize(700, 300)
    widget.show()
    yield widget
    widget.close()


@pytest.fixture
def heard(timeline: Timeline, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every description that is set from now on."""
    told: list[str] = []
    setter = timeline.setAccessibleDescription

    def listen(words: str) -> None:
        told.append(words)
        setter(words)

    monkeypatch.setattr(timeline, "setAccessibleDescription", listen)
    return told


def test_every_state_is_a_row_with_its_duration() -> None:
    detail = a_task_detail(visited=TRUNK, status_history=a_history(TRUNK, step_s=8))
    rows = rows_of(detail, seconds_after(NOON, 61))
    assert [(row.label, row.start, row.duration, row.open) for row in rows] == [
        ("Waiting for Input", 0, "8.0 s", False),
        ("In Queue", 8, "8.0 s", False),
        ("Preparing to Compute", 16, "8.0 s", False),
        ("In Progress", 24, "37 s", True),
    ]


def test_steps_of_the_runner_stand_under_their_state_and_say_their_command() -> None:
    done = an_operation(
        start_timestamp=seconds_after(NOON, 1),
        end_timestamp=seconds_after(NOON, 3),
        status=OperationStatus.FAILED,
        attributes={"command": "simpleFoam <wing>", "exit_code": 1},
    )
    packing = an_operation(name=OperationName.COMPRESS_OUTPUT, alias="Pack outputs", attributes={})
    entry = a_status_entry(Status.COMPUTATION_STARTED, operations=[done, packing])
    state, command, packed = rows_of(a_task_detail(status_history=[entry]), seconds_after(NOON, 4))
    assert state.status is Status.COMPUTATION_STARTED
    assert (command.label, command.start, command.end, command.failed) == ("simpleFoam <wing>", 1, 3, True)
    assert "simpleFoam &lt;wing&gt;" in command.tooltip
    assert "exit code 1" in command.tooltip
    assert (packed.label, packed.open) == ("Pack outputs", True)


def test_attempts_are_told_apart() -> None:
    visited = (*TRUNK, Status.EXECUTER_TERMINATED, *TRUNK[1:])
    rows = rows_of(a_task_detail(visited=visited), seconds_after(NOON, 20))
    assert [row.label for row in rows if row.heading] == ["Attempt 1", "Attempt 2"]
    again = next(index for index, row in enumerate(rows) if row.label == "Attempt 2")
    assert rows[again - 1].label == "Task Runner Terminated"


def test_an_ended_task_does_not_grow() -> None:
    detail = a_task_detail(visited=(*TRUNK, Status.COMPUTATION_ENDED, Status.SUCCESS))
    assert rows_of(detail, seconds_after(NOON, 100)) == rows_of(detail, seconds_after(NOON, 1000))


def test_a_clock_that_runs_behind_makes_no_negative_time() -> None:
    rows = rows_of(a_task_detail(visited=TRUNK), NOON - timedelta(hours=1))
    assert all(row.end >= row.start for row in rows)


@given(span=st.floats(0.001, 1e9), most=st.integers(1, 20))
def test_ticks_are_few_and_inside(span: float, most: int) -> None:
    moments = ticks(span, most)
    assert moments[0] == 0
    assert moments[-1] <= span * (1 + 1e-9)
    assert len(moments) <= most + 1


def test_ticks_read_well() -> None:
    assert [tick_text(moment) for moment in (0, 0.5, 30, 90, 5400, 172800)] == [
        "0", "0.5 s", "30 s", "1.5 min", "1:30 h", "2 d",
    ]  # fmt: skip


def test_it_reads_aloud_what_it_paints(timeline: Timeline) -> None:
    timeline.show_task(a_task_detail(visited=TRUNK[:2]), seconds_after(NOON, 5))
    since = seconds_after(NOON, 1).astimezone().strftime("since %d %b, %H:%M:%S")
    told = ["Waiting for Input: 1.0 s", f"In Queue: {since}, still going on"]
    assert timeline.accessibleDescription().splitlines() == told


def test_a_screen_reader_hears_of_it_only_when_something_happened(timeline: Timeline, heard: list[str]) -> None:
    timeline.show_task(a_task_detail(visited=TRUNK[:2]), seconds_after(NOON, 5))
    heard.clear()
    timeline.set_now(seconds_after(NOON, 700))
    timeline.show_task(a_task_detail(visited=TRUNK[:2]), seconds_after(NOON, 701))
    assert heard == []
    timeline.show_task(a_task_detail(visited=TRUNK[:3]), seconds_after(NOON, 702))
    assert len(heard) == 1


def test_one_task_that_is_not_known_yet_is_not_called_none(timeline: Timeline) -> None:
    nothing = timeline.grab().toImage()
    timeline.show_not_yet()
    assert timeline.accessibleDescription() == "Where its time went is not known yet."
    assert timeline.grab().toImage() != nothing


def test_pointing_at_a_bar_tells_more(timeline: Timeline) -> None:
    timeline.show_task(a_task_detail(visited=TRUNK[:2]), seconds_after(NOON, 5))
    chart = timeline.widget()
    assert chart is not None
    where = QPoint(20, 60)
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, where, chart.mapToGlobal(where)))
    assert "In Queue: 4.0 s so far" in QToolTip.text()
    QToolTip.hideText()


def test_it_paints_in_both_themes_at_any_size(timeline: Timeline) -> None:
    timeline.show_task(a_task_detail(visited=TRUNK), seconds_after(NOON, 5))
    light = timeline.grab().toImage()
    timeline.set_theme(DARK)
    assert timeline.grab().toImage() != light
    for size in ((80, 40), (300, 90), (2000, 1000)):
        timeline.resize(*size)
        timeline.grab()
    timeline.show_nothing()
    timeline.grab()


def test_it_is_seen_when_the_keys_scroll_it(app: QApplication) -> None:
    assert has_ring_with_keys(app, Timeline(LIGHT))

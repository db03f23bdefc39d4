"""Why a task waits or ended, as a row, the filter and the sidebar tell it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task_reason import no_log_sentence, no_outputs_sentence, reason_pattern, reason_text
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_group import FAILURES
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_task


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diverged at step 12, t = 1.5e-7", "Diverged at step 4711, t = 0.25"),
        ("No such file: /scratch/run-1/mesh.msh", "No such file: ../cases/b/wing.msh"),
        ("No such file: C:\\runs\\a.dat", "No such file: C:\\runs\\other\\b.dat"),
        ("Task 3f0e8f6c-6f3e-4a67-9f0a-0d4a7c1b2e55 lost", "Task 11111111-6f3e-4a67-9f0a-0d4a7c1b2e55 lost"),
        ("Fault at 0x7ffe", "Fault at 0x1"),
    ],
)
def test_numbers_and_paths_do_not_split_a_group(one: str, other: str) -> None:
    patterns = {reason_pattern(a_task(status=Status.FAILED, error_detail=text)) for text in (one, other)}
    assert len(patterns) == 1


def test_words_do_split_a_group() -> None:
    first, second = (a_task(status=Status.FAILED, error_detail=text) for text in ("h2o and/or co2", "h2 and/or co2"))
    assert reason_pattern(first) == "h2o and/or co2" != reason_pattern(second)


def test_every_failed_state_says_something_short() -> None:
    for status in Status:
        text = reason_text(a_task(status=status))
        assert len(text) <= 40, status
        assert text or status in (
            Status.SUCCESS, Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED, Status.PENDING_KILL
        )  # fmt: skip


def test_equal_failures_are_counted_together_and_one_click_shows_exactly_them() -> None:
    store = TaskStore()
    model = TaskTableModel(store, clock)
    store.apply(a_task(status=Status.FAILED, error_detail=f"Diverged at step {n}") for n in range(5))
    store.apply(a_task(status=Status.EXECUTER_FAILED, error_detail=f"No space on /dev/sd{n}") for n in "ab")
    store.apply([a_task(status=Status.KILLED, error_detail="Diverged at step 9"), a_task(status=Status.FAILED)])
    model.flush()
    groups = [group for group in model.counts() if group.section == FAILURES]
    assert [(group.title, group.size) for group in groups] == [("Diverged at step #", 5), ("No space on …", 2)]
    for group in groups:
        model.set_filter(group.filter_text)
        assert model.rowCount() == group.size
    model.close()


def test_reasons_can_be_filtered_and_sorted() -> None:
    store = TaskStore()
    model = TaskTableModel(store, clock)
    store.apply(a_task(status=Status.FAILED, error_detail=text) for text in ("b 1", "a 2", "b 3", "a 4"))
    model.sort_by([SortKey(Column.REASON)])
    model.flush()
    assert [model.task_at(row).error_detail[0] for row in range(4)] == ["a", "a", "b", "b"]  # type: ignore[index]
    model.set_filter("reason:b")
    assert model.rowCount() == 2
    model.close()


def test_what_a_task_printed_is_its_reason_wherever_the_table_looks_at_one() -> None:
    store = TaskStore()
    model = TaskTableModel(store, clock)
    silent = [a_task(status=Status.FAILED) for _ in range(3)]
    told = a_task(status=Status.FAILED, error_detail="Mesh of 8 cells is folded")
    store.apply([*silent, told, a_task(status=Status.KILLED)])
    model.group_by_reason(True)
    model.flush()
    for number, task in enumerate(silent[:2]):
        model.set_failure_line(task.task_id, f"Mesh of {number} cells is folded")
    model.set_failure_line(told.task_id, "printed, but the service knows better")
    model.flush()
    mesh = "Mesh of # cells is folded"
    [group] = [group for group in model.counts() if group.section == FAILURES]
    assert (group.title, group.size) == (mesh, 3)
    heading = model.heading_at(2)
    assert heading is not None
    assert (heading.reason, heading.size) == (mesh, 3)
    for text in (group.filter_text, "reason:folded", "folded", "reason:/[0-9] cells/"):
        model.set_filter(text)
        assert model.matching() == 3, text
    model.set_filter("")
    model.group_by_reason(False)
    model.sort_by([SortKey(Column.REASON)])
    reasons = [model.cell_texts(row, [Column.REASON])[0] for row in range(model.rowCount())]
    assert reasons[0] == "a command returned an error"
    assert sorted(reasons[1:4]) == [f"Mesh of {number} cells is folded" for number in (0, 1, 8)]
    row = model.row_of(silent[0].task_id)
    assert row is not None
    assert "Mesh of 0 cells" in model.data(model.index(row, Column.REASON), Qt.ItemDataRole.ToolTipRole)
    assert reason_text(model.explained(silent[0])) == "Mesh of 0 cells is folded"

    store.apply([replace(silent[0], num_retries=2)])
    model.set_failure_line(silent[1].task_id, "")
    model.flush()
    model.set_filter("folded")
    assert model.matching() == 2
    model.close()


def test_a_waiting_task_says_how_many_come_before_it_in_its_group() -> None:
    store = TaskStore()
    model = TaskTableModel(store, clock)
    waiting = [
        a_task(
            status=Status.SUBMITTED,
            machine_group_id=group,
            create_time=NOON,
            input_submit_time=NOON + timedelta(seconds=number),
        )
        for group in ("one", "two")
        for number in range(3)
    ]
    store.apply(waiting)
    model.flush()

    def told(number: int) -> str:
        row = model.row_of(waiting[number].task_id)
        assert row is not None
        return model.cell_texts(row, [Column.REASON])[0]

    assert [told(number) for number in range(6)] == ["next in line", "1 ahead", "2 ahead"] * 2
    seen: list[int] = []
    model.dataChanged.connect(lambda first, _last: seen.append(first.column()))
    store.apply([a_task(task_id=waiting[0].task_id, status=Status.STARTED, machine_group_id="one")])
    model.flush()
    assert told(1) == "next in line"
    assert Column.REASON in seen
    store.apply((), [waiting[3].task_id])
    model.flush()
    assert told(4) == "next in line"
    model.close()


def test_a_state_of_the_diagram_shows_exactly_that_state() -> None:
    store = TaskStore()
    model = TaskTableModel(store, clock)
    store.apply(a_task(status=status) for status in Status)
    model.flush()
    for status in Status:
        model.set_filter(f"status:={status}")
        assert [model.task_at(row).status for row in range(model.rowCount())] == [status]
    model.close()


def test_a_task_whose_commands_never_began_says_why_it_has_no_log_and_no_outputs() -> None:
    queued = a_task(status=Status.KILLED, start_time=None, computation_start_time=None)
    assert no_log_sentence(queued) == "There is no log: this task never started. Killed: stopped as asked."
    assert no_outputs_sentence(queued) == "This task never started: it has no outputs."
    broken = a_task(status=Status.EXECUTER_FAILED, computation_start_time=None, error_detail="No disk.\nAt all.")
    assert no_log_sentence(broken).endswith("this task ended before its first command. Runtime Error: No disk.")
    assert no_outputs_sentence(broken) == "", "what its preparation said is stored"


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED, Status.SUCCESS])
def test_other_tasks_have_a_log_or_may_still_get_one(status: Status) -> None:
    assert no_log_sentence(a_task(status=status)) == ""
    assert bool(no_outputs_sentence(a_task(status=status))) == (status is Status.SUBMITTED)

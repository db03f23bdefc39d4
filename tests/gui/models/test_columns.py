"""What each column says about a task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import FACTS, Status
from taskmon.core.task import RESUBMITTED_FROM, OperationStatus, Task, TaskMetrics
from taskmon.core.task_reason import reason_text
from taskmon.gui.models.columns import COLUMNS, Column, Observed, quiet_columns
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.models.task_times import full_time_text, time_text
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_status_entry, a_task, a_task_detail, an_executer, an_operation

MEASURED = TaskMetrics(computation_seconds=3.2, queue_time_seconds=61)


@pytest.fixture(autouse=True)
def lisbon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import time

    monkeypatch.setenv("TZ", "Europe/Lisbon")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def text(column: Column, task: Task, now: datetime = NOON, observed: Observed | None = None) -> str:
    return COLUMNS[column].text(task, now, observed or Observed())


def tooltip(column: Column, task: Task) -> str:
    return COLUMNS[column].tooltip(task, NOON, Observed())


def test_there_is_a_title_for_every_column_and_the_first_choice_leaves_room() -> None:
    looks = [COLUMNS[column].look for column in Column]
    assert len({look.title for look in looks}) == len({look.key for look in looks}) == len(Column)
    assert sum(look.width for look in looks if look.shown) <= 840


@pytest.mark.parametrize("status", list(Status))
def test_a_state_is_told_by_its_official_name_and_its_tooltip_says_what_to_do(status: Status) -> None:
    task = a_task(status=status)
    assert text(Column.STATUS, task) == FACTS[status].alias
    assert FACTS[status].next_step in tooltip(Column.STATUS, task)


def test_ids_are_short_and_whole_in_the_tooltip() -> None:
    task = a_task(task_id="i4ir3kabcdefgh")
    assert text(Column.TASK, task) == "i4ir3k…"
    assert tooltip(Column.TASK, task) == "i4ir3kabcdefgh"
    assert text(Column.TASK, a_task(task_id="i4ir3ka")) == "i4ir3ka"


def test_a_name_is_shown_where_one_was_given_and_the_parent_in_the_tooltip() -> None:
    assert text(Column.NAME, a_task(name="dam")) == "dam"
    child = a_task(task_metadata={"name": "dam", RESUBMITTED_FROM: "parent1"})
    assert tooltip(Column.NAME, child) == "dam\n↻ of parent1"


def a_task_of(*commands: object) -> Task:
    """Without a name, as the official client submits them."""
    return a_task(simulator="openfoam", extra_params={"sim_dir": "input", "commands": list(commands)})


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (a_task_of({"cmd": "blockMesh  -case\nwing", "prompts": []}, {"cmd": "icoFoam"}), "blockMesh -case wing"),
        (a_task_of("blockMesh"), "blockMesh"),
        (a_task_of(), "openfoam"),
        (a_task_of({"cmd": None}), "openfoam"),
        (a_task_of(7), "openfoam"),
        (a_task(simulator="openfoam", extra_params={"commands": "blockMesh"}), "openfoam"),
        (a_task(simulator="openfoam", extra_params=None, task_metadata={"name": ""}), "openfoam"),
    ],
)
def test_without_a_name_the_first_command_or_the_simulator_stands_in_quietly(task: Task, told: str) -> None:
    assert text(Column.NAME, task) == told
    assert quiet_columns(task) == (Column.NAME,)
    assert tooltip(Column.NAME, task) == f"{told}\nThis task was not given a name."
    assert quiet_columns(replace(task, task_metadata={"name": "dam"})) == ()


def test_order_and_filter_go_by_the_name_that_is_shown(app: Any) -> None:
    store = TaskStore()
    store.apply([a_task(name="beta"), a_task_of("alpha -x"), a_task_of("gamma"), a_task(simulator="delta")])
    model = TaskTableModel(store, lambda: NOON)

    def shown() -> list[str]:
        model.flush()
        return [model.cell_texts(row, [Column.NAME])[0] for row in range(model.rowCount())]

    model.sort_by((SortKey(Column.NAME),))
    assert shown() == ["alpha -x", "beta", "delta", "gamma"]
    for wanted, found in {
        "name:alpha": ["alpha -x"],
        "gamma": ["gamma"],
        "-name:a": [],
        'name:="beta"': ["beta"],
    }.items():
        model.set_filter(wanted)
        assert shown() == found, wanted


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (NOON, "13:00:00"),
        (NOON - timedelta(days=1), "1 Jun 13:00"),
        (NOON - timedelta(days=140), "13 Jan 12:00"),
        (NOON - timedelta(days=500), "2024-01-19"),
        (None, ""),
    ],
)
def test_submission_times_are_local_and_as_short_as_they_can_be(moment: datetime | None, told: str) -> None:
    assert time_text(moment, NOON) == told


def test_a_time_in_full_says_the_offset() -> None:
    assert full_time_text(NOON) == "2025-06-02 13:00:00 +0100"


@pytest.mark.parametrize(
    ("fields", "queue", "computed"),
    [
        ({"status": Status.PENDING_INPUT}, "", ""),
        ({"status": Status.SUBMITTED}, "01:39", ""),
        ({"status": Status.STARTED}, "00:01", ""),
        ({"status": Status.COMPUTATION_STARTED}, "00:01", "01:37"),
        ({"status": Status.COMPUTATION_ENDED}, "00:01", "00:01"),
        ({"status": Status.SUCCESS, "metrics": MEASURED}, "01:01", "00:03"),
        ({"status": Status.EXECUTER_TERMINATED, "computation_end_time": None}, "00:01", "00:02"),
        ({"status": Status.ZOMBIE}, "00:04", ""),
    ],
)  # fmt: skip
def test_waiting_and_computing_are_timed_apart_and_go_on_while_they_last(
    fields: dict[str, Any], queue: str, computed: str
) -> None:
    task, now = a_task(**fields), NOON + timedelta(seconds=100)
    assert text(Column.IN_QUEUE, task, now) == queue
    assert text(Column.TIME, task, now) == computed


@pytest.mark.parametrize(
    ("age", "told"), [(0.4, "now"), (4, "4 s ago"), (14, "14 s ago"), (840, "14 min ago"), (11_100, "3 h 05 ago")]
)
def test_the_age_of_the_last_output_is_told(age: float, told: str) -> None:
    task = a_task()
    observed = Observed(last_output={task.task_id: NOON - timedelta(seconds=age)})
    assert text(Column.LAST_OUTPUT, task, NOON, observed) == told


def test_an_ended_task_is_not_silent_but_over() -> None:
    task = a_task(status=Status.SUCCESS)
    assert text(Column.LAST_OUTPUT, task, NOON, Observed(last_output={task.task_id: NOON})) == ""


@pytest.mark.parametrize(("fraction", "told"), [(0.0, "0 %"), (0.999, "99 %"), (1.0, "100 %")])
def test_progress_is_never_rounded_up_to_the_end(fraction: float, told: str) -> None:
    task = a_task()
    assert text(Column.PROGRESS, task, NOON, Observed(progress={task.task_id: fraction})) == told


def test_a_task_that_succeeded_needs_no_progress() -> None:
    task = a_task(status=Status.SUCCESS)
    assert text(Column.PROGRESS, task, NOON, Observed(progress={task.task_id: 0.97})) == ""


def test_cost_is_blank_where_there_is_none() -> None:
    assert text(Column.COST, a_task(estimated_computation_cost=0.0)) == ""
    assert text(Column.COST, a_task(estimated_computation_cost=0.0421)) == "US$ 0.042"


def test_the_reason_is_the_services_own_words_first() -> None:
    assert reason_text(a_task(status=Status.EXECUTER_FAILED, error_detail="\n Disk full \nmore")) == "Disk full"
    told = a_task(status=Status.EXECUTER_FAILED, executer=an_executer(error_detail="Image not found"))
    assert reason_text(told) == "Image not found"


def test_a_failed_command_is_told_by_its_exit_code_where_the_history_is_known() -> None:
    command = an_operation(status=OperationStatus.FAILED, attributes={"command": "simpleFoam", "exit_code": 137})
    history = [a_status_entry(Status.COMPUTATION_STARTED, operations=[command]), a_status_entry(Status.FAILED)]
    assert reason_text(a_task_detail(status=Status.FAILED, status_history=history)) == "Exit code 137"


@pytest.mark.parametrize("status", list(Status))
def test_every_bad_end_has_a_reason_and_a_good_one_none(status: Status) -> None:
    told = reason_text(a_task(status=status))
    explained = FACTS[status].kind.value in ("terminal-failed", "user-stopped") or FACTS[status].terminal
    if status is Status.SUCCESS:
        assert told == ""
    elif explained or status in (Status.SUBMITTED, Status.PENDING_INPUT):
        assert told
    else:
        assert told == ""


def test_a_task_that_queues_again_says_so() -> None:
    assert reason_text(a_task(status=Status.SUBMITTED, num_retries=1)) == "attempt 2, machines busy"


def test_foreign_words_stay_on_their_line_and_in_their_direction() -> None:
    evil = "a\u202egnp.exe\x1b[31m"
    task = a_task(name=evil, simulator=evil, project=evil, machine_group_name=evil, task_id=evil)
    failed = a_task(status=Status.FAILED, error_detail=evil)
    told = [
        COLUMNS[column].text(which, NOON, Observed())
        for which, column in (
            (a_task(name=evil), Column.NAME),
            (task, Column.SIMULATOR),
            (task, Column.PROJECT),
            (task, Column.MACHINE_GROUP),
            (failed, Column.REASON),
        )
    ]
    assert set(told) == {"a\ufffdgnp.exe␛[31m"}
    assert COLUMNS[Column.TASK].text(task, NOON, Observed()) == "a\ufffdgnp.…"

"""What a history tells: stays, attempts, the failed command, and the words on them."""

from __future__ import annotations

import pytest

from taskmon.core.lifecycle import Status, facts
from taskmon.core.task import OperationStatus, QueuePosition
from taskmon.core.task_story import (
    FailedCommand,
    counts_sentence,
    failed_command,
    failure_sentence,
    general_why,
    queue_sentence,
    steps,
    visits,
)
from tests.builders import NOON, a_status_entry, a_task, a_task_detail, an_operation, seconds_after

TRUNK = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED)


def test_each_stay_has_its_length() -> None:
    told = visits(a_task_detail(visited=TRUNK))
    assert [visit.status for visit in told] == list(TRUNK)
    assert [visit.seconds(seconds_after(NOON, 10)) for visit in told] == [1, 1, 1, 7]


def test_a_stay_without_an_end_ends_where_the_next_begins() -> None:
    history = [a_status_entry(Status.PENDING_INPUT), a_status_entry(Status.SUBMITTED, timestamp=seconds_after(NOON, 5))]
    assert visits(a_task_detail(status_history=history))[0].seconds(seconds_after(NOON, 99)) == 5


def test_clocks_that_disagree_make_no_negative_time() -> None:
    told = visits(a_task_detail(visited=TRUNK[:1]))
    assert told[0].seconds(seconds_after(NOON, -60)) == 0


def test_an_attempt_begins_when_an_ended_task_is_queued_again() -> None:
    told = visits(a_task_detail(visited=(*TRUNK, Status.EXECUTER_TERMINATED, *TRUNK[1:])))
    assert [visit.attempt for visit in told] == [1] * 5 + [2] * 3
    assert steps(told)[Status.EXECUTER_TERMINATED, Status.SUBMITTED] == 2
    assert steps(told)[Status.SUBMITTED, Status.STARTED] == 2
    assert steps(told)[Status.PENDING_INPUT, Status.SUBMITTED] == 1


def test_an_end_lasts_no_time() -> None:
    told = visits(a_task_detail(visited=(*TRUNK, Status.EXECUTER_FAILED)))
    assert told[-1].seconds(seconds_after(NOON, 1000)) == 0


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"command": "sh run.sh", "exit_code": 3}, FailedCommand("sh run.sh", 3)),
        ({"command": 7, "exit_code": "three"}, FailedCommand("Run command", None)),
        ({}, FailedCommand("Run command", None)),
    ],
)
def test_the_last_failed_command_is_found(attributes: dict[str, object], expected: FailedCommand) -> None:
    ran = [an_operation(status=OperationStatus.OK), an_operation(status=OperationStatus.FAILED, attributes=attributes)]
    entry = a_status_entry(Status.COMPUTATION_STARTED, operations=ran)
    assert failed_command(a_task_detail(status_history=[entry])) == expected


def test_a_task_without_a_failed_command_has_none() -> None:
    assert failed_command(a_task_detail(visited=TRUNK)) is None


def test_sentences() -> None:
    assert failure_sentence(FailedCommand("blockMesh", 1)) == "Exit code 1 from: blockMesh"
    assert failure_sentence(FailedCommand("blockMesh", None)) == "An error from: blockMesh"
    assert queue_sentence(QueuePosition(tasks_ahead=0)) == "It is next in line."
    assert queue_sentence(QueuePosition(tasks_ahead=3)) == "3 tasks are ahead of it."
    assert counts_sentence({Status.SUCCESS: 9, Status.COMPUTATION_STARTED: 3}) == "12 tasks: 3 In Progress, 9 Success."
    assert counts_sentence({}) == "No tasks."


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXECUTER_FAILED])
def test_a_told_cause_is_not_followed_by_guesses(status: Status) -> None:
    assert general_why(a_task(status=status, error_detail="The program “lmp” is not installed.\nExit code 127")) == ""
    assert general_why(a_task(status=status, error_detail="Exit code 1 from: bash run.sh")) == facts(status).why
    assert general_why(a_task(status=status)) == facts(status).why


def test_a_reason_that_is_no_guess_stays_beside_what_the_service_told() -> None:
    task = a_task(status=Status.TTL_EXCEEDED, error_detail="stopped after 90 s")
    assert general_why(task) == facts(Status.TTL_EXCEEDED).why

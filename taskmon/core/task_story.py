"""What the history of a task tells: its stays in states, its attempts, the command that failed, and words on them.

The window imports this before its first paint, and `core.task` only when there is a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from taskmon.core.task import Operation, QueuePosition, Task, TaskDetail

_EXIT_CODE: Final = "Exit code "


class Visit(NamedTuple):
    """One stay in a state. `end` is None while it lasts; `attempt` counts from 1."""

    status: Status
    start: datetime
    end: datetime | None
    attempt: int
    operations: tuple[Operation, ...] = ()

    def seconds(self, now: datetime) -> float:
        """How long it has lasted; never negative, whatever the two clocks say."""
        return max(0.0, ((self.end or now) - self.start).total_seconds())


class FailedCommand(NamedTuple):
    """The command of a task that went wrong; `exit_code` is None if the runner could not tell."""

    command: str
    exit_code: int | None


def visits(detail: TaskDetail) -> tuple[Visit, ...]:
    """Every stay, oldest first. A new attempt begins where an ended task enters the queue again."""
    history = detail.status_history
    starts = [entry.timestamp for entry in history]
    found: list[Visit] = []
    attempt = 1
    for index, entry in enumerate(history):
        if entry.status is Status.SUBMITTED and found and facts(found[-1].status).terminal:
            attempt += 1
        following = starts[index + 1] if index + 1 < len(history) else None
        found.append(
            Visit(entry.status, entry.timestamp, entry.end_timestamp or following, attempt, tuple(entry.operations))
        )
    if found and facts(found[-1].status).terminal and found[-1].end is None:
        last = found[-1]
        found[-1] = Visit(last.status, last.start, last.start, last.attempt, last.operations)
    return tuple(found)


def steps(told: tuple[Visit, ...]) -> dict[tuple[Status, Status], int]:
    """The pairs of states that the task went through, one directly after the other, with the latest attempt at it."""
    return {(one.status, other.status): other.attempt for one, other in pairwise(told) if one.status != other.status}


def told_error(task: Task) -> str:
    """The service's own words on why a task ended, or else its machine's; empty where neither says anything."""
    return task.error_detail or (task.executer.error_detail if task.executer else None) or ""


def general_why(task: Task) -> str:
    """Why a task comes to its state; empty where that is only a guess and the service told the cause of this one."""
    guessed = task.status in (Status.FAILED, Status.EXECUTER_FAILED)
    told = any(line.strip() and not line.startswith(_EXIT_CODE) for line in told_error(task).splitlines())
    return "" if guessed and told else facts(task.status).why


def failed_command(detail: TaskDetail) -> FailedCommand | None:
    """The last command that did not end with zero, if the service told."""
    from taskmon.core.task import OperationName, OperationStatus

    for entry in reversed(detail.status_history):
        for operation in reversed(entry.operations):
            if operation.name is OperationName.EXEC_COMMAND and operation.status is OperationStatus.FAILED:
                command, code = operation.attributes.get("command"), operation.attributes.get("exit_code")
                return FailedCommand(
                    command if isinstance(command, str) else operation.alias, code if isinstance(code, int) else None
                )
    return None


def _interrupted_command(detail: TaskDetail) -> str:
    """The last command that was begun and did not end with zero; empty if there was none."""
    from taskmon.core.task import OperationName, OperationStatus

    for entry in reversed(detail.status_history):
        for operation in reversed(entry.operations):
            if operation.name is OperationName.EXEC_COMMAND and operation.status is not OperationStatus.OK:
                command = operation.attributes.get("command")
                return command if isinstance(command, str) else operation.alias
    return ""


def command_sentence(detail: TaskDetail) -> str:
    """Which command ended the task, or was running when something else ended it; empty where no command has a part."""
    if detail.status in (Status.FAILED, Status.TTL_EXCEEDED):
        failed = failed_command(detail)
        return failure_sentence(failed) if failed else ""
    interrupted = facts(detail.status).terminal and detail.status is not Status.SUCCESS
    command = _interrupted_command(detail) if interrupted else ""
    return f"It was running: {command}" if command else ""


def failure_sentence(failed: FailedCommand) -> str:
    """`Exit code 1 from: blockMesh -case wing`"""
    how = "An error" if failed.exit_code is None else f"{_EXIT_CODE}{failed.exit_code}"
    return f"{how} from: {failed.command}"


def queue_sentence(position: QueuePosition) -> str:
    """`It is next in line.`, `3 tasks are ahead of it.`"""
    ahead = position.tasks_ahead
    if ahead <= 0:
        return "It is next in line."
    return f"{count_text(ahead, 'task is', 'tasks are')} ahead of it."


def counts_sentence(counts: Mapping[Status, int]) -> str:
    """`12 tasks: 3 In Progress, 9 Success.` in the order of a task's life; states without tasks are left out."""
    order = {status: index for index, status in enumerate(FACTS)}
    some = sorted((pair for pair in counts.items() if pair[1] > 0), key=lambda pair: order.get(pair[0], len(order)))
    total = sum(count for _, count in some)
    parts = ", ".join(f"{count:,} {facts(status).alias}" for status, count in some)
    return f"{count_text(total, 'task')}: {parts}." if some else "No tasks."

"""Why a task waits or ended, in one line: what the service tells, else what the state says."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.core.task_story import told_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskmon.core.task import StatusEntry, Task

_TOLD_BY_THE_STATE: Final = (Kind.TERMINAL_FAILED, Kind.USER_STOPPED)

_SHORT: Final[Mapping[Status, str]] = MappingProxyType(
    {
        Status.PENDING_INPUT: "input files are missing",
        Status.SUBMITTED: "machines busy",
        Status.FAILED: "a command returned an error",
        Status.KILLED: "stopped as asked",
        Status.TTL_EXCEEDED: "its time to live had passed",
        Status.SPOT_INSTANCE_PREEMPTED: "provider took the machine back",
        Status.EXECUTER_TERMINATED: "machine or runner went away",
        Status.EXECUTER_TERMINATED_BY_USER: "machine group terminated",
        Status.EXECUTER_TERMINATED_TTL_EXCEEDED: "machine group's time was up",
        Status.EXECUTER_TERMINATED_CREDITS_EXHAUSTED: "no credits left",
        Status.EXECUTER_FAILED: "something outside the simulator broke",
        Status.ZOMBIE: "machine group ended before it began",
    }
)
"""What is said in a row, where the sentences of the state would not fit; the tooltip tells those."""

_VARIABLE: Final = re.compile(
    r"""(?<![\w.])(?:[A-Za-z]:|~|\.{1,2})?[/\\][\w./\\~+-]+   # a path from a root
      | (?<![\w.])[\w.~-]+(?:[/\\][\w.~+-]+){2,}              # a path of at least three parts
      | \b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b
      | \b0x[0-9a-fA-F]+\b
      | (?:(?<!\w)[-+])?(?<![A-Za-z])\d+(?:[.:,]\d+)*(?:[eE][-+]?\d+)?   # numbers and times""",
    re.VERBOSE,
)
_LONGEST_PATTERN: Final = 200


def _exit_code(task: Task) -> int | None:
    """The code of the last command that did not return zero, where the task's history is known."""
    history: list[StatusEntry] = getattr(task, "status_history", [])  # only a TaskDetail has one
    if not history:
        return None
    from taskmon.core.task import OperationName  # costly, and the first picture needs none of it

    for entry in reversed(history):
        for operation in reversed(entry.operations):
            code = operation.attributes.get("exit_code")
            if operation.name is OperationName.EXEC_COMMAND and isinstance(code, int) and code != 0:
                return code
    return None


def _state(task: Task, short: bool) -> str:
    """What the state itself says about waiting or about an end that nobody wanted."""
    told = facts(task.status)
    if task.status in _SHORT:
        said = _SHORT[task.status] if short else f"{told.what} {told.why}"
    else:
        said = told.what if told.kind in _TOLD_BY_THE_STATE else ""
    waits = task.status in (Status.PENDING_INPUT, Status.SUBMITTED)
    return f"attempt {task.num_retries + 1}, {said}" if waits and task.num_retries else said


def _reason(task: Task, *, short: bool) -> str:
    detail = told_error(task)
    if task.status is Status.SUCCESS:
        return detail
    if detail or task.status is not Status.FAILED:
        return detail or _state(task, short)
    code = _exit_code(task)
    return _state(task, short) if code is None else f"Exit code {code}"


def explained(task: Task, printed: str) -> Task:
    """The task as everybody should see it: one that failed, and of which the service does not tell why, has what it
    `printed` about it for its reason. An empty `printed` changes nothing."""
    if not printed or task.status is not Status.FAILED or told_error(task):
        return task
    from dataclasses import replace  # a list is painted before the first task is changed

    return replace(task, error_detail=printed)


def whole_reason(task: Task) -> str:
    """Everything that is known about why the task waits or ended; empty where there is nothing to explain."""
    return _reason(task, short=False)


def reason_text(task: Task) -> str:
    """The first line of the reason; empty where there is nothing to explain."""
    reason = _reason(task, short=True)
    return next((line.strip() for line in reason.splitlines() if line.strip()), "") if "\n" in reason else reason


def no_log_sentence(task: Task) -> str:
    """Why a task that has ended has no log: its commands never began. Empty for any other."""
    if not task.is_terminated or task.computation_start_time is not None:
        return ""
    how = "never started" if task.start_time is None else "ended before its first command"
    reason = reason_text(task).rstrip(".")
    return f"There is no log: this task {how}. {facts(task.status).alias}{f': {reason}' if reason else ''}."


def no_outputs_sentence(task: Task) -> str:
    """Why a task has nothing to download: no machine has taken it. Empty for any other."""
    if task.start_time is not None:
        return ""
    return "This task never started: it has no outputs." if task.is_terminated else "This task has not started yet."


def reason_tooltip(task: Task) -> str:
    """The whole reason and what to do about it."""
    reason = whole_reason(task)
    return f"{reason}\n{facts(task.status).next_step}" if reason else ""


def reason_pattern(task: Task) -> str:
    """The reason without what differs from run to run: numbers become `#`, paths `…`. Equal failures are equal here."""
    return pattern_of(reason_text(task))


def pattern_of(reason: str) -> str:
    """`reason_pattern` of what `reason_text` says."""
    return _pattern(reason) if reason else ""


@lru_cache(maxsize=4096)
def _pattern(reason: str) -> str:
    return " ".join(_VARIABLE.sub(_placeholder, reason).split())[:_LONGEST_PATTERN]


def _placeholder(found: re.Match[str]) -> str:
    return "…" if "/" in found.group() or "\\" in found.group() else "#"

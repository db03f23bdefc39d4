"""Why a task waits or ended, in one line: what the service tells, else what the state says."""

from __future__ import annotations

from typing import Final

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.core.task import OperationName, Task, TaskDetail

_TOLD_BY_THE_STATE: Final = (Kind.TERMINAL_FAILED, Kind.USER_STOPPED)


def _exit_code(task: Task) -> int | None:
    """The code of the last command that did not return zero, where the task's history is known."""
    if not isinstance(task, TaskDetail):
        return None
    for entry in reversed(task.status_history):
        for operation in reversed(entry.operations):
            code = operation.attributes.get("exit_code")
            if operation.name is OperationName.EXEC_COMMAND and isinstance(code, int) and code != 0:
                return code
    return None


def _detail(task: Task) -> str:
    return task.error_detail or (task.executer.error_detail if task.executer is not None else None) or ""


def _waiting(task: Task) -> str:
    told = facts(task.status)
    words = told.why if task.status is Status.SUBMITTED else told.what
    return f"Attempt {task.num_retries + 1}. {words}" if task.num_retries else words


def _full_reason(task: Task) -> str:
    detail = _detail(task)
    if task.status is Status.SUCCESS:
        return detail
    if task.status in (Status.PENDING_INPUT, Status.SUBMITTED):
        return detail or _waiting(task)
    code = _exit_code(task)
    if code is not None and task.status is Status.FAILED:
        return f"Exit code {code}. {detail}".strip()
    if detail:
        return detail
    told = facts(task.status)
    return told.what if told.kind in _TOLD_BY_THE_STATE else ""


def reason_text(task: Task) -> str:
    """The first line of the reason; empty where there is nothing to explain."""
    return next((line.strip() for line in _full_reason(task).splitlines() if line.strip()), "")


def reason_tooltip(task: Task) -> str:
    """The whole reason and what to do about it."""
    reason = _full_reason(task)
    return f"{reason}\n{facts(task.status).next_step}" if reason else ""

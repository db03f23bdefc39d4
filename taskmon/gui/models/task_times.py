"""How long a task has waited and computed, and moments as a person reads them: local time, short when recent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from taskmon.core.lifecycle import Status
from taskmon.core.units import day_text

if TYPE_CHECKING:
    from taskmon.core.task import Task

_RECENT_DAYS: Final = 300


def queue_seconds(task: Task, now: datetime) -> float | None:
    """Seconds between the last input and the machine that took the task; still growing while it waits."""
    if task.metrics is not None and task.metrics.queue_time_seconds is not None:
        return task.metrics.queue_time_seconds
    since = task.input_submit_time
    if since is None:
        return None
    until = now if task.status is Status.SUBMITTED else task.start_time or task.end_time
    return None if until is None else max(0.0, (until - since).total_seconds())


def computation_seconds(task: Task, now: datetime) -> float | None:
    """Seconds that the simulator has run; still growing while it runs."""
    since = task.computation_start_time
    if since is not None and task.computation_end_time is None and not task.is_terminated:
        return max(0.0, (now - since).total_seconds())
    if task.metrics is not None and task.metrics.computation_seconds is not None:
        return task.metrics.computation_seconds
    until = task.computation_end_time or task.end_time
    return None if since is None or until is None else max(0.0, (until - since).total_seconds())


def time_text(moment: datetime | None, now: datetime) -> str:
    """`14:03:27` today, `3 Nov 14:03` within the last months, `2024-11-03` before; empty for None."""
    if moment is None:
        return ""
    local, today = moment.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    if abs((today - local).days) < _RECENT_DAYS:
        return f"{day_text(local)} {local.hour:02d}:{local.minute:02d}"
    return f"{local:%Y-%m-%d}"


def full_time_text(moment: datetime | None) -> str:
    """Date, time and offset in local time; empty for None."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}"

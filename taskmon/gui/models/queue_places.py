"""How many tasks wait before each other one, machine group by machine group, from what the list itself tells."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from taskmon.core.lifecycle import Status

if TYPE_CHECKING:
    from datetime import datetime

    from taskmon.core.task import Task

_Place = tuple["datetime", str]


class QueuePlaces:
    """The waiting tasks of every machine group in the order in which their inputs arrived."""

    def __init__(self) -> None:
        self._queues: dict[str, list[_Place]] = {}
        self._place_of: dict[str, tuple[str, _Place]] = {}
        self._moved = False

    def take(self, task: Task) -> None:
        """Notes the task as it is now: in a queue, or no longer."""
        wanted = _place(task)
        if self._place_of.get(task.task_id) == wanted:
            return
        self.forget(task.task_id)
        if wanted is not None:
            group, place = wanted
            insort(self._queues.setdefault(group, []), place)
            self._place_of[task.task_id] = wanted
            self._moved = True

    def forget(self, task_id: str) -> None:
        """The task waits no more."""
        known = self._place_of.pop(task_id, None)
        if known is not None:
            group, place = known
            queue = self._queues[group]
            del queue[bisect_left(queue, place)]
            self._moved = True

    def ahead_of(self, task: Task) -> int | None:
        """How many tasks of its machine group come before it; None if it does not wait or nothing is known."""
        known = self._place_of.get(task.task_id)
        return None if known is None else bisect_left(self._queues[known[0]], known[1])

    def settle(self) -> bool:
        """Whether any place has changed since the last time."""
        moved, self._moved = self._moved, False
        return moved


def _place(task: Task) -> tuple[str, _Place] | None:
    if task.status is not Status.SUBMITTED or task.input_submit_time is None or not task.machine_group_id:
        return None
    return task.machine_group_id, (task.input_submit_time, task.task_id)


def waiting_text(task: Task, queue: QueuePlaces) -> str:
    """The place in the queue in words, `next in line` or `3 ahead`; empty for a task that has none."""
    ahead = queue.ahead_of(task)
    if ahead is None:
        return ""
    place = f"{ahead:,} ahead" if ahead else "next in line"
    return f"attempt {task.num_retries + 1}, {place}" if task.num_retries else place

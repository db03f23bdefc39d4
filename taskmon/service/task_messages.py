"""What a runner is told while it works on a task: to kill it, to look out for something, or that it is done with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import orjson

from taskmon.core.lifecycle import Status
from taskmon.core.runner_protocol import DONE_MESSAGE, KILL_MESSAGE

if TYPE_CHECKING:
    from taskmon.service.bell import Bell
    from taskmon.service.notice_repository import NoticeRepository
    from taskmon.service.task_repository import TaskRepository

KILL_AGAIN_S: Final = 15.0
"""After this many seconds a kill that has had no effect is said again: the first answer may have been lost."""


class TaskMessages:
    """Messages follow from the task's state, so a restarted service says what the one before could not."""

    def __init__(self, tasks: TaskRepository, notices: NoticeRepository, bell: Bell) -> None:
        self._tasks = tasks
        self._notices = notices
        self._bell = bell
        self._killed_at: dict[str, float] = {}
        self._unblocked: set[tuple[str, str]] = set()
        self._asked: dict[tuple[str, str], set[str]] = {}

    def next(self, machine: str, task_id: str) -> str | None:
        """The next message for `machine` about the task; `done` for a task that is not, or no longer, its own."""
        status = self._tasks.status_with(task_id, machine)
        if status is None:
            self._killed_at.pop(task_id, None)
            self._asked.pop((machine, task_id), None)
            self._unblocked.discard((machine, task_id))
            return DONE_MESSAGE
        if (machine, task_id) in self._unblocked:
            self._unblocked.discard((machine, task_id))
            return DONE_MESSAGE
        if status is Status.PENDING_KILL:
            now = time.monotonic()
            if now - self._killed_at.get(task_id, -KILL_AGAIN_S) >= KILL_AGAIN_S:
                self._killed_at[task_id] = now
                return KILL_MESSAGE
        return self._next_observer(machine, task_id)

    def _next_observer(self, machine: str, task_id: str) -> str | None:
        """Something to look out for of which the machine has not been told, as JSON text."""
        for observer in self._notices.observers(task_id):
            asked = self._asked.setdefault((machine, task_id), set())
            if observer.observer_id not in asked:
                asked.add(observer.observer_id)
                return orjson.dumps(observer).decode()
        return None

    def unblock(self, machine: str, task_id: str) -> None:
        """The runner is finished with the task: its next reading gets `done`."""
        task = self._tasks.find(task_id)
        if task is not None and not task.is_terminated:
            self._unblocked.add((machine, task_id))
        self._bell.ring()

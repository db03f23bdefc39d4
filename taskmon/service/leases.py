"""Tasks that are bound to a window or a script: they are killed once whoever holds them has fallen silent."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.service.database import Database
    from taskmon.service.scheduler import Scheduler
    from taskmon.service.task_repository import TaskRepository

_KEY: Final = "leases"
SILENT: Final = "The window or script that the task was bound to has gone."

_log = logging.getLogger(__name__)


class Leases:
    """Who is bound, and until when. That a task is bound is kept in the database; the deadline only here.

    A service that starts, or that was asleep, cannot know who fell silent meanwhile: everybody gets the time anew.
    """

    def __init__(
        self,
        database: Database,
        tasks: TaskRepository,
        scheduler: Scheduler,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._scheduler = scheduler
        self._monotonic = monotonic
        self._seconds: dict[str, float] = json.loads(database.remembered(_KEY) or "{}")
        self._until: dict[str, float] = {}
        self.renew_all()

    def hold(self, task_id: str, seconds: float) -> bool:
        """Bind the task for `seconds` from now, or longer if this is repeated; False if it has ended.

        Raises NotFoundError for a task that does not exist.
        """
        if self._tasks.task(task_id).is_terminated:
            self.release(task_id)
            return False
        self._until[task_id] = self._monotonic() + seconds
        if self._seconds.get(task_id) != seconds:
            self._seconds[task_id] = seconds
            self._keep()
        return True

    def release(self, task_id: str) -> None:
        """The task lives on by itself. Releasing what is not bound is no error."""
        self._until.pop(task_id, None)
        if self._seconds.pop(task_id, None) is not None:
            self._keep()

    def renew_all(self) -> None:
        """Begin every lease anew."""
        now = self._monotonic()
        self._until = {task_id: now + seconds for task_id, seconds in self._seconds.items()}

    def tick(self) -> None:
        """Kill the tasks of those who have fallen silent."""
        now = self._monotonic()
        for task_id in [task_id for task_id, until in self._until.items() if until <= now]:
            if not self._tasks.task(task_id).is_terminated:
                _log.info("Task %s is killed: nobody holds it any more", task_id)
                self._scheduler.kill(task_id, SILENT)
            self.release(task_id)

    def _keep(self) -> None:
        with self._database.transaction():
            if self._seconds:
                self._database.remember(_KEY, json.dumps(self._seconds))
            else:
                self._database.forget(_KEY)

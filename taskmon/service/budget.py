"""A budget of machine hours for this computer's service: when it is used up, machines stop and the queue waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskmon.core.lifecycle import Cause

if TYPE_CHECKING:
    from taskmon.service.database import Database
    from taskmon.service.group_repository import GroupRepository
    from taskmon.service.scheduler import Scheduler
    from taskmon.service.task_repository import TaskRepository

_KEY: Final = "machine_seconds_used"
_HOUR_S: Final = 3600.0


class Budget:
    """Counts the time that machines are busy with tasks, also across restarts. `hours` None: there is no limit.

    A service started again with more hours than were used goes on with the queue.
    """

    def __init__(
        self,
        database: Database,
        tasks: TaskRepository,
        groups: GroupRepository,
        scheduler: Scheduler,
        *,
        hours: float | None,
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._groups = groups
        self._scheduler = scheduler
        self._hours = hours

    @property
    def used_hours(self) -> float:
        """Machine hours used so far."""
        return float(self._database.remembered(_KEY) or 0.0) / _HOUR_S

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left."""
        return self._hours is not None and self.used_hours >= self._hours

    def tick(self, elapsed_s: float) -> None:
        """Count the last `elapsed_s` seconds, and stop every machine once the budget is used up."""
        if self._hours is None:
            return
        busy = self._tasks.count_on_machines()
        if busy:
            used = self.used_hours * _HOUR_S + busy * elapsed_s
            with self._database.transaction():
                self._database.remember(_KEY, repr(used))
        if self.exhausted:
            detail = f"The budget of {self._hours:g} machine hours is used up."
            for group in self._groups.living():
                self._scheduler.pause_group(group.id, Cause.CREDITS_EXHAUSTED, detail)

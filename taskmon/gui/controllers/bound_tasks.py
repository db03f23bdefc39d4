"""Tasks that end with this window: killed when it closes, and by the service itself when it dies without a word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import TaskmonError
from taskmon.core.lifecycle import can_kill

if TYPE_CHECKING:
    from taskmon.core.task import Task
    from taskmon.gui.controllers.surroundings import Surroundings

_PATIENCE_S: Final = 5.0


class BoundTasksController:
    """Keeps the leases of the bound tasks for as long as the window lives and stays with their service."""

    def __init__(self, around: Surroundings) -> None:
        self._background, self._connection, self._store, self._messages, _ = around
        self._ids: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    @property
    def living(self) -> list[Task]:
        """The bound tasks that have not ended."""
        tasks = (self._store.get(task_id) for task_id in self._ids)
        return [task for task in tasks if task is not None and can_kill(task.status)]

    async def bind(self, task_id: str) -> None:
        """The task ends with the window from now on."""
        from taskmon.client.lease import hold

        self._ids.add(task_id)
        await hold(self._connection.client, task_id)
        if self._renewing is None or self._renewing.done():
            self._renewing = self._background.start(self._renew(), "leases")

    async def stop_all(self) -> None:
        """Kills what still lives; a service that does not answer is not waited for."""
        await asyncio.gather(*map(self._stop, self.living))
        self._ids.clear()

    async def _stop(self, task: Task) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._connection.client.kill(task.task_id)
        except (TaskmonError, TimeoutError) as error:
            self._messages.tell_problem(TaskmonError(f"{task.name} could not be stopped: {error}"))

    async def _renew(self) -> None:
        from taskmon.client.lease import RENEW_S, hold

        while self._ids:
            await asyncio.sleep(RENEW_S)
            for task_id in list(self._ids):
                try:
                    lives = await hold(self._connection.client, task_id)
                except TaskmonError:  # between two services: the next round finds the new one
                    continue
                if not lives:
                    self._ids.discard(task_id)

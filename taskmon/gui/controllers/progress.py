"""How far the running tasks are: reads the ends of their logs now and then and tells the table."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import Status
from taskmon.core.log_signals import LogPatterns
from taskmon.core.storage import STDOUT_FILE
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.task_store import TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.models.task_table_model import TaskTableModel

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 2.0
TAIL_BYTES: Final = 8192
MOST_TASKS: Final = 16
"""Running tasks looked at per round; with more of them each waits its turn."""


class ProgressController:
    """Feeds the columns Progress and Last output of the tasks that run now."""

    def __init__(
        self,
        connection: ConnectionController,
        store: TaskStore,
        model: TaskTableModel,
        clock: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._store = store
        self._model = model
        self._clock = clock
        self._running: dict[str, None] = {}
        self._sizes: dict[str, int] = {}
        store.subscribe(lambda change: self._note((*change.added, *change.updated), change.removed))

    async def watch_forever(self) -> None:
        """The loop; a service that cannot be asked is asked again later."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            for task_id in list(self._running)[:MOST_TASKS]:
                task = self._store.get(task_id)
                if task is None:
                    continue
                self._running[task_id] = self._running.pop(task_id)  # to the end: each has its turn
                try:
                    await self._look(task)
                except TaskmonError as error:
                    logger.debug("no progress of %s: %s", task_id, error)

    def _note(self, changed: tuple[str, ...], removed: tuple[str, ...]) -> None:
        for task_id in changed:
            task = self._store.get(task_id)
            if task is not None and task.status is Status.COMPUTATION_STARTED:
                self._running[task_id] = None
            elif self._running.pop(task_id, 0) is None or task_id in self._sizes:
                self._forget(task_id)
        for task_id in removed:
            self._running.pop(task_id, None)
            self._forget(task_id)

    def _forget(self, task_id: str) -> None:
        self._sizes.pop(task_id, None)
        self._model.set_progress(task_id, None)

    async def _look(self, task: Task) -> None:
        from taskmon.client.live_files import read_tail

        client = self._connection.client
        if not await client.offers(Extension.TASK_FILES):
            return  # the ends of logs cannot be had for a glance there
        size, tail = await read_tail(client, task.task_id, STDOUT_FILE, TAIL_BYTES)
        if size == self._sizes.get(task.task_id):
            return
        self._sizes[task.task_id] = size
        self._model.set_last_output(task.task_id, self._clock())
        lines = tail.decode("utf-8", "replace").splitlines()
        fraction = log_patterns_of(task).progress(lines)
        if fraction is not None:
            self._model.set_progress(task.task_id, fraction)


def log_patterns_of(task: Task) -> LogPatterns:
    """What the log of `task` says, by the catalogue entry of its simulator; the default patterns for others."""
    entry = next((entry for entry in simulator_catalogue() if entry.key == task.simulator), None)
    return LogPatterns(entry.log_patterns if entry else ())

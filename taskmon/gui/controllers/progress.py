"""How far the running tasks are and whether they have fallen silent: looks at their outputs and tells the table."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from taskmon.client.retrying import Retries
from taskmon.core.errors import TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import Status
from taskmon.core.log_signals import LogPatterns
from taskmon.core.log_silence import OutputRhythm
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from taskmon.client.api import ServiceClient
    from taskmon.client.output_looks import OutputLook
    from taskmon.client.task_store import TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.models.task_table_model import TaskTableModel

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 2.0
HIDDEN_INTERVAL_S: Final = 60.0
"""Between rounds of questions to a service elsewhere while nobody sees the window."""
LONGEST_REST_S: Final = 60.0
MOST_ASKED: Final = 16
"""Running tasks elsewhere that are asked for per round; with more of them each waits its turn."""

MOST_TOLD: Final = 200
"""Tasks whose news are told to the table before the window may turn to something else."""

_FOLDER_ROUNDS: Final = 15
"""Rounds after which the data folder is asked for again: a service may have been exchanged."""


class ProgressController:
    """Feeds the columns Progress, Last output and Reason (an unusual silence) of the tasks that run now."""

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
        self._running = {  # some may be listed already
            task_id: OutputRhythm()
            for task_id, task in store.tasks.items()
            if task.status is Status.COMPUTATION_STARTED
        }
        self._sizes: dict[str, int] = {}
        self._silent: dict[str, str] = {}
        self._own: tuple[ServiceClient | None, Path | None] = (None, None)
        self._rounds = 0
        self._silence_listeners: list[Callable[[str, str], None]] = []
        store.subscribe(lambda change: self._note((*change.added, *change.updated), change.removed))

    async def watch_forever(self) -> None:
        """The loop; a service that cannot be asked is asked again later."""
        retries = Retries((INTERVAL_S, LONGEST_REST_S))
        while True:
            near = self._own[1] is not None
            await asyncio.sleep(INTERVAL_S if near or self._connection.is_visible else HIDDEN_INTERVAL_S)
            await retries.rest()
            if not self._running:
                continue
            try:
                looked = await self._look_round()
            except TaskmonError as error:
                logger.debug("no news of the outputs: %s", error)
                retries.failed(error)
                continue
            retries.succeeded()
            if looked:
                await self._tell_silences()

    def silence_of(self, task_id: str) -> str:
        """That a task is unusually silent, in words; empty if it is not, or not known to be."""
        return self._silent.get(task_id, "")

    def on_silence(self, listener: Callable[[str, str], None]) -> None:
        """`listener` hears the id of a task and the words about its silence; no words: it is silent no more."""
        self._silence_listeners.append(listener)

    def _note(self, changed: tuple[str, ...], removed: tuple[str, ...]) -> None:
        for task_id in changed:
            task = self._store.get(task_id)
            if task is not None and task.status is Status.COMPUTATION_STARTED:
                self._running.setdefault(task_id, OutputRhythm())
            else:
                self._forget(task_id)
        for task_id in removed:
            self._forget(task_id)

    def _forget(self, task_id: str) -> None:
        """The task does not run any more. Tasks of which nothing was known cost nothing here."""
        self._running.pop(task_id, None)
        if self._silent.pop(task_id, ""):
            self._tell_silence(task_id, "")
        if self._sizes.pop(task_id, None) is not None:
            self._model.set_progress(task_id, None)

    # -- looking --------------------------------------------------------------------------------------------------

    async def _look_round(self) -> bool:
        """False if nobody knows what is written now: what comes from a silent service is not what it is. Elsewhere
        without extensions the ends of logs cannot be had for a glance."""
        client = self._connection.client
        folder = await self._own_folder(client)
        if folder is not None:
            await self._look_at_files(folder)
        elif not self._connection.is_answering:
            return False
        elif await client.offers(Extension.TASK_FILES):
            await self._ask(client)
        return True

    async def _own_folder(self, client: ServiceClient) -> Path | None:
        from taskmon.client.log_follower import own_data_folder

        known, folder = self._own
        due = self._rounds % _FOLDER_ROUNDS == 0 and self._connection.is_answering
        if known is not client or due:
            folder = await own_data_folder(client)
            self._own = (client, folder)
        self._rounds += 1
        return folder

    async def _look_at_files(self, folder: Path) -> None:
        from taskmon.client.output_looks import look_at_own_files

        running, sizes = list(self._running), dict(self._sizes)
        looks = iter(await asyncio.to_thread(lambda: list(look_at_own_files(folder, running, sizes))))
        while some := list(islice(looks, MOST_TOLD)):
            for look in some:
                self._take(look)
            await asyncio.sleep(0)

    async def _ask(self, client: ServiceClient) -> None:
        from taskmon.client.output_looks import ask_for_output

        for task_id in list(self._running)[:MOST_ASKED]:
            rhythm = self._running.pop(task_id, None)
            if rhythm is None:
                continue  # it has ended meanwhile
            self._running[task_id] = rhythm  # to the end: each has its turn
            self._take(await ask_for_output(client, task_id))

    def _take(self, look: OutputLook) -> None:
        task, rhythm = self._store.get(look.task_id), self._running.get(look.task_id)
        if task is None or rhythm is None:
            return
        now = self._clock()
        at = min(look.at if look.at is not None else now.timestamp(), now.timestamp())
        rhythm.note(look.size, at)
        if look.size == self._sizes.get(look.task_id):
            return
        self._sizes[look.task_id] = look.size
        self._model.set_last_output(look.task_id, datetime.fromtimestamp(at, UTC))
        fraction = log_patterns_of(task).progress(look.tail.decode("utf-8", "replace").splitlines())
        if fraction is not None:
            self._model.set_progress(look.task_id, fraction)

    # -- silence --------------------------------------------------------------------------------------------------

    async def _tell_silences(self) -> None:
        """Tells the table which tasks are unusually silent; only where the words have changed."""
        now = self._clock().timestamp()
        rhythms = iter(list(self._running.items()))
        while some := list(islice(rhythms, MOST_TOLD)):
            for task_id, rhythm in some:
                silence = rhythm.silence(now)
                words = silence.text if silence is not None else ""
                if words != self._silent.get(task_id, "") and task_id in self._running:
                    self._silent[task_id] = words
                    self._tell_silence(task_id, words)
            await asyncio.sleep(0)

    def _tell_silence(self, task_id: str, words: str) -> None:
        self._model.set_silence(task_id, words)
        for listener in self._silence_listeners:
            listener(task_id, words)


def log_patterns_of(task: Task) -> LogPatterns:
    """What the log of `task` says, by the catalogue entry of its simulator; the default patterns for others."""
    entry = next((entry for entry in simulator_catalogue() if entry.key == task.simulator), None)
    return LogPatterns(entry.log_patterns if entry else ())

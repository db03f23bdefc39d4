"""One file of a task as a log on disk: the task's own file where it lies on this computer, else a copy that grows.

While a task of this computer's service runs, its file is read where it is written: nothing is copied, a log of
gigabytes opens at its end at once, and a stopped service holds up nothing. The open descriptor outlives the move of
the outputs into their archive. Everything else (another computer, a task that has ended) is followed over HTTP into a
spool in our cache, which is resumed by its size.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.client.live_files import follow_file
from taskmon.client.live_lines import GapLine
from taskmon.client.log_spool import WORKER_STEP, LogSpool, SpoolState
from taskmon.client.retrying import PASSING, retry_pause
from taskmon.client.spool_lock import SpoolLock, companion
from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.storage import OUTPUT_FOLDER

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient
    from taskmon.core.task import Task

_log = logging.getLogger(__name__)
_LOOK_S: Final = 0.05
_ASK_S: Final = 1.0
_RETRY_S: Final = (1.0, 10.0)
_HANDSHAKE: Final = "service.json"
_LONGEST_NAME: Final = 200
"""Bytes; file systems take 255, and the files beside a copy have longer names."""

Sleep = Callable[[float], Awaitable[None]]


async def own_data_folder(client: ServiceClient) -> Path | None:
    """The data folder of the service if it is this user's, on this computer; None for every other service.

    The folder must name this very service: a service behind a tunnel may have a folder of the same name elsewhere.
    """
    offered = await client.capabilities()
    if offered is None or offered.data_dir is None:
        return None
    folder = Path(offered.data_dir)
    try:
        if folder.stat().st_uid != os.getuid():
            return None
        address = json.loads((folder / _HANDSHAKE).read_text(encoding="utf-8")).get("url", "")
    except (OSError, ValueError, AttributeError):
        return None
    return folder if str(address).rstrip("/") == client.url.rstrip("/") else None


def _copy_name(path: str) -> str:
    """The name of the copy of a task's file. None begins with a dot: so do the files beside copies."""
    name = path.replace("%", "%25").replace("/", "%2F")
    if name.startswith("."):
        name = f"%2E{name[1:]}"
    return name if len(name.encode()) <= _LONGEST_NAME else sha256(path.encode()).hexdigest()


class LogFollower:
    """Follows one file of one task. `spool` is what there is to read; it stays readable when following has ended.

    `copies` is the folder for spools of our own. The follower owns the spool: close it with `close`.
    """

    def __init__(
        self, client: ServiceClient, task: Task, path: str, copies: Path, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._client = client
        self._task = task
        self._path = path
        self._sleep = sleep
        self._copy = copies / task.task_id / str(task.num_retries) / _copy_name(path)
        self._by_lines = companion(self._copy, "lines")
        """Beside a copy that is not the file byte for byte, so that its size does not tell where to go on."""
        with suppress(OSError):
            os.utime(self._copy)  # it is used: what nobody reads for long is thrown away
        self.spool = LogSpool(self._copy, ours=True)

    def close(self) -> None:
        """Lets go of the file."""
        self.spool.close()

    async def states(self) -> AsyncGenerator[SpoolState]:
        """A state for each growth, once more when it is known to be whole; ends when the task has and all was told.

        `spool` is settled by the first state, which comes at once. Raises NotFoundError if the ended task left no such
        file.
        """
        folder = None if self._task.is_terminated else await self._own_folder()
        if folder is not None:
            live = folder.joinpath("work", self._task.task_id, "output", OUTPUT_FOLDER, *self._path.split("/"))
            self._read_from(live)
            async with aclosing(self._read_own()) as states:
                async for state in states:
                    yield state
            if self.spool.size:
                return
            self._read_from(self._copy, ours=True)
        lock = SpoolLock(self._copy)
        try:
            if lock.claim():
                self._drop_lines()
            yield self.spool.refresh()
            async with aclosing(self._watch_other_writer(lock)) as states:
                async for state in states:
                    yield state
            if self._drop_lines():
                yield self.spool.refresh()
            async with aclosing(self._copied()) as states:
                async for state in states:
                    yield state
        finally:
            lock.release()

    async def _own_folder(self) -> Path | None:
        """As `own_data_folder`, asked again until the service answers."""
        failures = 0
        while True:
            try:
                return await own_data_folder(self._client)
            except PASSING as error:
                _log.debug("where the task's files are cannot be asked for: %s", error)
                failures += 1
                await self._sleep(retry_pause(failures, error, _RETRY_S))

    async def _copied(self) -> AsyncGenerator[SpoolState]:
        """Follows the file into our copy."""
        by_lines = not self._task.is_terminated and not await self._client.offers(Extension.TASK_FILES)
        size, sleep = self.spool.size, self._sleep
        async with aclosing(follow_file(self._client, self._task.task_id, self._path, size, sleep=sleep)) as chunks:
            async for chunk in chunks:
                if by_lines or isinstance(chunk, GapLine):
                    self._by_lines.touch(0o600)
                self.spool.append(chunk)
                yield self.spool.refresh()

    def _drop_lines(self) -> bool:
        """Empties a copy that came by lines or has gaps: the stored file, or the machine, has more than it."""
        if not self._by_lines.exists():
            return False
        with suppress(FileNotFoundError):
            os.truncate(self._copy, 0)
        self._by_lines.unlink(missing_ok=True)
        self.spool.refresh()
        return True

    async def _watch_other_writer(self, lock: SpoolLock) -> AsyncGenerator[SpoolState]:
        """While another follower fills our copy it is only looked at; the lock is ours afterwards."""
        seen = self.spool.size
        while not lock.claim():
            await self._sleep(_LOOK_S)
            state = self.spool.refresh()
            if state.size != seen or state.replaced:
                seen = state.size
                yield state
        self.spool.refresh()

    def _read_from(self, path: Path, *, ours: bool = False) -> None:
        self.spool.close()
        self.spool = LogSpool(path, ours=ours)

    async def _read_own(self) -> AsyncGenerator[SpoolState]:
        """The task's own file, until the task has ended. What was written before the end is there when it is known."""
        asking = asyncio.create_task(self._wait_for_end(), name="end of the task")
        seen = -1
        try:
            while True:
                ended = asking.done()
                state = self.spool.refresh()
                while not state.complete:
                    if state.size != seen or state.replaced:
                        seen = state.size
                        yield state
                    state = await asyncio.to_thread(self.spool.refresh, WORKER_STEP)
                    seen = -1
                if state.size != seen or state.replaced:
                    seen = state.size
                    yield state
                if ended:
                    asking.result()
                    return
                await self._sleep(_LOOK_S)
        finally:
            asking.cancel()

    async def _wait_for_end(self) -> None:
        """Returns once the task has ended; a service that does not answer is asked again: the file grows without it."""
        failures = 0
        while True:
            pause = _ASK_S
            try:
                if (await self._client.task_status(self._task.task_id)).is_terminated:
                    return
                failures = 0
            except NotFoundError:
                raise
            except TaskmonError as error:
                _log.debug("the end of %s cannot be asked for: %s", self._task.task_id, error)
                failures += 1
                pause = retry_pause(failures, error, _RETRY_S)
            await self._sleep(pause)

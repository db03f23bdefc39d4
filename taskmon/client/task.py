"""A handle on one task: ask, wait, stay with it, kill it, fetch what it made."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.client.download import download_file, download_outputs
from taskmon.client.lease import HeldTask
from taskmon.client.retrying import PASSING, retry_pause
from taskmon.client.transfer import OnProgress
from taskmon.core.errors import BusyError, ConnectionFailedError, ServiceFailedError, TaskmonError
from taskmon.core.lifecycle import Status
from taskmon.core.task import TaskDetail, TaskStatus

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_log = logging.getLogger(__name__)
_LOOK_S: Final = (0.25, 2.0)
_RETRY_S: Final = 10.0
_KILL_S: Final = 20.0
_ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

Sleep = Callable[[float], Awaitable[None]]


class TaskHandle:
    """One task of one service. Holds nothing but the id, so two handles with the same id are the same task, also in
    a later session."""

    def __init__(self, client: ServiceClient, task_id: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self.id = task_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskHandle):
            return NotImplemented
        return (self._client.url, self.id) == (other._client.url, other.id)

    def __hash__(self) -> int:
        return hash((self._client.url, self.id))

    def __repr__(self) -> str:
        return f"TaskHandle({self._client.url!r}, {self.id!r})"

    async def status(self) -> TaskStatus:
        """The present state and the place in the queue."""
        return await self._client.task_status(self.id)

    async def detail(self) -> TaskDetail:
        """Everything the service tells about the task."""
        return await self._client.task(self.id)

    async def kill(self) -> TaskStatus:
        """Ask for a kill; the answer is the state right after. A task that has ended stays as it is."""
        return await self._client.kill(self.id)

    async def wait(self, on_status: Callable[[TaskDetail], None] | None = None) -> TaskDetail:
        """Return when the task has ended. Interrupting or cancelling this leaves the task running.

        `on_status` hears of the present state and of every later one that was seen. Interruptions of the service are
        waited through. Raises NotFoundError, NotAuthorizedError.
        """
        last: Status | None = None
        pause, failures = _LOOK_S[0], 0
        while True:
            try:
                present = await self._client.task_status(self.id)
                detail = await self.detail() if present.status != last or present.is_terminated else None
                failures = 0
            except PASSING as error:
                failures += 1
                _log.info("no news of %s: %s", self.id, error)
                await self._sleep(retry_pause(failures, error, (2 * pause, _RETRY_S)))
                continue
            if detail is not None and detail.status != last:
                last, pause = detail.status, _LOOK_S[0]
                if on_status is not None:
                    on_status(detail)
            if detail is not None and detail.is_terminated:
                return detail
            await self._sleep(pause)
            pause = min(_LOOK_S[1], pause * 1.1)

    @asynccontextmanager
    async def sync_context(self) -> AsyncGenerator[TaskHandle]:
        """Binds the task to the block: whatever tears the block down while the task lives kills the task.

        That is an exception, a cancellation, Ctrl-C, and, in a program that does not handle them itself, SIGTERM and
        SIGHUP. Reaching the end of the block leaves the task as it is; wait() inside it to see it through.
        A program that is killed without a word takes its task with it where the service has leases.
        """
        with _ending_signals() as received:
            held = HeldTask(self._client, self.id)
            try:
                await held.begin()
                yield self
                await held.end(release=True)
            except BaseException:
                await self._kill_if_alive()
                await held.end(release=False)
                if received:
                    raise SystemExit(128 + received[0]) from None
                raise

    async def download_outputs(self, target: Path, *, on_progress: OnProgress | None = None) -> Path:
        """Every output in a new folder: `target`, or one in it if it exists. Returns its path."""
        return await download_outputs(self._client, await self.detail(), target, on_progress=on_progress)

    async def download_file(self, name: str, target: Path) -> Path:
        """One output file as `target`, or in it if that is a folder. Returns its path."""
        return await download_file(self._client, await self.detail(), name, target)

    async def _kill_if_alive(self) -> None:
        """Kill also through a second Ctrl-C: an impatient user wants the task dead more, not less."""
        killing = asyncio.ensure_future(self.kill_patiently())
        while not killing.done():
            try:
                await asyncio.shield(killing)
            except asyncio.CancelledError:
                if killing.cancelled():
                    return

    async def kill_patiently(self) -> None:
        """Kill, repeating through interruptions of the service for a while; a failure is logged, not raised."""
        try:
            async with asyncio.timeout(_KILL_S):
                while True:
                    try:
                        await self.kill()
                    except (ConnectionFailedError, BusyError, ServiceFailedError) as error:
                        _log.info("killing %s failed (%s); once more", self.id, error)
                        await self._sleep(_LOOK_S[0])
                    else:
                        return
        except (TaskmonError, TimeoutError) as error:
            _log.warning("the task %s could not be killed: %s", self.id, error)


@contextmanager
def _ending_signals() -> Generator[list[int]]:
    """While this is open, a signal that would end the process on the spot cancels the present asyncio task instead.

    Yields the list of signals received. Does nothing outside the main thread, and for signals somebody handles.
    """
    received: list[int] = []
    ours: list[signal.Signals] = []
    loop, current = asyncio.get_running_loop(), asyncio.current_task()

    def end(number: int) -> None:
        received.append(number)
        if current is not None:
            current.cancel()

    if threading.current_thread() is threading.main_thread():
        for number in _ENDING_SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                loop.add_signal_handler(number, end, int(number))
                ours.append(number)
    try:
        yield received
    finally:
        for number in ours:
            loop.remove_signal_handler(number)

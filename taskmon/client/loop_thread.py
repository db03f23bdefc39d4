"""An event loop for programs that have none: scripts and notebooks call, wait, and get a value or an error."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, Final, Generic, TypeVar

from taskmon.core.errors import InvalidInputError

T = TypeVar("T")

_CLEAN_UP_S: Final = 15.0
"""How long an interrupted call may tidy up, for example withdraw a task whose inputs did not arrive."""


class LoopThread:
    """One loop in a thread of its own, so that it also works where another loop runs already. `close` ends it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="taskmon-loop", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Whether it was not closed."""
        return not self._loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's value. An interruption such as Ctrl-C cancels it, lets it tidy up, and goes on."""
        call = _Call(self._loop, coroutine)
        try:
            return call.result()
        except BaseException:
            call.give_up()
            raise

    def insist(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Like `run`, but an interruption does not end it: it is itself the answer to one."""
        call = _Call(self._loop, coroutine)
        while True:
            try:
                return call.result()
            except (KeyboardInterrupt, SystemExit):
                if call.done:
                    raise

    def close(self) -> None:
        """End the loop and whatever still runs on it. Closing twice is no error."""
        if self._loop.is_closed():
            return
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class _Call(Generic[T]):
    """A coroutine on its way through the loop of another thread; a signal may interrupt the caller anywhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> None:
        self._loop = loop
        self._coroutine = coroutine
        self._asked = False
        self._task: asyncio.Task[T] | None = None
        self._outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

    @property
    def done(self) -> bool:
        return self._outcome.done()

    def result(self) -> T:
        """Begin, unless it was begun, and wait for the value."""
        if self._loop.is_closed():
            raise InvalidInputError("This connection was closed.", "Connect again.")
        if not self._asked:
            self._loop.call_soon_threadsafe(self._begin)
            self._asked = True
        return self._outcome.result()

    def give_up(self) -> None:
        """Cancel what has not ended, and wait while it tidies up."""
        if self._loop.is_closed():
            self._coroutine.close()
        elif not self.done:
            self._loop.call_soon_threadsafe(self._cancel)
            concurrent.futures.wait([self._outcome], _CLEAN_UP_S)

    def _begin(self) -> None:
        if self._task is None and not self.done:
            self._task = self._loop.create_task(self._coroutine)
            self._task.add_done_callback(self._end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self._coroutine.close()
            self._tell_cancelled()

    def _end(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self._tell_cancelled()
        elif (error := task.exception()) is not None:
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(task.result())

    def _tell_cancelled(self) -> None:
        self._outcome.cancel()
        self._outcome.set_running_or_notify_cancel()  # only then do those who wait for several hear of it


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

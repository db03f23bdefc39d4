"""The owner of every asynchronous task of the window: it can cancel each one and hears its errors.

Three ways to begin something. `watch` is for the essential loops: a bug in one ends the window in good order, because
a monitor that no longer watches is lying. `start` is for what a click begins: an expected failure is told to the
person, a bug goes to the crash report, and the window lives on. `restart` is `start` where the latest wins, such as
following the selection. Leaving the `async with` block cancels them all and waits until they have gone.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self

from taskmon.core.errors import TaskmonError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine
    from types import TracebackType

logger = logging.getLogger(__name__)


class Background:
    """Runs coroutines on the current loop from `__aenter__` to `__aexit__`.

    `tell` receives an expected failure of an action, `report_bug` anything else; both are called on the loop.
    """

    def __init__(self, tell: Callable[[TaskmonError], None], report_bug: Callable[[Exception], None]) -> None:
        self._tell = tell
        self._report_bug = report_bug
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._actions: set[asyncio.Task[None]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        for task in list(self._tasks):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def watch(self, loop: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Runs an essential loop; its failure leaves the `async with` block with that error."""
        return self._create(loop, name)

    def start(self, action: Coroutine[Any, Any, None], name: str = "") -> asyncio.Task[None] | None:
        """Runs an action begun by a person. Does nothing once the window is leaving."""
        if not self._open:
            action.close()
            return None
        task = self._create(self._guarded(action), name or getattr(action, "__qualname__", "action"))
        task.add_done_callback(lambda _: action.close())  # cancelled before its first step, it would be left open
        self._actions.add(task)
        task.add_done_callback(self._actions.discard)
        return task

    def restart(self, key: str, action: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Runs an action and cancels the one that was last started under `key`."""
        self.cancel(key)
        task = self.start(action, key)
        if task is not None:
            self._latest[key] = task
        return task

    def cancel(self, key: str) -> None:
        """Cancels what `restart` last started under `key`, if it still runs."""
        task = self._latest.pop(key, None)
        if task is not None:
            task.cancel()

    def actions(self, *, keep: Container[str] = ()) -> set[asyncio.Task[None]]:
        """What `start` and `restart` began and still runs, without the caller and without actions of these names."""
        return {task for task in self._actions if task.get_name() not in keep} - {asyncio.current_task()}

    def cancel_actions(self, *, keep: Container[str] = ()) -> set[asyncio.Task[None]]:
        """Cancels `actions` and returns them; they may need a moment to clean up."""
        ending = self.actions(keep=keep)
        for task in ending:
            task.cancel()
        return ending

    def _create(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._group.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, action: Coroutine[Any, Any, None]) -> None:
        try:
            await action
        except TaskmonError as error:
            logger.info("refused: %s", error)
            self._tell(error)
        except Exception as error:
            logger.exception("an action of the window failed")
            self._report_bug(error)

"""How a change in the service wakes everyone who waits for one: long polls and streams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Found = TypeVar("Found")


class Bell:
    """Rings when anything has changed. Once closed it rings for good, so that nobody waits while the service stops."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def ring(self) -> None:
        """Wake everyone who waits now."""
        if not self._closed:
            self._event.set()
            self._event = asyncio.Event()

    def close(self) -> None:
        """Wake everyone, now and from now on."""
        self._closed = True
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next ring, at the latest after `timeout_s` seconds."""
        event = self._event
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass

    async def wait_for(
        self, look: Callable[[], Found | None], timeout_s: float, gone: Callable[[], Awaitable[bool]]
    ) -> Found | None:
        """What `look` finds, asked now and after every ring; None after `timeout_s` seconds or if the asker is `gone`.

        No ring between a look and the wait is missed: nothing is awaited in between. Nothing is looked for on behalf
        of an asker who has hung up, because looking may hand something over.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            if await gone():
                return None
            event = self._event
            found = look()
            remaining = deadline - loop.time()
            if found is not None or remaining <= 0 or self._closed:
                return found
            try:
                async with asyncio.timeout(remaining):
                    await event.wait()
            except TimeoutError:
                pass

"""How long to rest before a service is asked again that failed: longer each time, as it wishes, and not all at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from taskmon.core.errors import BusyError, ConnectionFailedError, ServiceFailedError, TaskmonError

PASSING: Final = (ConnectionFailedError, BusyError, ServiceFailedError)
"""Faults after which the same question is worth asking again."""
_LONGEST_REQUESTED_S: Final = 3600.0
_SPREAD: Final = 0.25
_LONGEST_SPREAD_S: Final = 30.0
"""Who was told the same `Retry-After` comes back within this share of it, and of so many seconds at most."""


def requested_pause(error: TaskmonError) -> float:
    """The seconds that the service asked for, an hour at most; 0 if it asked for none."""
    asked = error.retry_after if isinstance(error, BusyError) else None
    return min(asked or 0.0, _LONGEST_REQUESTED_S)


def retry_pause(
    failures: int, error: TaskmonError, pauses: tuple[float, float], jitter: Callable[[], float] = random.random
) -> float:
    """Seconds to rest after so many failures (1, 2, …), the last of which was `error`.

    They double from the first to the second of `pauses`, are not fewer than the service asked for, and differ by
    `jitter` (0..1), so that windows that were sent away together do not come back together.
    """
    first, longest = pauses
    chance, asked = jitter(), requested_pause(error)
    pause = min(longest, first * 2.0 ** min(failures - 1, 20)) * (0.5 + 0.5 * chance)
    return max(pause, asked + chance * min(asked * _SPREAD, _LONGEST_SPREAD_S))


class Retries:
    """Remembers that something failed, also when it is begun anew meanwhile. `pauses` as in `retry_pause`."""

    def __init__(self, pauses: tuple[float, float], jitter: Callable[[], float] = random.random) -> None:
        self._pauses, self._jitter = pauses, jitter
        self._failures = 0
        self._not_before = 0.0

    async def rest(self) -> None:
        """Returns when it may be tried again; at once if it has not failed."""
        if self._failures:
            await asyncio.sleep(self._not_before - asyncio.get_running_loop().time())

    def failed(self, error: TaskmonError) -> None:
        self._failures += 1
        pause = retry_pause(self._failures, error, self._pauses, self._jitter)
        self._not_before = asyncio.get_running_loop().time() + pause

    def succeeded(self) -> None:
        self._failures = 0

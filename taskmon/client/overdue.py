"""Notices that a service is silent, long before a request is given up; a service that is always slow is not silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LATE_S: Final = 3.0
"""A service that has said nothing for so long after it should have is told, calmly, while it is still waited for."""
_LONGEST_LATE_S: Final = 15.0
_UNKNOWN_LATE_S: Final = 10.0
"""Until the first answer nobody knows how quick the service is."""
_TIMES_USUAL: Final = 2.0
"""A service may be silent for so many times as long as it was of late."""
_HALF_LIFE_S: Final = 30.0
"""After so long half of its slowness is forgotten."""
_STALL_S: Final = 0.5
"""What the service has said meanwhile is read within this, when the loop itself was held up."""


class Overdue:
    """Calls `tell` when nothing has been heard in time; whoever hears something says so by `heard`."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._alarm: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._usual: float | None = None
        self._usual_at = 0.0

    def expect(self, within_s: float = 0.0) -> None:
        """From now on the service should say something within so many seconds."""
        self.end()
        self._due = asyncio.get_running_loop().time() + within_s
        self._arm(self._due + self._patience())

    def heard(self) -> None:
        """The service has said something. If it has more to say, that should follow at once."""
        if self._alarm is not None:
            now = asyncio.get_running_loop().time()
            self._learn(max(0.0, now - self._due), now)
            self._due = max(self._due, now)

    def end(self) -> None:
        """Nothing is expected."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _patience(self) -> float:
        if self._usual is None:
            return max(LATE_S, _UNKNOWN_LATE_S)
        return min(_LONGEST_LATE_S, max(LATE_S, _TIMES_USUAL * self._usual))

    def _learn(self, silent_s: float, now: float) -> None:
        """The longest silence of late; an hour of it is no slowness, but an absence."""
        faded = 0.0 if self._usual is None else self._usual * 0.5 ** ((now - self._usual_at) / _HALF_LIFE_S)
        self._usual = max(min(silent_s, _LONGEST_LATE_S / _TIMES_USUAL), faded)
        self._usual_at = now

    def _arm(self, at: float) -> None:
        self._alarm = asyncio.get_running_loop().call_at(at, self._look, at)

    def _look(self, planned: float) -> None:
        now = asyncio.get_running_loop().time()
        until = self._due + self._patience()
        if now - planned > _STALL_S:
            until = max(until, now + _STALL_S)
        if now < until:
            self._arm(until)
        else:
            self._tell()

"""Stand-ins for the world outside: a clock that moves when told to, a loop in which nobody has to wait."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta


class StillClock:
    """A clock that stands until `advance`; call it for the time, as one calls `taskmon`'s clocks."""

    def __init__(self, now: datetime = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


class _NoWaiting(selectors.DefaultSelector):
    """Never waits; `skipped` are the seconds that it should have."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class QuickLoop(asyncio.SelectorEventLoop):
    """Where nothing else is to be done it is at once the time of the next timer: an hour passes in a moment, to the
    second. For work without threads and real connections."""

    def __init__(self) -> None:
        self._no_waiting = _NoWaiting()
        super().__init__(self._no_waiting)

    def time(self) -> float:
        return self._no_waiting.skipped

    def now(self) -> datetime:
        """The clock on the wall in this world."""
        return datetime(2025, 6, 2, 12, 0, tzinfo=UTC) + timedelta(seconds=self.time())

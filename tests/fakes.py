"""Stand-ins for the world outside: a clock that moves when told to."""

from __future__ import annotations

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

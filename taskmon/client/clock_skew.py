"""How far the service's clock is from ours, so that “runs for 3 min” is true although the two disagree."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

_TOLD_TO_S: Final = 2.0
"""A `Date` header has whole seconds, and common servers write it once a second: it may be this much too early."""


class ClockSkew:
    """Narrows the difference down with everything the other clock says; a clock that was set is believed again.

    What contradicts all before is believed when it is said twice: a service that was stopped and goes on sends the time
    at which it was stopped once more.
    """

    def __init__(self) -> None:
        self._least, self._most = -math.inf, math.inf
        self._doubted: tuple[float, float] | None = None

    def hear(self, said: datetime, earliest: datetime, latest: datetime) -> None:
        """The other clock said `said` when ours was between `earliest` and `latest`."""
        least = (said - latest).total_seconds()
        most = (said - earliest).total_seconds() + _TOLD_TO_S
        narrowed = _common((least, most), (self._least, self._most))
        if narrowed is not None:
            self._doubted = None
        else:
            narrowed = _common((least, most), self._doubted) if self._doubted is not None else None
            self._doubted = (least, most) if narrowed is None else None
        if narrowed is not None:
            self._least, self._most = narrowed

    @property
    def skew(self) -> timedelta:
        """What to add to our time for the other's. Zero as long as the clocks may agree."""
        if self._least <= 0 <= self._most:
            return timedelta(0)
        # An answer is written at the end of a wait: the early end of a wide range is the likely one.
        return timedelta(seconds=self._least + min(_TOLD_TO_S, self._most - self._least) / 2)


def _common(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float] | None:
    """What two ranges have in common; None for nothing."""
    least, most = max(one[0], other[0]), min(one[1], other[1])
    return (least, most) if least <= most else None


class ServerClock:
    """A clock that tells the service's time: ours plus `skew`, which whoever hears of it sets."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.skew = timedelta(0)

    def __call__(self) -> datetime:
        return self._clock() + self.skew

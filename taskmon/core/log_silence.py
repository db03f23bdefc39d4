"""Whether a task's output has been silent for unusually long. Pure: times in seconds, given by whoever watches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from taskmon.core.units import short_duration_text

LEAST_S: Final = 60.0
"""A shorter silence is never worth a word."""

_TIMES_USUAL: Final = 10.0
_TIMES_LONGEST: Final = 2.0
_REMEMBERED: Final = 64
_ENOUGH: Final = 4


@dataclass(frozen=True, slots=True)
class Silence:
    """No output for `seconds`, where `usual_s` seconds between two outputs are usual (None: not known)."""

    seconds: float
    usual_s: float | None

    @property
    def text(self) -> str:
        """The sentence for a person."""
        told = f"no output for {short_duration_text(self.seconds)}"
        return told if self.usual_s is None else f"{told}, usual {short_duration_text(max(1.0, self.usual_s))}"


class OutputRhythm:
    """Learns how often one output grows. `size` in bytes; times are of one clock, in seconds."""

    def __init__(self) -> None:
        self._size = -1
        self._last: float | None = None
        self._gaps: deque[float] = deque(maxlen=_REMEMBERED)

    def note(self, size: int, now: float) -> None:
        """The output has `size` bytes now. The first look says how much there is, not when it came."""
        if size == self._size:
            return
        if self._size >= 0 and self._last is not None:
            self._gaps.append(max(0.0, now - self._last))
        self._size, self._last = size, now

    def rests(self, now: float, seconds: float) -> bool:
        """Whether the output has not grown for so long."""
        return self._last is not None and now - self._last >= seconds

    @property
    def usual_s(self) -> float | None:
        """Seconds between two outputs, usually; None before a few have been seen."""
        return median(self._gaps) if len(self._gaps) >= _ENOUGH else None

    def silence(self, now: float) -> Silence | None:
        """The present silence if it is unusual: ten times the usual gap and twice the longest one, or five minutes
        where too little was seen to know."""
        if self._last is None or now - self._last < LEAST_S:
            return None
        seconds, usual = now - self._last, self.usual_s
        if usual is None:
            return Silence(seconds, None) if seconds >= 5 * LEAST_S else None
        least = max(LEAST_S, _TIMES_USUAL * usual, _TIMES_LONGEST * max(self._gaps))
        return Silence(seconds, usual) if seconds >= least else None

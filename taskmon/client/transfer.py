"""How far a transfer of bytes is, told often enough for an eye and seldom enough for a window."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TELL_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is, in bytes. `total` 0 means that nobody knows. `files`: how many have come whole."""

    sent: int
    total: int
    files: int = 0


OnProgress = Callable[[Progress], None]


class PacedProgress:
    """Passes at most ten reports a second on, and always the last one (`finish`)."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._told_at = 0.0
        self._last: Progress | None = None
        self._told: Progress | None = None

    def tell(self, sent: int, total: int, files: int = 0) -> None:
        """Note where the transfer is."""
        self._last = Progress(sent, total, files)
        if time.monotonic() - self._told_at >= _TELL_EVERY_S:
            self.finish()

    def finish(self) -> None:
        """Pass the last report on now, unless it was."""
        if self._on_progress is not None and self._last is not None and self._last != self._told:
            self._told, self._told_at = self._last, time.monotonic()
            self._on_progress(self._last)

"""Notices that an answer is overdue, long before the request is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LATE_S: Final = 10.0
"""A service that has said nothing for so long after it should have is told, calmly, while it is still waited for."""


class Overdue:
    """Calls `tell` when no answer has come in time. `answers` counts those that have come, whoever asked."""

    def __init__(self, answers: Callable[[], int], tell: Callable[[], None]) -> None:
        self._answers = answers
        self._tell = tell
        self._alarm: asyncio.TimerHandle | None = None

    def expect(self, within_s: float = 0.0) -> None:
        """From now on an answer is due within so many seconds."""
        self.end()
        self._alarm = asyncio.get_running_loop().call_later(within_s + LATE_S, self._look, self._answers())

    def end(self) -> None:
        """Nothing is expected."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self, before: int) -> None:
        if self._answers() == before:
            self._tell()
        else:
            self.expect()

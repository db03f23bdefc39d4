"""A calm pulse: a strength that swells and fades, and a beat that says when to paint it again."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

_STEP_MS: Final = 80
_PERIOD_S: Final = 2.4
_AT_REST: Final = 0.6


class Pulse(QObject):
    """Beats about twelve times a second while it is active, and costs nothing while it is not."""

    beat = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MS)
        self._timer.timeout.connect(self._go_on)

    @property
    def active(self) -> bool:
        return self._timer.isActive()

    @property
    def strength(self) -> float:
        """From 0 to 1; a middle value while it rests."""
        if not self.active:
            return _AT_REST
        return 0.5 - 0.5 * math.cos(2 * math.pi * self._step * _STEP_MS / 1000 / _PERIOD_S)

    def set_active(self, active: bool) -> None:
        """Starts or stops it; starting an active one changes nothing."""
        if active and not self.active:
            self._timer.start()
        elif not active:
            self._timer.stop()

    def _go_on(self) -> None:
        self._step += 1
        self.beat.emit()

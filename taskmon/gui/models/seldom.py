"""A signal that is not repeated faster than somebody can look."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Seldom(QObject):
    """Emits `told` at once, but only every so many milliseconds; what is told sooner is emitted late, once."""

    told = Signal()

    def __init__(self, interval_ms: int, parent: QObject) -> None:
        super().__init__(parent)
        self._late = False
        self._pause = QTimer(self, singleShot=True, interval=interval_ms)
        self._pause.timeout.connect(self.tell_late)

    def tell(self) -> None:
        if self._pause.isActive():
            self._late = True
        else:
            self._pause.start()
            self.told.emit()

    def tell_now(self) -> None:
        """However little time has passed."""
        self._late = False
        self.told.emit()

    def tell_late(self) -> None:
        """Emits now what would be emitted late."""
        if self._late:
            self._late = False
            self._pause.start()
            self.told.emit()

    def stop(self) -> None:
        """Nothing more is emitted by itself."""
        self._pause.stop()

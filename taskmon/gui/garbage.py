"""Reference cycles are collected on the window's thread only.

Python collects them on whichever thread happens to allocate. A Qt object with a timer that dies on a worker thread
leaves its timer behind, and the next turn of the event loop crashes on it (seen with the plots of closed charts). So
automatic collection is off in the window's process, and a timer does the same work here.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS: Final = 1000


class GarbageCollection(QObject):
    """Collects by Python's own thresholds, youngest generation first, once a second; until `end`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(collect_due)
        self._timer.start()

    def end(self) -> None:
        """Back to Python's way."""
        self._timer.stop()
        gc.enable()


def collect_due() -> int:
    """Collects the generations that are due; returns the number of objects that nobody could reach any more."""
    found = 0
    for generation, threshold in enumerate(gc.get_threshold()):
        if gc.get_count()[generation] <= threshold:
            break
        found += gc.collect(generation)
    return found

"""Reference cycles are collected on the window's thread only, and so that nobody notices.

Python collects them on whichever thread happens to allocate. A Qt object with a timer that dies on a worker thread
leaves its timer behind, and the next turn of the event loop crashes on it (seen with the plots of closed charts). So
automatic collection is off in the window's process, and a timer does the same work here.

A collection looks at every object of its generation: half a second where there are a hundred thousand tasks, which are
in no cycle and die without it. So what has lived for some seconds, and what comes in bulk, is set aside (frozen); all
of it is looked at only where that is quick or while the person is in another program.
"""

from __future__ import annotations

import gc
from time import monotonic
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from taskmon.client.task_store import Change, TaskStore

INTERVAL_MS: Final = 1000

OBJECTS_PER_TASK: Final = 10
"""That Python's collection looks at, where a service tells everything about a task."""

BULK: Final = 5_000
"""More new objects than this within a second are data, not rubbish; to look at so many takes a millisecond or two."""

QUICK: Final = 100_000
"""So many objects are looked at within a frame."""

WHOLE_EVERY_S: Final = 120.0
LARGE_EVERY_S: Final = 600.0
"""Seconds between looks at everything: where that is quick, and where it is not."""


class GarbageCollection(QObject):
    """Collects by Python's own thresholds, youngest generation first, once a second; until `end`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._whole_at = monotonic()
        self._aside = 0
        self._known = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._collect_due)
        self._timer.start()

    def watch(self, store: TaskStore) -> None:
        """Hears from `store` how many tasks come. To count the objects of many takes as long as to look at them."""

        def note(change: Change) -> None:
            self._known += OBJECTS_PER_TASK * (len(change.added) + len(change.updated))

        store.subscribe(note)

    def end(self) -> None:
        """Back to Python's way."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def _collect_due(self) -> None:
        self._aside += collect_young(self._known)
        self._known = 0
        since = monotonic() - self._whole_at
        quick = self._aside < QUICK
        if since > (WHOLE_EVERY_S if quick else LARGE_EVERY_S) and (quick or _nobody_looks()):
            self._whole_at = monotonic()
            collect_whole()
            self._aside = gc.get_freeze_count()  # passes over them once more


def collect_young(known: int = 0) -> int:
    """Collects what came within the last seconds, if it is due, and sets aside what survives twice. Returns how many
    objects were set aside unseen because they came in bulk; `known` is how many came for sure."""
    youngest, older, _ = gc.get_threshold()
    if gc.get_count()[0] <= youngest:
        return 0
    if (came := _came(known)) > BULK:
        gc.freeze()
        return came
    gc.collect(0)
    if gc.get_count()[1] <= older:
        return 0
    if (survived := len(gc.get_objects(1))) <= BULK:
        gc.collect(1)
        survived = 0
    gc.freeze()
    return survived


def _came(known: int) -> int:
    """How many young objects there are. Python's own count says by how many they are more than before: a list of tasks
    that came anew and let the old ones go counts as nothing there."""
    more = max(known, gc.get_count()[0])
    return more if more > BULK else len(gc.get_objects(0))


def collect_whole() -> int:
    """Looks at everything; returns the number of objects that nobody could reach any more."""
    gc.unfreeze()
    found = gc.collect()
    gc.freeze()
    return found


def _nobody_looks() -> bool:
    return QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive

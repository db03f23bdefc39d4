"""Qt objects in reference cycles die on the window's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from taskmon.gui.garbage import GarbageCollection

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


class InACycle(QObject):
    """Tells which thread it died on."""

    deaths: list[threading.Thread]

    def __init__(self) -> None:
        super().__init__()
        self.myself = self

    def __del__(self) -> None:
        self.deaths.append(threading.current_thread())


def _allocate() -> None:
    for _ in range(50):
        _rubbish = [[] for _ in range(1000)]


def test_a_worker_thread_never_collects_a_widget(app: QApplication) -> None:
    enabled = gc.isenabled()
    InACycle.deaths = []
    collection = GarbageCollection()
    try:
        InACycle()
        worker = threading.Thread(target=_allocate)
        worker.start()
        worker.join()
        assert InACycle.deaths == []
        gc.collect()
        assert InACycle.deaths == [threading.main_thread()]
    finally:
        collection.end()
        if not enabled:
            gc.disable()

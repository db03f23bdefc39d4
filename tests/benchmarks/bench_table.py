"""The live table against Qt's usual designs: `python tests/benchmarks/bench_table.py [ROWS] [SECONDS] [DESIGN ...]`.

All show the same tasks, sorted by the changing column and filtered, while 1000 of them change in each second: 2.2 MB of
JSON, decoded 200 tasks at a time in a worker thread. They arrive in two ways: five pages one after another once a
second, as the change feed answers (`at once`), and the five spread over the second (`in pages`). A heartbeat of 4 ms on
the event loop measures by how much it comes late. Prints p50 and p99 of the worst lateness in each second, the same of
the processor time that the event loop's thread spent between two beats (which busy neighbours do not change), and the
ratios to our table. Reference cycles are collected as in the window.
"""

from __future__ import annotations

import os
import queue
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from taskmon.client.task_store import TaskStore
from taskmon.core.task import Task
from taskmon.gui.app import SWITCH_S
from taskmon.gui.garbage import GarbageCollection, collect_whole
from tests.benchmarks.full_tasks import full_task
from tests.benchmarks.table_designs import (
    Heartbeat,
    Tree,
    changed,
    proxy_table,
    shares,
    some_task,
    spin,
    taskmon_table,
)  # fmt: skip

CHANGES_PER_SECOND = 1000
PAGE = 200

DESIGNS: dict[str, Callable[[TaskStore], tuple[QWidget, Any]]] = {
    "taskmon": taskmon_table,
    "QSortFilterProxyModel": proxy_table,
    "QTreeWidget": lambda store: (Tree(store), None),
}


class Feed:
    """JSON pages, decoded in a thread whenever `ask` was called, handed over on the event loop."""

    def __init__(self, store: TaskStore, pages: list[bytes], together: bool) -> None:
        self._store = store
        self._pages = pages
        self._together = together
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._decoded: queue.SimpleQueue[list[Task]] = queue.SimpleQueue()
        self._decoder = msgspec.json.Decoder(list[Task])
        self._drain = QTimer(interval=1)
        self._drain.timeout.connect(self._take)
        self._drain.start()
        threading.Thread(target=self._decode, daemon=True).start()
        self._ask = QTimer(interval=1000 if together else 1000 * PAGE // CHANGES_PER_SECOND)
        self._ask.timeout.connect(lambda: self._wanted.put(CHANGES_PER_SECOND // PAGE if together else 1))
        self._ask.start()

    def _decode(self) -> None:
        while count := self._wanted.get():
            for _ in range(count):
                self._decoded.put(self._decoder.decode(self._pages.pop()))

    def _take(self) -> None:
        if not self._decoded.empty():
            self._store.apply(self._decoded.get())

    def stop(self) -> None:
        self._ask.stop()
        self._drain.stop()
        self._wanted.put(0)


def live_store(rows: int) -> TaskStore:
    """Tasks with nearly every field, most of them ended."""
    chance = random.Random(7)
    store = TaskStore()
    for number in range(rows):
        state = some_task(number, chance)
        whole = full_task(number, chance)
        store.apply([replace(whole, status=state.status, is_terminated=state.is_terminated, project=state.project)])
    return store


def measure(name: str, rows: int, seconds: float, together: bool, app: QApplication) -> Heartbeat:
    chance = random.Random(11)
    store = live_store(rows)
    table, model = DESIGNS[name](store)
    table.resize(1100, 700)
    table.show()
    app.processEvents()
    bar = table.verticalScrollBar()  # type: ignore[attr-defined]
    bar.setValue(bar.maximum() // 2)
    ids = list(store.tasks)
    count = int(CHANGES_PER_SECOND / PAGE * (seconds + 4))
    pages = [
        msgspec.json.encode([changed(store.tasks[task_id], chance) for task_id in chance.sample(ids, PAGE)])
        for _ in range(count)
    ]
    collect_whole()
    spin(1.0)
    heart, feed = Heartbeat(), Feed(store, pages, together)
    spin(seconds)
    feed.stop()
    heart.stop()
    table.close()
    table.deleteLater()
    if model is not None:
        model.deleteLater()
    app.processEvents()
    return heart


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    names = sys.argv[3:] or list(DESIGNS)
    sys.setswitchinterval(SWITCH_S)
    app = QApplication([])
    garbage = GarbageCollection()
    for together in (True, False):
        way = "at once" if together else "in pages"
        ours: tuple[float, ...] = ()
        for name in names:
            heart = measure(name, rows, seconds, together, app)
            found, spent = shares(heart.worst), shares(heart.worst_cpu)
            ours = ours or (*found, *spent)
            print(
                f"1000 changes a second {way}, {rows:,} rows, {name}: worst stall in each second p50 {found[0]:.1f} ms,"
                f" p99 {found[1]:.1f} ms ({found[0] / ours[0]:.1f} and {found[1] / ours[1]:.1f} times {names[0]});"
                f" processor p50 {spent[0]:.1f} ms, p99 {spent[1]:.1f} ms"
                f" ({spent[0] / ours[2]:.1f} and {spent[1] / ours[3]:.1f} times)",
                flush=True,
            )
    garbage.end()
    os._exit(0)  # a hundred thousand rows take longer to take down than to show


if __name__ == "__main__":
    main()

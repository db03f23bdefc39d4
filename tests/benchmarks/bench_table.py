"""The live table against Qt's usual designs: `python tests/benchmarks/bench_table.py [ROWS] [SECONDS] [WORD ...]`.

All show the same tasks, sorted by the changing column and filtered, while 1000 of them change in each second: 2.2 MB of
JSON. They arrive in three ways. `in one answer`: all in one piece of JSON. The usual designs decode it in a worker
thread and take it over as it is; ours is read and taken over 100 tasks at a time on the loop, as our client does.
`at once`: five pages one after another once a second, as the change feed answers, and `in pages`: the five spread over
the second; both decoded 200 tasks at a time in a worker thread and taken over so, also by the usual designs.

A heartbeat of 4 ms on the event loop measures by how much it comes late. Prints p50 and p99 of the worst lateness in
each second, the same of the processor time that the event loop's thread spent between two beats (which busy neighbours
do not change), and the ratios to our table. Reference cycles are collected as in the window. A WORD that is the name of
a design or of a way leaves only those that are named.
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

from taskmon.client.pieces import PIECE
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
WAYS = {"in one answer": CHANGES_PER_SECOND, "at once": PAGE, "in pages": PAGE}
"""How many tasks a piece of JSON brings."""

DESIGNS: dict[str, Callable[[TaskStore], tuple[QWidget, Any]]] = {
    "taskmon": taskmon_table,
    "QSortFilterProxyModel": proxy_table,
    "QTreeWidget": lambda store: (Tree(store), None),
}


class Feed:
    """JSON pages, decoded in a thread `count` at a time every so many milliseconds, handed over on the event loop."""

    def __init__(self, store: TaskStore, pages: list[bytes], count: int, every_ms: int) -> None:
        self._store = store
        self._pages = pages
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._decoded: queue.SimpleQueue[list[Task]] = queue.SimpleQueue()
        self._decoder = msgspec.json.Decoder(list[Task])
        self._drain = QTimer(interval=1)
        self._drain.timeout.connect(self._take)
        self._drain.start()
        threading.Thread(target=self._decode, daemon=True).start()
        self._ask = QTimer(interval=every_ms)
        self._ask.timeout.connect(lambda: self._wanted.put(count))
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


class FeedInPieces:
    """One JSON page a second, read and handed over some tasks in each turn of the event loop."""

    def __init__(self, store: TaskStore, pages: list[bytes]) -> None:
        self._store = store
        self._pages = pages
        self._raw: list[msgspec.Raw] = []
        self._outline = msgspec.json.Decoder(list[msgspec.Raw])
        self._decoder = msgspec.json.Decoder(Task)
        self._turn = QTimer(interval=0)
        self._turn.timeout.connect(self._take)
        self._ask = QTimer(interval=1000)
        self._ask.timeout.connect(self._read)
        self._ask.start()

    def _read(self) -> None:
        self._raw = self._outline.decode(self._pages.pop())
        self._turn.start()

    def _take(self) -> None:
        piece, self._raw = self._raw[:PIECE], self._raw[PIECE:]
        self._store.apply(list(map(self._decoder.decode, piece)))
        if not self._raw:
            self._turn.stop()

    def stop(self) -> None:
        self._ask.stop()
        self._turn.stop()


def feed(store: TaskStore, pages: list[bytes], way: str, name: str) -> Feed | FeedInPieces:
    """What brings the `pages` to a design by its name."""
    if way != "in one answer":
        return Feed(store, pages, *((CHANGES_PER_SECOND // PAGE, 1000) if way == "at once" else (1, 200)))
    return FeedInPieces(store, pages) if name == "taskmon" else Feed(store, pages, 1, 1000)


def live_store(rows: int) -> TaskStore:
    """Tasks with nearly every field, most of them ended."""
    chance = random.Random(7)
    store = TaskStore()
    for number in range(rows):
        state = some_task(number, chance)
        whole = full_task(number, chance)
        store.apply([replace(whole, status=state.status, is_terminated=state.is_terminated, project=state.project)])
    return store


def measure(name: str, rows: int, seconds: float, way: str, garbage: GarbageCollection) -> Heartbeat:
    chance = random.Random(11)
    store = live_store(rows)
    garbage.watch(store)
    table, model = DESIGNS[name](store)
    table.resize(1100, 700)
    table.show()
    QApplication.processEvents()
    bar = table.verticalScrollBar()  # type: ignore[attr-defined]
    bar.setValue(bar.maximum() // 2)
    ids = list(store.tasks)
    size = WAYS[way]
    count = int(CHANGES_PER_SECOND / size * (seconds + 4))
    pages = [
        msgspec.json.encode([changed(store.tasks[task_id], chance) for task_id in chance.sample(ids, size)])
        for _ in range(count)
    ]
    collect_whole()
    spin(1.0)
    heart, feeding = Heartbeat(), feed(store, pages, way, name)
    spin(seconds)
    feeding.stop()
    heart.stop()
    table.close()
    table.deleteLater()
    if model is not None:
        model.deleteLater()
    QApplication.processEvents()
    return heart


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    names = [name for name in DESIGNS if name in sys.argv[3:]] or list(DESIGNS)
    ways = [way for way in WAYS if way in sys.argv[3:]] or list(WAYS)
    sys.setswitchinterval(SWITCH_S)
    _application = QApplication([])
    garbage = GarbageCollection()
    for way in ways:
        ours: tuple[float, ...] = ()
        for name in names:
            heart = measure(name, rows, seconds, way, garbage)
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

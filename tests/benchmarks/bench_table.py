"""The live table against Qt's sorting and filtering: `python tests/benchmarks/bench_table.py [ROWS] [SECONDS] [PAGE]`.

Both show the same tasks, sorted by the changing column and filtered, while 1000 tasks a second change, PAGE at a time.
A heartbeat of 2 ms on the same event loop measures by how much it comes late. Prints p50 and p99 of the worst lateness
in each second, of all beats, and the ratio of the two designs.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QAbstractTableModel, QEventLoop, QModelIndex, QSortFilterProxyModel, Qt, QTimer
from PySide6.QtWidgets import QApplication, QTableView, QWidget

from taskmon.client.task_store import Change, TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task, TaskMetrics
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.task_filter import parse_filter, search_text
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task, a_task_id

BEAT_MS = 2
CHANGES_PER_SECOND = 1000
FILTER = "-pipes"
SORTED_BY = Column.TIME
RUNNING = 200
PROJECTS = ("wing", "dam", "pipes", "default")


def clock() -> datetime:
    return datetime.now(UTC)


def some_task(number: int, chance: random.Random) -> Task:
    return a_task(
        task_id=a_task_id(number),
        status=_status(number),
        name=f"case-{number:06d}",
        project=PROJECTS[number // 7 % len(PROJECTS)],
        create_time=NOON - timedelta(seconds=number),
        computation_start_time=NOON,
        computation_end_time=NOON + timedelta(seconds=chance.random() * 1e4),
    )


def _status(number: int) -> Status:
    """Most tasks have ended; two hundred run."""
    if number < RUNNING:
        return Status.COMPUTATION_STARTED
    return (Status.SUCCESS, Status.SUCCESS, Status.SUCCESS, Status.FAILED, Status.KILLED)[number % 5]


def changed(task: Task, chance: random.Random) -> Task:
    """The same task with another computation time."""
    return replace(task, metrics=TaskMetrics(computation_seconds=chance.random() * 1e4))


class Heartbeat:
    """By how much [ms] a timer of the event loop comes late."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.worst: list[float] = []
        self._last = self._second = time.perf_counter()
        self._in_second: list[float] = []
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self._in_second.append(max(0.0, (now - self._last) * 1e3 - BEAT_MS))
        self._last = now
        if now - self._second >= 1:
            self.late += self._in_second
            self.worst.append(max(self._in_second))
            self._in_second, self._second = [], now

    def stop(self) -> None:
        self._timer.stop()


def share(values: list[float], percent: float) -> float:
    """The value below which `percent` of `values` are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


class PlainModel(QAbstractTableModel):
    """The store as a plain Qt model, for a proxy to sort and filter."""

    def __init__(self, store: TaskStore) -> None:
        super().__init__()
        self.tasks = list(store.tasks.values())
        self.rows = {task.task_id: row for row, task in enumerate(self.tasks)}
        self.texts = [search_text(task) for task in self.tasks]
        self._store = store
        store.subscribe(self._take)

    def _take(self, change: Change) -> None:
        for task_id in change.updated:
            row = self.rows[task_id]
            self.tasks[row] = self._store.tasks[task_id]
            self.texts[row] = search_text(self.tasks[row])
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.tasks)

    def columnCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[Column(index.column())].text(self.tasks[index.row()], clock(), Observed())


class PythonProxy(QSortFilterProxyModel):
    """The usual way: Python says what passes and what comes first."""

    def __init__(self, model: PlainModel) -> None:
        super().__init__()
        self._model = model
        self._filter = parse_filter(FILTER, clock())
        self._now = clock()
        self.setSourceModel(model)

    def filterAcceptsRow(self, row: int, _parent: Any) -> bool:
        return self._filter.accepts(self._model.tasks[row], self._model.texts[row])

    def lessThan(self, left: Any, right: Any) -> bool:
        key, tasks = COLUMNS[SORTED_BY].sort_key, self._model.tasks
        one = key(tasks[left.row()], self._now, Observed())
        other = key(tasks[right.row()], self._now, Observed())
        return (one is None, one or 0) < (other is None, other or 0)


@dataclass(frozen=True)
class Design:
    name: str
    make: Callable[[TaskStore], tuple[QWidget, Any]]


def taskmon_table(store: TaskStore) -> tuple[QWidget, Any]:
    model = TaskTableModel(store, clock)
    model.set_filter(FILTER)
    model.sort_by([SortKey(SORTED_BY)])
    model.flush()
    table = TaskTable()
    table.setModel(model)
    table.set_clock(clock)
    return table, model


def proxy_table(store: TaskStore) -> tuple[QWidget, Any]:
    proxy = PythonProxy(PlainModel(store))
    table = QTableView()
    table.setModel(proxy)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(30)
    proxy.sort(SORTED_BY)
    return table, proxy


def measure(design: Design, rows: int, seconds: float, page: int, app: QApplication) -> Heartbeat:
    chance = random.Random(7)
    store = TaskStore()
    store.apply(some_task(number, chance) for number in range(rows))
    began = time.perf_counter()
    table, model = design.make(store)
    table.resize(1100, 700)
    table.show()
    app.processEvents()
    print(f"{design.name}: {rows:,} rows shown after {time.perf_counter() - began:.2f} s", flush=True)
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum() // 2)
    ids = list(store.tasks)
    count = int(CHANGES_PER_SECOND / page * (seconds + 2))
    pages = [[changed(store.tasks[task_id], chance) for task_id in chance.sample(ids, page)] for _ in range(count)]

    gc.collect()
    gc.freeze()
    spin(1.0)
    source = QTimer(interval=1000 * page // CHANGES_PER_SECOND)
    source.timeout.connect(lambda: store.apply(pages.pop()))
    heart = Heartbeat()
    source.start()
    spin(seconds)
    source.stop()
    heart.stop()
    table.close()
    table.deleteLater()
    model.deleteLater()
    app.processEvents()
    gc.unfreeze()
    return heart


def spin(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    page = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    app = QApplication([])
    found: dict[str, tuple[float, float]] = {}
    for design in (Design("taskmon", taskmon_table), Design("QSortFilterProxyModel", proxy_table)):
        heart = measure(design, rows, seconds, page, app)
        found[design.name] = share(heart.worst, 50), share(heart.worst, 99)
        print(
            f"{design.name}: worst stall in each second p50 {share(heart.worst, 50):.1f} ms,"
            f" p99 {share(heart.worst, 99):.1f} ms; all beats p99 {share(heart.late, 99):.1f} ms",
            flush=True,
        )
    ours, theirs = found.values()
    print(f"ratio of the two: p50 {theirs[0] / ours[0]:.0f}, p99 {theirs[1] / ours[1]:.0f}")
    os._exit(0)  # a hundred thousand rows take longer to take down than to show


if __name__ == "__main__":
    main()

"""Tasks, a heartbeat and the usual designs of a task table, for the benchmarks of ours."""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QAbstractTableModel, QEventLoop, QModelIndex, QSortFilterProxyModel, Qt, QTimer
from PySide6.QtWidgets import QTableView, QTreeWidget, QTreeWidgetItem

from taskmon.client.task_store import Change, TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task, TaskMetrics
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.shared_facts import search_text
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task, a_task_id

BEAT_MS = 4
FILTER = "-pipes"
SORTED_BY = Column.TIME
RUNNING = 200
PROJECTS = ("wing", "dam", "pipes", "default")
SHOWN = [column for column, known in COLUMNS.items() if known.look.shown]


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


def store_of(rows: int) -> TaskStore:
    chance = random.Random(7)
    store = TaskStore()
    store.apply(some_task(number, chance) for number in range(rows))
    return store


def full_store(rows: int) -> TaskStore:
    """Tasks that say something in every column that a person is likely to show."""
    chance = random.Random(7)
    store = TaskStore()
    store.apply(
        replace(
            some_task(number, chance),
            machine_group_name=f"mg-{number % 20}",
            estimated_computation_cost=chance.random() * 3,
            metrics=TaskMetrics(queue_time_seconds=chance.random() * 900, computation_seconds=chance.random() * 1e4),
        )
        for number in range(rows)
    )
    return store


class Heartbeat:
    """By how much [ms] a timer of the event loop comes late, and how much processor time [ms] its thread has spent
    from one beat to the next."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.worst: list[float] = []
        self.worst_cpu: list[float] = []
        self._spent = time.thread_time()
        self._cpu: list[float] = []
        self._last = self._second = time.perf_counter()
        self._in_second: list[float] = []
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self._in_second.append(max(0.0, (now - self._last) * 1e3 - BEAT_MS))
        self._last = now
        spent = time.thread_time()
        self._cpu.append((spent - self._spent) * 1e3)
        self._spent = spent
        if now - self._second >= 1:
            self.late += self._in_second
            self.worst.append(max(self._in_second))
            self.worst_cpu.append(max(self._cpu))
            self._in_second, self._cpu, self._second = [], [], now

    def all_late(self) -> list[float]:
        """The lateness of every beat so far."""
        return self.late + self._in_second

    def stop(self) -> None:
        self._timer.stop()


def share(values: list[float], percent: float) -> float:
    """The value below which `percent` of `values` are."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def shares(values: list[float]) -> tuple[float, float]:
    """p50 and p99."""
    return share(values, 50), share(values, 99)


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

    column = SORTED_BY

    def __init__(self, model: PlainModel) -> None:
        super().__init__()
        self._model = model
        self._filter = parse_filter(FILTER, clock())
        self._now = clock()
        self.setSourceModel(model)

    def filterAcceptsRow(self, row: int, _parent: Any) -> bool:
        return self._filter.accepts(self._model.tasks[row], self._model.texts[row])

    def lessThan(self, left: Any, right: Any) -> bool:
        key, tasks = COLUMNS[self.column].sort_key, self._model.tasks
        one = key(tasks[left.row()], self._now, Observed())
        other = key(tasks[right.row()], self._now, Observed())
        return (one is None, one or 0) < (other is None, other or 0)


class Item(QTreeWidgetItem):
    """A row that asks Python for its texts and its place, as render farm monitors do it."""

    def __init__(self, tree: QTreeWidget, task: Task) -> None:
        super().__init__(tree)
        self.task = task

    def data(self, column: int, role: int) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return COLUMNS[SHOWN[column]].text(self.task, clock(), Observed())

    def __lt__(self, other: Any) -> bool:
        key = COLUMNS[SHOWN[self.treeWidget().sortColumn()]].sort_key
        one, two = key(self.task, NOON, Observed()), key(other.task, NOON, Observed())
        return (one is None, one or 0) < (two is None, two or 0)


class Tree(QTreeWidget):
    """All tasks as items; a change takes the whole list over again. It is sorted once: sorting at each change takes
    seconds."""

    def __init__(self, store: TaskStore) -> None:
        super().__init__()
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setColumnCount(len(SHOWN))
        shown = [task for task in store.tasks.values() if task.project != "pipes"]
        shown.sort(key=lambda task: COLUMNS[SORTED_BY].sort_key(task, NOON, Observed()) or 0)
        self.items_of = {task.task_id: Item(self, task) for task in shown}
        self._store = store
        store.subscribe(self._take)

    def _take(self, _change: Change) -> None:
        tasks = self._store.tasks
        for task_id, item in self.items_of.items():
            item.task = tasks[task_id]
        self.scheduleDelayedItemsLayout()


def taskmon_table(store: TaskStore) -> tuple[TaskTable, TaskTableModel]:
    model = TaskTableModel(store, clock)
    model.set_filter(FILTER)
    model.sort_by([SortKey(SORTED_BY)])
    model.flush()
    table = TaskTable()
    table.setModel(model)
    table.set_clock(clock)
    return table, model


def proxy_table(store: TaskStore) -> tuple[QTableView, PythonProxy]:
    proxy = PythonProxy(PlainModel(store))
    table = QTableView()
    table.setModel(proxy)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(30)
    for column in COLUMNS:
        table.setColumnHidden(column, column not in SHOWN)
    proxy.sort(SORTED_BY)
    return table, proxy


def spin(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()

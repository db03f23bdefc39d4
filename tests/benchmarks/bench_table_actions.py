"""What one action costs in the table of tasks, beside Qt's usual designs: `bench_table_actions.py [ROWS] [MILLION]`.

Key strokes in the filter box, sorting by number and by text, memory per row, a list of MILLION rows (0
leaves it out), and a day of use in a minute. Times are processor time of the window's thread until the result is
painted; `longest` is the longest turn of the event loop on the way there.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil
from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QApplication, QTableView

from taskmon.client.task_store import TaskStore
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.models.columns import COLUMNS, Column
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.task_table import TaskTable
from tests.benchmarks.table_designs import (
    changed,
    clock,
    proxy_table,
    share,
    store_of,
    taskmon_table,
)  # fmt: skip

HOURS = 24
UPDATES_PER_HOUR = 360  # one every ten seconds
FRAME_S = 0.02


def resident() -> int:
    """Bytes of memory in use."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def cost(app: QApplication, action: Callable[[], object], pending: Callable[[], object] = bool) -> tuple[float, float]:
    """Processor time [ms] in all and of the longest turn, until nothing is `pending` and all is painted."""
    began = before = time.thread_time()
    action()
    longest = 0.0
    while True:
        longest, before = max(longest, time.thread_time() - before), time.thread_time()
        if not pending():
            break
        app.processEvents()
    for _ in range(2):  # Qt paints up to a frame later; what is not painted now would count for the next action
        app.processEvents()
        longest, before = max(longest, time.thread_time() - before), time.thread_time()
        time.sleep(FRAME_S)
    return (time.thread_time() - began) * 1e3, longest * 1e3


def repaint(table: QTableView) -> float:
    """The median [ms] of full repaints at different places."""
    bar, found = table.verticalScrollBar(), []
    for number in range(60):
        bar.setValue(bar.maximum() * (number * 37 % 60) // 60)
        QApplication.processEvents()
        before = time.thread_time()
        table.viewport().repaint()
        found.append((time.thread_time() - before) * 1e3)
    return share(found[20:], 50)


def tell(what: str, ours: tuple[float, float], theirs: float, goal: float) -> None:
    ratio = theirs / ours[0]
    print(
        f"{what}: {ours[0]:.1f} ms (longest {ours[1]:.1f}), proxy {theirs:.0f} ms: 1/{ratio:.0f} (goal 1/{goal:.0f})",
        flush=True,
    )


def filter_and_sort(app: QApplication, store: TaskStore) -> None:
    table, model = taskmon_table(store)
    peer, proxy = proxy_table(store)
    for view in (table, peer):
        view.resize(1100, 700)
        view.show()
    app.processEvents()
    for text in ("w", "wi", "win", "wing", "case-01", "status:failed", "project:dam", "/case-0.*7$/", ""):
        ours = cost(app, partial(model.set_filter, text), lambda: model._work)

        def refilter(text: str = text) -> None:
            proxy._filter = parse_filter(text, clock())
            proxy.beginFilterChange()
            proxy.endFilterChange(QSortFilterProxyModel.Direction.Rows)

        tell(f"filter “{text}”", ours, cost(app, refilter)[0], 20)
    for title, column, goal in (("number", Column.SUBMITTED, 300), ("text", Column.NAME, 200)):
        for again in ("the first time", "again, descending"):
            down = again != "the first time"
            ours = cost(app, partial(model.sort_by, [SortKey(column, down)]), lambda: model._work)
            order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
            proxy.column = column
            proxy.sort(-1)
            theirs = cost(app, partial(proxy.sort, column, order))[0]
            tell(f"sort by {title} {again}", ours, theirs, goal)
    for view in (table, peer):
        view.close()


def memory(store: TaskStore, *, sorted_by_text: bool) -> None:
    before = resident()
    model = TaskTableModel(store, clock)
    model.flush()
    if sorted_by_text:
        model.sort_by([SortKey(Column.NAME)])
        model.flush()
    used = (resident() - before) / len(store)
    what = "sorted by a unique text" if sorted_by_text else "as at first"
    print(f"memory per row over the tasks, {what}: {used:.0f} bytes (goal 250)", flush=True)
    model.close()


def million(app: QApplication, rows: int) -> None:
    found = [a_long_list(app, count, tell_actions=count == rows) for count in (1000, rows)]
    print(
        f"{rows:,} rows: repaint {found[1]:.2f} ms, 1000 rows {found[0]:.2f} ms: {found[1] / found[0]:.2f} (goal 1.2)"
    )


def a_long_list(app: QApplication, rows: int, *, tell_actions: bool) -> float:
    table, model = taskmon_table(store_of(rows))
    table.resize(1100, 700)
    table.show()
    app.processEvents()
    found = repaint(table)
    actions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("a key stroke", lambda: model.set_filter("case-1")),
        ("no filter", lambda: model.set_filter("")),
        ("sort by a number", lambda: model.sort_by([SortKey(Column.SUBMITTED)])),
    )
    for what, action in actions if tell_actions else ():
        total, longest = cost(app, action, lambda: model._work)
        print(f"{rows:,} rows: {what} {total:.0f} ms, longest turn {longest:.0f} ms", flush=True)
    table.close()
    model.close()
    return found


def a_day(app: QApplication) -> None:
    """A day's updates, key strokes and clicks with 2000 tasks."""
    chance = random.Random(3)
    store = store_of(2000)
    model = TaskTableModel(store, clock)
    table = TaskTable()
    table.setModel(model)
    table.resize(1100, 700)
    table.show()
    ids = list(store.tasks)
    marks: list[tuple[int, tuple[int, ...]]] = []
    for hour in range(HOURS):
        for number in range(UPDATES_PER_HOUR):
            store.apply([changed(store.tasks[task_id], chance) for task_id in chance.sample(ids, 20)])
            if number % 60 == 0:
                model.set_filter(chance.choice(("", "wing", "status:failed", "-dam")))
                model.sort_by([SortKey(chance.choice(list(COLUMNS)), chance.random() < 0.5)])
                table.selectRow(chance.randrange(max(1, model.rowCount())))
            model.flush()
            app.processEvents()
        constants = tuple(sys.getrefcount(value) for value in (None, True, False))
        marks.append((resident(), constants))
        if hour == 0:
            model.index(0, 0, QModelIndex())
    settled, end = marks[HOURS // 4], marks[-1]
    growth = (end[0] - settled[0]) / (1 << 20) / (HOURS - HOURS // 4)
    drift = [now - then for now, then in zip(end[1], settled[1], strict=True)]
    print(f"{HOURS} h compressed: {growth:.2f} MB an hour (goal 1); None, True, False drift by {drift}")
    table.close()
    model.close()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    app = QApplication([])
    _garbage = GarbageCollection()  # as in the window: nothing is collected in the midst of a key stroke
    a_day(app)
    store = store_of(rows)
    for sorted_by_text in (False, True):
        memory(store, sorted_by_text=sorted_by_text)
    filter_and_sort(app, store)
    if many:
        million(app, many)
    os._exit(0)  # taking a million rows down takes longer than all the rest


if __name__ == "__main__":
    main()

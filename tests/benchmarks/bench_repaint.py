"""What a full repaint of the table's viewport costs beside Qt's table over items: `bench_repaint.py [ROWS]`.

Both show the same texts in the same columns and font, ours with pills, colours and cut texts. `unchanged` is what a
change of the order, a new theme of the desktop or another window moving away costs: the same rows again. `by pages` and
`dragged` are frames of scrolling, to the next page and to anywhere: from the new place of the scroll bar to the painted
window, all of it rows that were never painted. `second time` repaints rows that were painted once. First the columns
that are shown at first in a window of 1100 × 700, then ten full columns by 33 rows. Times are processor time of the
window's thread, medians.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTableView

from taskmon.gui.models.columns import COLUMNS, Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.theme import load_fonts, ui_font
from taskmon.gui.widgets.cell_painter import ROW_HEIGHT
from tests.benchmarks.table_designs import SHOWN, full_store, share, taskmon_table

GOALS = {"unchanged": 0.35, "by pages": 0.7, "dragged": 0.7, "second time": 1.0}
TEN: Sequence[Column] = (
    Column.STATUS, Column.TASK, Column.NAME, Column.SIMULATOR, Column.PROJECT, Column.MACHINE_GROUP, Column.SUBMITTED,
    Column.IN_QUEUE, Column.TIME, Column.COST,
)  # fmt: skip
REPAINTS = 60


def item_view(model: TaskTableModel, columns: Sequence[Column]) -> QTableView:
    """Qt's own table over ready-made texts: no Python while it paints."""
    items = QStandardItemModel(model.rowCount(), len(columns))
    for row in range(model.rowCount()):
        for place, text in enumerate(model.cell_texts(row, columns)):
            items.setItem(row, place, QStandardItem(text))
    view = QTableView()
    items.setParent(view)
    view.setModel(items)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    view.setWordWrap(False)
    for place, column in enumerate(columns):
        view.setColumnWidth(place, COLUMNS[column].look.width)
    return view


def spent(job: Callable[[int], object], before_each: Callable[[int], object] = bool) -> float:
    """The median [ms] of a job that is done again and again."""
    found = []
    for number in range(REPAINTS):
        before_each(number)
        QApplication.sendPostedEvents()
        began = time.thread_time()
        job(number)
        found.append((time.thread_time() - began) * 1e3)
    return share(found[10:], 50)


def measured(view: QTableView, height: int) -> dict[str, float]:
    """Milliseconds by what is done."""
    view.resize(1100, height)
    view.show()
    QApplication.processEvents()
    bar, page, chance = view.verticalScrollBar(), view.viewport().height() // ROW_HEIGHT, random.Random(5)
    row = ROW_HEIGHT if view.verticalScrollMode() is QTableView.ScrollMode.ScrollPerPixel else 1
    rows = bar.maximum() // row

    def to_row(number: int) -> None:
        bar.setValue(number * row)
        QApplication.sendPostedEvents()

    found = {
        "unchanged": spent(lambda _: view.viewport().repaint()),
        "by pages": spent(lambda number: to_row((number + 1) * page)),
        "dragged": spent(lambda _: to_row(chance.randrange(rows // 2))),
        "second time": spent(lambda _: view.viewport().repaint(), lambda number: to_row(rows // 2 + number * page)),
    }
    view.hide()
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    app = QApplication([])
    load_fonts()
    app.setFont(ui_font())
    for title, columns, height in (("first columns", SHOWN, 700), ("10 columns, 33 rows", TEN, 33 * ROW_HEIGHT + 34)):
        table, model = taskmon_table(full_store(rows))
        for column in COLUMNS:
            table.setColumnHidden(column, column not in columns)
        ours, peer = measured(table, height), measured(item_view(model, columns), height)
        for what, goal in GOALS.items():
            print(
                f"full repaint, {title}, {what}: {ours[what]:.2f} ms, item view {peer[what]:.2f} ms:"
                f" {ours[what] / peer[what]:.2f} (goal {goal})",
                flush=True,
            )
        model.close()
    os._exit(0)


if __name__ == "__main__":
    main()

"""What a full repaint of the table's viewport costs beside Qt's table over items: `bench_repaint.py [ROWS]`.

Both show the same texts in the same columns and font, ours with pills, colours and cut texts. `unchanged` is what a
change of the order, a new theme of the desktop or another window moving away costs: the same rows again. `other rows`
is a jump to rows that were never painted. First the columns that are shown at first in a window of 1100 × 700, then
ten full columns by 33 rows. Times are processor time of the window's thread, medians.
"""

from __future__ import annotations

import os
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

GOAL = 0.35
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


def repaints(view: QTableView, before_each: Callable[[int], object]) -> float:
    """The median [ms] of full repaints."""
    found = []
    for number in range(REPAINTS):
        before_each(number)
        QApplication.sendPostedEvents()
        began = time.thread_time()
        view.viewport().repaint()
        found.append((time.thread_time() - began) * 1e3)
    return share(found[10:], 50)


def measured(view: QTableView, height: int) -> tuple[float, float]:
    """Milliseconds for unchanged and for other rows."""
    view.resize(1100, height)
    view.show()
    QApplication.processEvents()
    bar, page = view.verticalScrollBar(), view.viewport().height() // ROW_HEIGHT
    by_pixel = view.verticalScrollMode() is QTableView.ScrollMode.ScrollPerPixel
    step = page * (ROW_HEIGHT if by_pixel else 1)
    unchanged = repaints(view, bool)
    other = repaints(view, lambda number: bar.setValue((number + 1) * step))
    view.hide()
    return unchanged, other


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
        for what, mine, other in zip(("unchanged", "other rows"), ours, peer, strict=True):
            print(
                f"full repaint, {title}, {what}: {mine:.2f} ms, item view {other:.2f} ms: {mine / other:.2f}"
                f" (goal {GOAL})",
                flush=True,
            )
        model.close()
    os._exit(0)


if __name__ == "__main__":
    main()

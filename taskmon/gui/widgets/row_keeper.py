"""Keeps selection, current row and scroll position on their tasks while the rows of a table change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QTableView

from taskmon.gui.task_rows import Heading, Held, TaskRows

_Flag = QItemSelectionModel.SelectionFlag
_NOWHERE: Final = QModelIndex()


class RowKeeper(QObject):
    """Qt moves the current row along with rows that move; this does the rest.

    The selection is taken out of Qt's hands while rows come, go or move, and given back where its tasks are then: Qt
    would carry it along cell by cell, which takes seconds where thousands are selected. Rows that leave selected come
    back selected, unless the user has chosen something else meanwhile. When the current row leaves there is none,
    instead of a neighbour. What was in view stays there when rows come or go above it: most of the rows, or the current
    one while the list `is_loading` and after another filter or order, as all others move then.
    `selection_changed(list[str], str)` tells the selected ids in row order and which of them is current, once per turn
    of the loop. `counted(int, bool, int)` tells then how many are selected, whether everything that matches is meant,
    and how many tasks are still expected.
    """

    selection_changed = Signal(list, str)
    counted = Signal(int, bool, int)

    def __init__(self, view: QTableView, rows: TaskRows, shown_columns: Callable[[], list[int]]) -> None:
        super().__init__(view)
        self._view = view
        self._rows = rows
        self._shown_columns = shown_columns
        self._settling = False
        self._everything = False
        self.is_loading = False
        self._expected = 0
        self._in_view: dict[str, int] = {}
        self._brings_current = False
        self._hidden: set[str] = set()
        self._held: Held | None = None
        self._returning: list[str] = []
        self._stretches: list[tuple[int, int]] | None = None
        self._current_key = ""
        self._anchor = ""
        self._told: tuple[list[str], str] = ([], "")
        self._tell = QTimer(self, singleShot=True, interval=0)
        self._tell.timeout.connect(self._tell_selection)
        rows.update_begins.connect(self._before_update)
        rows.update_ended.connect(self._after_update)
        for restless in (rows.rowsAboutToBeRemoved, rows.rowsAboutToBeInserted, rows.layoutAboutToBeChanged):
            restless.connect(self._take_off)
        rows.rowsInserted.connect(self._select_returning)

    def watch_selection(self) -> None:
        """To be called when the view has its model. The keeper itself is made before, so that it hears of rows that
        leave or move before Qt does."""
        self._view.selectionModel().selectionChanged.connect(self._chosen)
        self._view.selectionModel().currentChanged.connect(self._current_moved)

    def selected_ids(self) -> list[str]:
        """The selected tasks in the order of their rows."""
        return [task_id for first, last in self.stretches() for task_id in self._rows.ids(first, last)]

    def stretches(self) -> list[tuple[int, int]]:
        """The selected rows from top to bottom, as the first and last of each stretch."""
        if self._stretches is None:
            parts = self._view.selectionModel().selection().toList()
            self._stretches = _joined((part.top(), part.bottom()) for part in parts)
        return self._stretches

    def selected_between(self, first: int, last: int) -> set[int]:
        """The selected rows from `first` to `last`."""
        stretches = self.stretches()
        begin = max(0, bisect_right(stretches, (first, inf)) - 1)
        end = bisect_right(stretches, (last, inf))
        return {row for top, bottom in stretches[begin:end] for row in range(max(first, top), min(last, bottom) + 1)}

    def current_id(self) -> str:
        """The current task; empty if no shown row is current."""
        row = self._view.currentIndex().row()
        return next(iter(self._rows.ids(row, row)), "") if row >= 0 else ""

    def set_open(self, heading: Heading, row: int, *, is_open: bool) -> None:
        """Folds or unfolds the group of the heading in `row`, which stays where it is on the screen."""
        self._anchor = self._rows.keys(row, row)[0]
        self._rows.set_open(heading.reason, is_open)
        self._anchor = ""

    def select_group(self, heading: Heading, row: int) -> None:
        """Unfolds a group and selects its tasks."""
        self.set_open(heading, row, is_open=True)
        first, last = self._index(row + 1), self._index(row + heading.size)
        self._view.selectionModel().setCurrentIndex(first, _Flag.NoUpdate)
        self._view.selectionModel().select(QItemSelection(first, last), _Flag.ClearAndSelect | _Flag.Rows)

    def select_everything(self) -> None:
        """Selects every task, folded ones too, which are unfolded; and those that come as long as more are expected."""
        self._rows.set_all_open(True)
        self._view.selectionModel().select(self._whole_rows(self._every_row()), _Flag.ClearAndSelect)
        self._everything = True
        self._tell.start()

    def select_task(self, task_id: str) -> bool:
        """Makes a task the only selected one, unfolds its group and brings it into view; False if the filter hides
        it."""
        self._rows.reveal(task_id)
        row = self._rows.row_of(task_id)
        if row is None:
            return False
        index = self._index(row)
        self._view.setCurrentIndex(index)
        self._view.selectRow(row)
        self._view.scrollTo(index)
        self._hidden.clear()  # also where the row was the last one left of a selection, so that nothing changes
        return True

    def select_also(self, task_ids: Iterable[str]) -> None:
        """Selects these tasks too, as far as they are shown."""
        more = _joined([*self.stretches(), *self._rows_of(task_ids)])
        self._view.selectionModel().select(self._whole_rows(more), _Flag.ClearAndSelect)

    def expect_rows(self, count: int) -> None:
        """So many rows are still being loaded. After the last one, `everything` is what is selected then."""
        if count != self._expected:
            self._expected = count
            self._tell.start()

    def awaited(self) -> int:
        """How many rows are still being loaded while everything is selected."""
        return self._expected if self._everything else 0

    def bring_current(self) -> None:
        """When the order that is being made is there, the current row comes into view."""
        self._brings_current = True

    def end_everything(self) -> None:
        """Another filter: what comes now was not meant."""
        self._everything = False

    def _every_row(self) -> list[tuple[int, int]]:
        last = self._rows.rowCount() - 1
        return [(0, last)] if last >= 0 else []

    def _rows_of(self, keys: Iterable[str]) -> Iterator[tuple[int, int]]:
        """The shown rows of some tasks, each a stretch of its own."""
        return ((row, row) for row in map(self._rows.row_of, keys) if row is not None)

    def _whole_rows(self, stretches: Iterable[tuple[int, int]]) -> QItemSelection:
        selection, last_column = QItemSelection(), self._rows.columnCount() - 1
        for first, last in stretches:
            selection.select(self._rows.index(first, 0), self._rows.index(last, last_column))
        return selection

    def _index(self, row: int) -> QModelIndex:
        return self._rows.index(row, self._shown_columns()[0])

    def _chosen(self) -> None:
        self._stretches = None
        if self._settling:
            return
        self._hidden.clear()
        self._everything = False
        self._tell.start()

    def _current_moved(self, now: QModelIndex) -> None:
        if self._settling:
            return
        self._current_key = self._rows.keys(now.row(), now.row())[0] if now.isValid() else ""
        if now.isValid() and self._rows.heading_at(now.row()) is not None:
            self._tell.start()  # nothing was chosen
        else:
            self._chosen()

    def _tell_selection(self) -> None:
        ids, current = self.selected_ids(), self.current_id()
        # Qt makes the first row current when the table merely gets the focus; nobody has chosen it.
        told = (ids, current if self._view.selectionModel().isRowSelected(self._view.currentIndex().row()) else "")
        if told != self._told:
            self._told = told
            self.selection_changed.emit(*told)
        self.counted.emit(len(ids), self._everything, self._expected)
        if not self._expected:
            self._everything = False

    # While data arrives ------------------------------------------------------------------------------------------

    def _before_update(self) -> None:
        self._settling = True
        self._brings_current |= bool(self._current_key) and self._rows.row_of(self._current_key) is None
        self._view.setAutoScroll(False)  # Qt would scroll to the row that it makes current when the current one leaves
        first, last = self._view.rowAt(0), self._view.rowAt(self._view.viewport().height() - 1)
        keys = self._rows.keys(first, self._rows.rowCount() - 1 if last < 0 else last) if first >= 0 else []
        self._in_view = {key: first + number for number, key in enumerate(keys) if self._anchor in ("", key)}

    def _after_update(self) -> None:
        self._put_back()
        self._restore_current()
        self._keep_in_view()
        if self._rows.is_chosen and self._brings_current:
            self._brings_current = False
            if self._view.currentIndex().isValid():
                self._view.updateGeometries()
                self._view.scrollTo(self._view.currentIndex())
        self._view.setAutoScroll(True)
        self._settling = False
        self._tell.start()

    def _take_off(self) -> None:
        """Nothing is selected from the first step of a change that moves rows until its end."""
        if self._settling and self._held is None:
            self._held = self._rows.hold(self.stretches())
            with QSignalBlocker(self._view.selectionModel()):
                self._view.selectionModel().clearSelection()

    def _select_returning(self, _parent: QModelIndex, first: int, last: int) -> None:
        if self._hidden and not self._everything:
            self._returning += self._hidden.intersection(self._rows.keys(first, last))

    def _put_back(self) -> None:
        """Selects what was selected before the change, and what has come back."""
        held, returning = self._held, self._returning
        self._held, self._returning = None, []
        if held is None:
            return
        rows = self._every_row() if self._everything else self._rows_of(returning)
        self._stretches = _joined([*held.stretches(), *rows])
        self._hidden.update(held.hidden())
        self._hidden.difference_update(returning)
        with QSignalBlocker(self._view.selectionModel()):  # nobody has chosen anything
            self._view.selectionModel().select(self._whole_rows(self._stretches), _Flag.ClearAndSelect)
        self._view.viewport().update()

    def _restore_current(self) -> None:
        """The current row is the same one, or none: never a neighbour that slipped into its place."""
        row = self._rows.row_of(self._current_key) if self._current_key else None
        if row is None and self._view.currentIndex().isValid():
            self._view.selectionModel().setCurrentIndex(_NOWHERE, _Flag.NoUpdate)
        elif row is not None and self._view.currentIndex().row() != row:
            self._view.selectionModel().setCurrentIndex(self._index(row), _Flag.NoUpdate)

    def _keep_in_view(self) -> None:
        """Scrolls by as much as most of the rows in view have moved; a list at its very top stays there. While it is
        loading, and when another filter or order was chosen, only the current row counts, if it was in view."""
        bar = self._view.verticalScrollBar()
        follows = self.is_loading or self._rows.is_chosen
        current = self._current_key if follows and self._current_key in self._in_view else ""
        if bar.value() == 0 and not current:
            return
        kept = {current: self._in_view[current]} if current else self._in_view
        found = [(self._rows.row_of(key), before) for key, before in kept.items()]
        shifts = sorted(now - before for now, before in found if now is not None)
        shift = shifts[len(shifts) // 2] if shifts else 0
        if shift:
            height = self._view.rowHeight(0)
            if bar.maximum() != self._rows.rowCount() * height - self._view.viewport().height():
                self._view.updateGeometries()  # rows have come or gone, and Qt has not reckoned with them yet
            bar.setValue(bar.value() + shift * height)


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order; those that touch or overlap are one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined

"""A table of files in folders: put in order bit by bit, what is chosen and looked at stays where it is."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from taskmon.core.file_tree import FileTree, portions
from taskmon.gui.long_work import LongWork
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.file_painter import ROW_HEIGHT, Column, FilePainter
from taskmon.gui.widgets.file_rows import AGE, NAME, SIZE, FileRows, Order, Place
from taskmon.gui.widgets.file_tree_model import FileTreeModel
from taskmon.gui.widgets.open_folders import OpenFolders
from taskmon.gui.widgets.own_viewport import give_viewport, set_up_rows
from taskmon.gui.widgets.plain_tooltip import PlainTooltips

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from taskmon.core.file_tree import Entry, Steps
    from taskmon.gui.theme import Theme

    Chosen = tuple[list[tuple[int, int]], int | None, int]
    """The rows that are selected, as (first, last), the one that is current, and how many files are meant."""

_AT_ONCE: Final = 2000
"""So many files are put in order without turning to anything else."""
_STEP_S: Final = 0.004
_LOOKED_UP: Final = 20
_ROOM_FOR_AGE: Final = 400
"""Pixels of width below which ages would leave no room for names."""

_Flag = QItemSelectionModel.SelectionFlag


class FileTable(QTableView):
    """Long lists are put in order bit by bit; what was shown before stays until then.

    Selection, current row, open folders and the rows in view stay on their files.
    """

    choice_changed = Signal()
    shown = Signal()
    """Other rows, or the same with other numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        give_viewport(self)
        self.files = FileTreeModel()
        self.folders = OpenFolders()
        self._every, self._words = FileTree(), ""
        self._order = Order()
        self._version = 0
        self._counted = (0, 0)
        self._settling = False
        self._to_top = self._fresh = False
        self._work: LongWork[tuple[FileRows, Chosen]] = LongWork(self._install)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(lambda: self._go_on(_STEP_S))
        self.setModel(self.files)
        self.setItemDelegate(PlainTooltips(self))
        self._painter, self._ground = FilePainter(), QColor(LIGHT.surface)
        self._set_up()

    def _set_up(self) -> None:
        self.setAccessibleName("Files of the task")
        set_up_rows(self, ROW_HEIGHT)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        # Qt looks at every row to paint a column's title as selected: let it look where nothing is.
        header.setSelectionModel(QItemSelectionModel(self.files, self))
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._turn_order)
        self.setColumnWidth(SIZE, 100)
        self.setColumnWidth(AGE, 150)

    def set_theme(self, theme: Theme) -> None:
        self._painter.set_theme(theme)
        self._ground = QColor(theme.surface)
        self.viewport().update()

    # -- values in ------------------------------------------------------------------------------------------------

    def begin_with(self, tree: FileTree) -> None:
        """The files of another task; a small tree is shown open."""
        self._every, self._words, self._to_top, self._fresh = tree, "", True, True
        self.selectionModel().clear()
        self._arrange()

    def go_on_with(self, tree: FileTree) -> None:
        """Later files of the same task."""
        self._every = tree
        self._arrange()

    def show_matching(self, words: str) -> None:
        """Only the files whose path has every word in it, in open folders; all for no words."""
        if words.split() != self._words.split():
            self._words, self._to_top = words, True
            self.folders.set_filtered(bool(words.split()))
            self._arrange()

    def sort_by(self, order: Order) -> None:
        """Puts each folder in an order."""
        self._order = order
        self.files.show_order(order)
        self._to_top = True
        self._arrange()

    def _turn_order(self, column: int) -> None:
        """The other way round; by another column first what is sought there: names from A, the largest, the newest."""
        again = column == self._order.column
        self.sort_by(Order(column, not self._order.descending if again else column != NAME))

    # -- arranging ------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether what was asked for is still being put in order."""
        return bool(self._work)

    def _arrange(self) -> None:
        self._work.begin("rows", self._arranged())
        self._go_on(inf if len(self._every) <= _AT_ONCE else _STEP_S)

    def _go_on(self, seconds: float) -> None:
        self._work.go_on(seconds)
        if not self._work:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _arranged(self) -> Steps[tuple[FileRows, Chosen]]:
        if self._fresh:
            self.folders = yield from OpenFolders.of(self._every)
            self.folders.set_filtered(bool(self._words.split()))
            self._fresh = False
        tree = yield from self._every.matching(self._words)
        rows = yield from FileRows.arranged(tree, self._order, self.folders.opener(), self.files.rows)
        return rows, (yield from self._found_again(rows))

    def _found_again(self, rows: FileRows) -> Steps[Chosen]:
        """Where the chosen rows are among other rows; from the beginning if the person chooses something meanwhile."""
        while True:
            version = self._version
            ranges = yield from _stretches((yield from self._looked_up(rows, version)))
            files = rows.count_files(ranges)
            yield
            if version == self._version:
                current = self.currentIndex().row()
                return ranges, rows.row_of(self.files.rows.place(current)) if current >= 0 else None, files

    def _looked_up(self, rows: FileRows, version: int) -> Steps[list[int]]:
        before, found, looked = self.files.rows, list[int](), 0
        for first, last in self._ranges():
            for row in range(first, last + 1):
                place = before.place(row)
                if looked >= _LOOKED_UP:
                    yield from rows.count_around(place)
                now = rows.row_of(place)
                if now is not None:
                    found.append(now)
                looked += 1
                if looked % _LOOKED_UP == 0:
                    yield
                    if version != self._version:
                        return []
        return sorted(found)

    def _install(self, arranged: tuple[FileRows, Chosen]) -> None:
        rows, (chosen, current, files) = arranged
        if rows.same_places(self.files.rows):
            self.files.show(rows)  # with other numbers
        else:
            self._replace(rows, chosen, current)
        self._counted = self._version, files
        self._to_top = False
        self.viewport().update()
        self.shown.emit()
        self.choice_changed.emit()

    def _replace(self, rows: FileRows, chosen: list[tuple[int, int]], current: int | None) -> None:
        bar = self.verticalScrollBar()
        offset = self._shift(rows) if bar.value() and not self._to_top else None
        self._settling = True
        self.setAutoScroll(False)  # Qt would scroll to the row that it makes current when the current one leaves
        self.files.show(rows)
        selection = QItemSelection()
        for first, last in chosen:
            selection.append(QItemSelectionRange(self.files.index(first, NAME), self.files.index(last, AGE)))
        self.selectionModel().select(selection, _Flag.ClearAndSelect)
        index = self.files.index(current, NAME) if current is not None else QModelIndex()
        self.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)
        self.setAutoScroll(True)
        self._settling = False
        self.updateGeometries()
        if offset is not None:
            bar.setValue(bar.value() + offset * ROW_HEIGHT)
            return
        bar.setValue(0)
        if index.isValid():
            self.scrollTo(index)

    def _shift(self, rows: FileRows) -> int | None:
        """By how many rows the first of the rows in view that is still there has moved; None if none is."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        for row in range(max(0, first), (last if last >= 0 else len(self.files.rows) - 1) + 1):
            now = rows.row_of(self.files.rows.place(row))
            if now is not None:
                return now - row
        return None

    # -- paint ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._ground)
        offset = self.verticalScrollBar().value()
        first = (event.rect().top() + offset) // ROW_HEIGHT
        end = min(len(self.files.rows), (event.rect().bottom() + offset) // ROW_HEIGHT + 1)
        top = first * ROW_HEIGHT - offset
        chosen = {row for begin, last in self._ranges() for row in range(max(first, begin), min(end, last + 1))}
        self._painter.paint(painter, self.files, range(first, end), top, self.columns(), chosen)
        current = self.currentIndex().row()
        if self.hasFocus() and first <= current < end:
            self._painter.paint_current(painter, current * ROW_HEIGHT - offset)
        painter.end()

    def columns(self) -> list[Column]:
        """Where the columns are in the viewport."""
        header = self.horizontalHeader()
        shown = [n for n in (NAME, SIZE, AGE) if not header.isSectionHidden(n)]
        return [Column(n, header.sectionViewportPosition(n), header.sectionSize(n)) for n in shown]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow table names come before ages."""
        super().resizeEvent(event)
        narrow = self.viewport().width() < _ROOM_FOR_AGE
        if narrow != self.isColumnHidden(AGE):
            self.setColumnHidden(AGE, narrow)

    # -- folders --------------------------------------------------------------------------------------------------

    def set_open(self, row: int, *, is_open: bool) -> None:
        """Opens or closes the folder of a row."""
        place = self.files.rows.place(row)
        if place.is_folder and self.files.rows.is_open(place.path) != is_open:
            self.folders.set_open(place.path, is_open=is_open)
            self._arrange()

    def set_all_open(self, *, is_open: bool) -> None:
        """Opens or closes every folder, thousands at most."""
        self.folders.set_all(is_open=is_open)
        self._arrange()

    def is_open(self, path: str) -> bool:
        """Whether a folder's content is shown."""
        return self.files.rows.is_open(path)

    # -- what is chosen -------------------------------------------------------------------------------------------

    def _ranges(self) -> list[tuple[int, int]]:
        return sorted((part.top(), part.bottom()) for part in self.selectionModel().selection().toList())

    def count_chosen(self) -> int:
        """How many rows are selected."""
        return sum(last - first + 1 for first, last in self._ranges())

    def current(self) -> Entry | None:
        """The one entry that is selected; None for none or several."""
        ranges = self._ranges()
        return self.files.rows.entry(ranges[0][0]) if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else None

    def chosen_paths(self) -> list[str]:
        """The paths of all selected files and folders."""
        return self.files.rows.paths(self._ranges())

    def chosen_files(self) -> int:
        """How many files are selected, those in selected folders among them."""
        version, files = self._counted
        return files if version == self._version else self.files.rows.count_files(self._ranges())

    def select(self, *places: Place) -> None:
        """Selects what is shown of these, and makes the last one current."""
        flags = _Flag.ClearAndSelect | _Flag.Rows
        for row in map(self.files.rows.row_of, places):
            if row is not None:
                self.selectionModel().setCurrentIndex(self.files.index(row, NAME), flags)
                flags = _Flag.Select | _Flag.Rows

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._settling:
            self._version += 1
            self.choice_changed.emit()


def _stretches(rows: list[int]) -> Steps[list[tuple[int, int]]]:
    """Ascending rows as (first, last) of unbroken stretches."""
    found: list[tuple[int, int]] = []
    for some in portions(rows):
        for row in some:
            if found and found[-1][1] == row - 1:
                found[-1] = found[-1][0], row
            else:
                found.append((row, row))
        yield
    return found

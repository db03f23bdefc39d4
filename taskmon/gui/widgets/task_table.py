"""The table of tasks: calm rows that stay under the reader's eyes while data arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from taskmon.gui.task_rows import PaintedRows, SortKey, TaskRows
from taskmon.gui.theme import LIGHT, Theme
from taskmon.gui.widgets.cell_painter import ROW_HEIGHT, Room
from taskmon.gui.widgets.copy_rows import as_csv, as_mime, menu_of_copies, row_values
from taskmon.gui.widgets.group_folding import GroupFolding
from taskmon.gui.widgets.own_viewport import give_viewport
from taskmon.gui.widgets.plain_tooltip import PlainTooltips
from taskmon.gui.widgets.row_keeper import RowKeeper
from taskmon.gui.widgets.row_painter import Look, RowPainter
from taskmon.gui.widgets.selection_note import SelectionNote
from taskmon.gui.widgets.task_header import TaskHeader

_ACCENT_WIDTH: Final = 3
_TICK_MARGIN_MS: Final = 15


class TaskTable(QTableView):
    """Shows `TaskRows`.

    Signals: `selection_changed(list[str], str)` with the selected ids in the order of the rows and the one of them
    that is current, empty if none is; `task_activated(str)` on Enter or double click;
    `kill_requested(list[str])` on Delete; `context_menu_requested(QPoint)` in global coordinates.
    What the filter hides comes back selected as it went, unless something else was chosen meanwhile.
    """

    selection_changed = Signal(list, str)
    task_activated = Signal(str)
    kill_requested = Signal(list)
    context_menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        give_viewport(self)
        self._rows: TaskRows | None = None
        self._first: PaintedRows | None = None
        self._theme = LIGHT
        self._painter = RowPainter(LIGHT)
        self._stale = False
        self._hovered = -1
        self._clock: Callable[[], datetime] | None = None
        self._keeper: RowKeeper | None = None
        self._tick = QTimer(self, singleShot=True)
        self._tick.timeout.connect(self._second_passed)
        self._note = SelectionNote(self)
        self._header = TaskHeader(self)
        self._header.sort_requested.connect(self._sort)
        self._set_up()

    def _set_up(self) -> None:
        self.setAccessibleName("Tasks")
        self.setItemDelegate(PlainTooltips(self))
        self.setHorizontalHeader(self._header)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCornerButtonEnabled(False)
        self.setCornerWidget(QWidget(self))  # else the style draws a frame where the scroll bars meet
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setMinimumSectionSize(ROW_HEIGHT)
        vertical.setDefaultSectionSize(ROW_HEIGHT)
        self.verticalScrollBar().setSingleStep(ROW_HEIGHT)
        self.doubleClicked.connect(self._double_clicked)

    # What others set ---------------------------------------------------------------------------------------------

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Shows the rows of `model`, which must be `TaskRows`."""
        if not isinstance(model, TaskRows):
            super().setModel(model)
            return
        self._rows = model
        self._keeper = RowKeeper(self, model, self._header.shown_columns)
        super().setModel(model)
        self._header.show_rows(model)
        self._keeper.watch_selection()
        GroupFolding(self, model, self._keeper)
        self._keeper.selection_changed.connect(self.selection_changed)
        self._keeper.counted.connect(self._note_selection)
        self._note.all_requested.connect(self.select_everything)
        model.update_ended.connect(self._hover_again)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._painter.set_theme(theme)
        self._header.set_theme(theme)
        self._note.set_theme(theme)
        self.viewport().update()

    def set_stale(self, stale: bool) -> None:
        """Pale rows: what they say may no longer be so."""
        self._stale = stale
        self.viewport().update()

    def show_first(self, rows: PaintedRows | None) -> None:
        """Rows to paint for as long as the model has none; None: no longer."""
        self._first = rows
        self.viewport().update()

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """From now on times go on in the rows in view, on the full second of `clock`."""
        self._clock = clock
        self._schedule_tick()

    def save_state(self) -> bytes:
        """Columns and order, for `restore_state`."""
        return self._header.save_state()

    def restore_state(self, state: bytes) -> bool:
        """Columns and order as they were; False, and nothing changed, for a value that makes no sense."""
        return self._header.restore_state(state)

    def reset_columns(self) -> None:
        """The first choice, order and width of columns."""
        self._header.reset_columns()

    # Selection by id ---------------------------------------------------------------------------------------------

    def selected_ids(self) -> list[str]:
        """The selected tasks in the order of their rows."""
        return [] if self._keeper is None else self._keeper.selected_ids()

    def current_id(self) -> str:
        """The current task; empty if no shown row is current."""
        return "" if self._keeper is None else self._keeper.current_id()

    def select_task(self, task_id: str) -> bool:
        """Makes a task the only selected one and brings it into view; False if the filter hides it."""
        return self._keeper is not None and self._keeper.select_task(task_id)

    def select_also(self, task_ids: Iterable[str]) -> None:
        """Selects these tasks beside what is selected, as far as the filter shows them."""
        if self._keeper is not None:
            self._keeper.select_also(task_ids)

    def select_everything(self) -> None:
        """Selects all that match, and what is still being loaded as it arrives, until something else is chosen."""
        if self._keeper is not None:
            self._keeper.select_everything()

    def selectAll(self) -> None:
        self.select_everything()

    def end_everything(self) -> None:
        """Another filter: what comes now was not meant by `select_everything`."""
        if self._keeper is not None:
            self._keeper.end_everything()

    def expect_rows(self, unloaded: int) -> None:
        """So many tasks are still being loaded, 0 at the end: said beside the selection, and awaited by
        `select_everything`."""
        if self._keeper is not None:
            self._keeper.expect_rows(unloaded)

    def _note_selection(self, selected: int, everything: bool, unloaded: int) -> None:
        matching = self._rows.matching() if self._rows is not None else 0
        self._note.show_selection(selected, matching, unloaded, everything=everything)

    def _sort(self, keys: list[SortKey]) -> None:
        if self._rows is None:
            return
        self.verticalScrollBar().setValue(0)
        self._rows.sort_by(keys)
        self._header.viewport().update()
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    # Time --------------------------------------------------------------------------------------------------------

    def _schedule_tick(self) -> None:
        if self._clock is not None:
            self._tick.start(1000 - self._clock().microsecond // 1000 + _TICK_MARGIN_MS)

    def _second_passed(self) -> None:
        self._schedule_tick()
        first, last = self._visible_rows()
        if self._rows is None or first < 0 or not self.isVisible():
            return
        rows = self._rows
        if all(rows.heading_at(row) or rows.task_at(row).is_terminated for row in range(first, last + 1)):
            return
        height = self.viewport().height()
        for column in self._header.shown_columns():
            if self._rows.look(column).ticking:
                left = self._header.sectionViewportPosition(column)
                self.viewport().update(QRect(left, 0, self._header.sectionSize(column), height))

    # Paint -------------------------------------------------------------------------------------------------------

    def _visible_rows(self) -> tuple[int, int]:
        """The first and last row in view; (-1, -1) without rows."""
        return self._rows_between(0, self.viewport().height() - 1)

    def _rows_between(self, top: int, bottom: int) -> tuple[int, int]:
        count = self._rows.rowCount() if self._rows is not None else 0
        offset = self.verticalScrollBar().value()
        first, last = max(0, (top + offset) // ROW_HEIGHT), min(count - 1, (bottom + offset) // ROW_HEIGHT)
        return (first, last) if first <= last else (-1, -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.surface))
        first, last = self._rows_between(event.rect().top(), event.rect().bottom())
        if self._rows is not None and first >= 0:
            self._paint_rows(painter, event.rect(), self._rows, first, last)
        elif self._first is not None:
            self._paint_rows(painter, event.rect(), self._first, 0, self._first.rowCount() - 1)
        painter.end()

    def _paint_rows(self, painter: QPainter, rect: QRect, rows: PaintedRows, first: int, last: int) -> None:
        selected, rooms = self._selected_between(first, last), self._rooms_in(rect, rows)
        look = Look(selected, self._hovered, self._stale, self.viewport().width())
        grouped = self._rows if self._rows is not None and self._rows.grouped() else None
        self._painter.paint(painter, rows, range(first, last + 1), self._top_of(first), rooms, look, grouped)
        current = self.currentIndex().row()
        if first <= current <= last and self.hasFocus():
            painter.fillRect(0, self._top_of(current), _ACCENT_WIDTH, ROW_HEIGHT - 1, QColor(self._theme.accent))

    def _top_of(self, row: int) -> int:
        return row * ROW_HEIGHT - self.verticalScrollBar().value()

    def _rooms_in(self, rect: QRect, rows: PaintedRows) -> list[Room]:
        """The shown columns that `rect` touches."""
        header = self._header
        cells = [(c, header.sectionViewportPosition(c), header.sectionSize(c)) for c in header.shown_columns()]
        return [
            (column, rows.look(column).kind, left, width)
            for column, left, width in cells
            if left <= rect.right() and left + width > rect.left()
        ]

    def _selected_between(self, first: int, last: int) -> set[int]:
        """The selected rows from `first` to `last`; asking Qt row by row costs ten times as much."""
        parts = self.selectionModel().selection().toList()
        return {row for part in parts for row in range(max(first, part.top()), min(last, part.bottom()) + 1)}

    def sizeHintForColumn(self, column: int) -> int:
        """The width [px] that the rows in view need, for a double click on the header's edge."""
        first, last = self._visible_rows()
        if self._rows is None or first < 0:
            return -1
        kind = self._rows.look(column).kind
        texts = [self._rows.cell_texts(row, [column])[0] for row in range(first, last + 1)]
        return int(max(self._painter.cells.width_of(kind, text) for text in texts)) + 1

    # Mouse and keyboard ------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(event.position().toPoint())
        super().mouseMoveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    def _hover_again(self) -> None:
        """Another row may have come under the resting mouse."""
        self._hover(self.viewport().mapFromGlobal(self.cursor().pos()) if self.underMouse() else None)

    def _hover(self, at: QPoint | None) -> None:
        row = -1 if at is None or not self.viewport().rect().contains(at) else self._rows_between(at.y(), at.y())[0]
        if row != self._hovered:
            for changed in (self._hovered, row):
                self.viewport().update(0, self._top_of(changed), self.viewport().width(), ROW_HEIGHT)
            self._hovered = row

    def _double_clicked(self, index: QModelIndex) -> None:
        if self._rows is not None and index.isValid():
            self.task_activated.emit(self._rows.task_at(index.row()).task_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        position = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            position = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        self.context_menu_requested.emit(position)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and last row; Qt's table would stay in the row."""
        if action in (QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd):
            modifiers |= Qt.KeyboardModifier.ControlModifier
        return super().moveCursor(action, modifiers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.Delete) and self.selected_ids():
            self.kill_requested.emit(self.selected_ids())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_id():
            self.task_activated.emit(self.current_id())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, _search: str) -> None:
        """Nothing: Qt would ask for the text of every row. The filter box finds tasks."""

    # The clipboard -----------------------------------------------------------------------------------------------

    def copy_selection(self) -> None:
        """The selected rows with titles, as tab-separated text and as CSV; the program that pastes takes its choice."""
        if self.selected_ids():
            QGuiApplication.clipboard().setMimeData(as_mime(self._selected_values()))

    def copy_csv(self) -> None:
        """The selected rows with titles as comma-separated text."""
        if self.selected_ids():
            QGuiApplication.clipboard().setText(as_csv(self._selected_values()))

    def copy_ids(self) -> None:
        """The ids of the selected tasks, one per line."""
        if self.selected_ids():
            QGuiApplication.clipboard().setText("\n".join(self.selected_ids()) + "\n")

    def copy_menu(self, parent: QWidget) -> QMenu:
        """A submenu with the ways to copy the selected rows."""
        ways = (("As text", self.copy_selection), ("As CSV", self.copy_csv), ("Task ids", self.copy_ids))
        return menu_of_copies(parent, ways, enabled=bool(self.selected_ids()))

    def _selected_values(self) -> list[list[str]]:
        return [] if self._rows is None else row_values(self._rows, self._header.shown_columns(), self.selected_ids())

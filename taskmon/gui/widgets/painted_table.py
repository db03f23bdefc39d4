"""How the table of tasks looks: its rows painted by ourselves, times that go on, the row under the mouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from taskmon.gui.task_rows import PaintedRows, TaskRows
from taskmon.gui.theme import LIGHT, Theme
from taskmon.gui.widgets.cell_painter import ROW_HEIGHT, Room
from taskmon.gui.widgets.own_viewport import give_viewport, set_up_rows
from taskmon.gui.widgets.row_painter import Look, RowPainter
from taskmon.gui.widgets.task_header import TaskHeader

_ACCENT_WIDTH: Final = 3
_TICK_MARGIN_MS: Final = 15


class PaintedTable(QTableView):
    """Paints `rows`, a model's; while there are none, those of `show_first`."""

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
        self._tick = QTimer(self, singleShot=True)
        self._tick.timeout.connect(self._second_passed)
        self._header = TaskHeader(self)
        self.setHorizontalHeader(self._header)
        set_up_rows(self, ROW_HEIGHT)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setCornerWidget(QWidget(self))  # else the style draws a frame where the scroll bars meet

    def _show_rows(self, rows: TaskRows) -> None:
        """From now on the rows are these; they are the view's model already."""
        self._rows = rows
        self._header.show_rows(rows)
        rows.update_ended.connect(
            self.executeDelayedItemsLayout
        )  # in the midst of painting it would ask for a second one
        rows.update_ended.connect(self._hover_again)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._painter.set_theme(theme)
        self._header.set_theme(theme)
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
        self._painter.paint(painter, rows, range(first, last + 1), self._top_of(first), rooms, look)
        current = self.currentIndex().row()
        if first <= current <= last and self.hasFocus():
            painter.fillRect(0, self._top_of(current), _ACCENT_WIDTH, ROW_HEIGHT - 1, QColor(self._theme.accent))

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The mark of the current row stands at its left edge, wherever the current cell is."""
        super().currentChanged(current, previous)
        for index in (current, previous):
            if index.isValid():
                self.viewport().update(0, self._top_of(index.row()), self.viewport().width(), ROW_HEIGHT)

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
        """The selected rows from `first` to `last`: none, where nothing can be selected."""
        return set()

    def sizeHintForColumn(self, column: int) -> int:
        """The width [px] that the rows in view need, for a double click on the header's edge."""
        first, last = self._visible_rows()
        if self._rows is None or first < 0:
            return -1
        kind = self._rows.look(column).kind
        texts = [self._rows.cell_texts(row, [column])[0] for row in range(first, last + 1)]
        return int(max(self._painter.cells.width_of(kind, text) for text in texts)) + 1

    # The row under the mouse -------------------------------------------------------------------------------------

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

"""The header of the task table: quiet titles, the order as arrows, and a menu that chooses the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from taskmon.gui.task_rows import CellKind, ColumnLook, SortKey, TaskRows
from taskmon.gui.theme import LIGHT, Theme, ui_font
from taskmon.gui.widgets.cell_painter import PADDING
from taskmon.gui.widgets.own_viewport import give_viewport

_HEIGHT: Final = 30
_LEAST: Final = 44
_WIDEST: Final = 4000
_ARROW: Final = 4.0
_MOST_FOLDED: Final = 500
_DESCENDING_FIRST: Final = (CellKind.NUMBER, CellKind.BAR)


class TaskHeader(QHeaderView):
    """Emits `sort_requested(list[SortKey])`: a click asks for one direction, then the other, then the first order;
    with Shift the column comes after those that are there."""

    sort_requested = Signal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        give_viewport(self)
        self._theme = LIGHT
        self._rows: TaskRows | None = None
        self._extending = False
        self._font = header_font()
        self._metrics = QFontMetricsF(self._font)
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(_LEAST)
        self.setMouseTracking(True)
        self.setAccessibleName("Columns of the task table")
        self.sectionClicked.connect(self._section_clicked)
        self.sectionResized.connect(self._section_resized)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.viewport().update()

    def show_rows(self, rows: TaskRows) -> None:
        """The columns of `rows`, those shown that are shown at first."""
        self._rows = rows
        self.reset_columns()

    def reset_columns(self) -> None:
        """Every column back where and how it was at first."""
        rows = self._rows
        for column in range(self.count() if rows is not None else 0):
            look = rows.look(column) if rows is not None else None
            if look is not None:
                self.moveSection(self.visualIndex(column), column)
                self.resizeSection(column, look.width)
                self.setSectionHidden(column, not look.shown)
        self.fill()

    def _section_resized(self, column: int, before: int, now: int) -> None:
        # Qt tells of every section at every change of layout.
        if before != now and self._elastic() != column:
            self.fill()

    def _elastic(self) -> int:
        """The column that takes the room that the others leave; the last one where the chosen one is hidden."""
        shown = self.shown_columns()
        rows = self._rows
        return next((c for c in shown if rows is not None and rows.look(c).elastic), shown[-1] if shown else -1)

    def fill(self) -> None:
        """Gives the elastic column what is left of the width, but never less than it needs."""
        elastic = self._elastic()
        if self._rows is None or elastic < 0:
            return
        others = sum(self.sectionSize(column) for column in self.shown_columns() if column != elastic)
        self.resizeSection(elastic, max(self._rows.look(elastic).width, self.viewport().width() - others))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fill()

    def shown_columns(self) -> list[int]:
        """The shown columns from left to right."""
        logical = [self.logicalIndex(visual) for visual in range(self.count())]
        return [column for column in logical if not self.isSectionHidden(column)]

    # The order ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mousePressEvent(event)

    def _section_clicked(self, column: int) -> None:
        self._turn_order(column, extending=self._extending)

    def _turn_order(self, column: int, *, extending: bool) -> None:
        if self._rows is None:
            return
        keys = list(self._rows.sort_keys())
        first = self._rows.look(column).kind in _DESCENDING_FIRST
        present = next((key for key in keys if key.column == column), None)
        others = [key for key in keys if key.column != column] if extending else []
        if present is None:
            self.sort_requested.emit([*others, SortKey(column, first)])
        elif present.descending is first:
            turned = SortKey(column, not first)
            self.sort_requested.emit([turned if key == present else key for key in keys] if extending else [turned])
        else:
            self.sort_requested.emit(others)

    def order_menu(self) -> QMenu:
        """A menu that does what clicks on the titles do; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self._rows
        keys = () if rows is None else rows.sort_keys()
        for column in range(self.count() if rows is not None else 0):
            place = _place(keys, column)
            arrow = "" if place is None else " ↓" if place[1] else " ↑"
            action = menu.addAction(f"{rows.look(column).title if rows is not None else ''}{arrow}")
            action.setCheckable(True)
            action.setChecked(place is not None)
            action.triggered.connect(lambda _=False, column=column: self._turn_order(column, extending=False))
        menu.addSeparator()
        menu.addAction("Newest first", lambda: self.sort_requested.emit([])).setEnabled(bool(keys))
        return menu

    # The choice of columns ---------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.column_menu().popup(event.globalPos())

    def column_menu(self) -> QMenu:
        """A menu with a tick for every shown column; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = self.shown_columns()
        for column in range(self.count()):
            action = self._column_action(menu, column)
            action.setEnabled(shown != [column])  # the last one stays: without it there is no header to click on
        menu.addSeparator()
        menu.addAction("Reset columns", self.reset_columns)
        return menu

    def _column_action(self, menu: QMenu, column: int) -> QAction:
        title = self._rows.look(column).title if self._rows is not None else ""
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(not self.isSectionHidden(column))
        action.toggled.connect(lambda shown: self._show_column(column, shown))
        return action

    def _show_column(self, column: int, shown: bool) -> None:
        self.setSectionHidden(column, not shown)
        self.fill()

    # What is remembered ------------------------------------------------------------------------------------------

    def save_state(self) -> bytes:
        """Order, width and choice of the columns, and the sort order, by the names of the columns; the grouping
        and which groups are folded."""
        rows = self._rows
        if rows is None:
            return b""
        visual = [self.logicalIndex(place) for place in range(self.count())]
        columns = [
            {
                "key": rows.look(column).key,
                "shown": not self.isSectionHidden(column),
                "width": self._kept_width(column),
            }
            for column in visual
        ]
        sort = [[rows.look(key.column).key, key.descending] for key in rows.sort_keys()]
        folded = rows.folded()[:_MOST_FOLDED]
        import json  # when the person has arranged something

        return json.dumps({"columns": columns, "sort": sort, "grouped": rows.grouped(), "folded": folded}).encode()

    def _kept_width(self, column: int) -> int:
        """A hidden section has no size and that of the elastic one is not the user's: then the first width is kept."""
        if self._rows is not None and (self.isSectionHidden(column) or column == self._elastic()):
            return self._rows.look(column).width
        return self.sectionSize(column)

    def restore_state(self, state: bytes) -> bool:
        """Takes over what `save_state` gave; a value that makes no sense changes nothing and gives False."""
        rows = self._rows
        if rows is None:
            return False
        by_key = {rows.look(column).key: column for column in range(self.count())}
        import json  # for who has been here before

        try:
            known: dict[str, Any] = json.loads(state)
            columns = [
                (by_key[c["key"]], int(c["width"]), bool(c["shown"])) for c in known["columns"] if c["key"] in by_key
            ]
            keys = [SortKey(by_key[key], bool(down)) for key, down in known["sort"] if key in by_key]
            grouped = bool(known.get("grouped", False))
            folded = [str(reason) for reason in known.get("folded", ())]
        except (ValueError, TypeError, KeyError, OverflowError):
            return False
        if not any(shown for _, _, shown in columns) or len({column for column, _, _ in columns}) != len(columns):
            return False
        for place, (column, width, shown) in enumerate(columns):
            self.moveSection(self.visualIndex(column), place)
            self.resizeSection(column, min(_WIDEST, max(_LEAST, width)))
            self.setSectionHidden(column, not shown)
        self.fill()
        self.sort_requested.emit(keys)
        rows.fold_only(folded)
        rows.group_by_reason(grouped)
        return True

    # Paint -------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(_LEAST, _HEIGHT)  # Qt would measure every title; the table asks for the height only

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave, QEvent.Type.HoverMove):
            self.viewport().update()
        return super().event(event)

    def paintEvent(self, event: Any) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.raised))
        painter.setFont(self._font)
        keys = () if self._rows is None else self._rows.sort_keys()
        over = self.viewport().mapFromGlobal(self.cursor().pos()) if self.underMouse() else None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for column in self.shown_columns():
            left = self.sectionViewportPosition(column)
            cell = QRect(left, 0, self.sectionSize(column), self.height())
            if self._rows is not None and cell.intersects(event.rect()):
                self._paint_title(painter, QRectF(cell), self._rows.look(column), _place(keys, column), over)
        painter.setPen(QColor(self._theme.border))
        y = self.height() - 0.5
        painter.drawLine(QPointF(0, y), QPointF(self.viewport().width(), y))
        painter.end()

    def _paint_title(
        self, painter: QPainter, cell: QRectF, look: ColumnLook, place: tuple[int, bool] | None, over: QPoint | None
    ) -> None:
        """`place` is the column's number in the order and whether it descends; `over` is where the mouse is."""
        room = cell.adjusted(PADDING, 0, -PADDING - (0 if place is None else 3 * _ARROW), 0)
        title = self._metrics.elidedText(look.title.upper(), Qt.TextElideMode.ElideRight, room.width())
        width = self._metrics.horizontalAdvance(title)
        x = room.right() - width if look.kind is CellKind.NUMBER else room.left()
        strong = place is not None or (over is not None and cell.contains(QPointF(over)))
        painter.setPen(QColor(self._theme.text if strong else self._theme.muted))
        painter.drawText(QPointF(x, cell.center().y() + self._metrics.capHeight() / 2), title)
        if place is not None:
            self._paint_arrow(painter, QPointF(x + width + 2 * _ARROW, cell.center().y()), place[1], place[0])
        if over is not None:
            painter.setPen(QColor(self._theme.border))
            painter.drawLine(QPointF(cell.right() - 0.5, 8), QPointF(cell.right() - 0.5, cell.bottom() - 8))

    def _paint_arrow(self, painter: QPainter, centre: QPointF, descending: bool, place: int) -> None:
        """A small arrow head; fainter for the columns that only decide between equals."""
        down = 1.0 if descending else -1.0
        tip = QPointF(centre.x(), centre.y() + down * _ARROW / 2)
        head = QPolygonF(
            [
                QPointF(tip.x() - _ARROW, tip.y() - down * _ARROW),
                tip,
                QPointF(tip.x() + _ARROW, tip.y() - down * _ARROW),
            ]
        )
        colour = QColor(self._theme.accent if place == 0 else self._theme.muted)
        painter.setPen(QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(head)


def _place(keys: Sequence[SortKey], column: int) -> tuple[int, bool] | None:
    """The number of `column` in the order, and whether it descends."""
    return next(((number, key.descending) for number, key in enumerate(keys) if key.column == column), None)


def header_font() -> QFont:
    """Small, spaced capitals."""
    font = ui_font(8.0, strong=True)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.5)
    return font

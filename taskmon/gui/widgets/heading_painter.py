"""Paints the headings of groups in the task table: a calm band with a triangle, the reason and the number of tasks."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text
from taskmon.gui.task_rows import Heading
from taskmon.gui.theme import Theme, ui_font
from taskmon.gui.widgets.cell_painter import PADDING, ROW_HEIGHT, RowState

_TRIANGLE: Final = 4.0
_TEXT_LEFT: Final = 26
_GAP: Final = 16


class HeadingPainter:
    """Paints headings in one theme, over the whole width of the table wherever its columns are scrolled to."""

    def __init__(self, theme: Theme) -> None:
        self._reason_font, self._count_font = ui_font(9.5, strong=True), ui_font(9.5)
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def paint(self, painter: QPainter, top: int, width: int, heading: Heading, state: RowState) -> None:
        """The heading's row, `top` pixels below the table's upper edge and `width` pixels wide."""
        theme = self._theme
        band = QRect(0, top, width, ROW_HEIGHT)
        painter.fillRect(band, QColor(theme.row_hover if state.hovered else theme.raised))
        painter.fillRect(0, top + ROW_HEIGHT - 1, width, 1, QColor(theme.border))
        muted = QColor(theme.muted)
        self._paint_triangle(painter, QPointF(PADDING + _TRIANGLE + 1, top + ROW_HEIGHT / 2 - 0.5), heading.open, muted)
        room = band.adjusted(_TEXT_LEFT, 0, -PADDING - 4, -1)
        count = count_text(heading.size, "task")
        self._write(painter, room, self._count_font, muted, count, Qt.AlignmentFlag.AlignRight)
        room.setRight(room.right() - int(QFontMetricsF(self._count_font).horizontalAdvance(count)) - _GAP)
        ink = muted if state.stale or not heading.reason else QColor(theme.text)
        told = QFontMetricsF(self._reason_font).elidedText(
            one_line(heading.title), Qt.TextElideMode.ElideRight, room.width()
        )
        self._write(painter, room, self._reason_font, ink, told, Qt.AlignmentFlag.AlignLeft)

    @staticmethod
    def _write(painter: QPainter, room: QRect, font: QFont, ink: QColor, text: str, side: Qt.AlignmentFlag) -> None:
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), text)

    @staticmethod
    def _paint_triangle(painter: QPainter, centre: QPointF, is_open: bool, ink: QColor) -> None:
        """Points down where the group is open, to the right where it is folded."""
        x, y, size = centre.x(), centre.y(), _TRIANGLE
        if is_open:
            corners = [QPointF(x - size, y - size / 2), QPointF(x, y + size / 2), QPointF(x + size, y - size / 2)]
        else:
            corners = [QPointF(x - size / 2, y - size), QPointF(x + size / 2, y), QPointF(x - size / 2, y + size)]
        painter.setPen(QPen(ink, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(QPolygonF(corners))

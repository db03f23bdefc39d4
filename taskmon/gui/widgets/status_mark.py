"""The small shape that tells a kind of state without colour: ring, disc, half disc, tick, cross, square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from taskmon.gui.theme import Mark

if TYPE_CHECKING:
    from collections.abc import Callable


def paint_mark(painter: QPainter, rect: QRectF, mark: Mark, colour: QColor) -> None:
    """Paints `mark` in the middle of `rect` (a square of 8 px and more); leaves the painter as it was."""
    size = min(rect.width(), rect.height())
    centre = rect.center()
    square = QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    _PAINTERS[mark](painter, square, colour)
    painter.restore()


def _inset(square: QRectF, share: float) -> QRectF:
    by = square.width() * share
    return square.adjusted(by, by, -by, -by)


def _stroke(painter: QPainter, square: QRectF, colour: QColor, share: float = 0.14) -> None:
    width = max(1.3, square.width() * share)
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _points(square: QRectF, *shares: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(square.x() + x * square.width(), square.y() + y * square.height()) for x, y in shares])


def _ring(painter: QPainter, square: QRectF, colour: QColor) -> None:
    _stroke(painter, square, colour)
    painter.drawEllipse(_inset(square, 0.17))


def _disc(painter: QPainter, square: QRectF, colour: QColor) -> None:
    painter.drawEllipse(_inset(square, 0.12))


def _half_disc(painter: QPainter, square: QRectF, colour: QColor) -> None:
    painter.drawPie(_inset(square, 0.17), 90 * 16, 180 * 16)
    _ring(painter, square, colour)


def _tick(painter: QPainter, square: QRectF, colour: QColor) -> None:
    _stroke(painter, square, colour, 0.17)
    painter.drawPolyline(_points(square, (0.14, 0.54), (0.40, 0.79), (0.86, 0.24)))


def _cross(painter: QPainter, square: QRectF, colour: QColor) -> None:
    _stroke(painter, square, colour, 0.17)
    painter.drawPolyline(_points(square, (0.2, 0.2), (0.8, 0.8)))
    painter.drawPolyline(_points(square, (0.8, 0.2), (0.2, 0.8)))


def _square(painter: QPainter, square: QRectF, colour: QColor) -> None:
    painter.drawRoundedRect(_inset(square, 0.16), square.width() * 0.12, square.width() * 0.12)


_PAINTERS: dict[Mark, Callable[[QPainter, QRectF, QColor], None]] = {
    Mark.WAITING: _ring,
    Mark.RUNNING: _disc,
    Mark.TURNING: _half_disc,
    Mark.DONE: _tick,
    Mark.FAILED: _cross,
    Mark.STOPPED: _square,
}

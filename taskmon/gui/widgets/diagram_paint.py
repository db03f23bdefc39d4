"""How the lifecycle diagram is painted: edges with rounded corners, boxes, badges. Knows places and looks only."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from taskmon.core.lifecycle import Kind, Status
from taskmon.gui.theme import KindColours, Theme, mark, ui_font
from taskmon.gui.widgets.diagram_picture import EdgeKind
from taskmon.gui.widgets.diagram_scene import Emphasis, NodeLook
from taskmon.gui.widgets.status_mark import paint_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskmon.gui.widgets.diagram_layout import Arrangement, Box, Route

ROUNDING: Final = 7.0
HALO: Final = 8.0
"""How far [px] the glow of the current state, the focus ring and the badges may reach out of a box."""
_ARROW: Final = 6.5
_DASHES: Final = [3.0, 2.6]
_LOOP_TEXT: Final = "auto-resubmit"


@lru_cache(maxsize=64)
def letters(points: float, weight: QFont.Weight) -> QFont:
    """The window's font at a size and weight; made once, because making one costs more than drawing with it."""
    font = ui_font(points)
    font.setWeight(weight)
    return font


def colours_of(theme: Theme, status: Status) -> KindColours:
    """The colours of a state; neutral ones where its kind is not known."""
    return theme.of(status) if status.known else KindColours(theme.muted, theme.raised, theme.faint)


def blend(one: str, other: str, share: float) -> QColor:
    """`one` with `share` (0 to 1) of `other` mixed in."""
    first, second = QColor(one), QColor(other)
    return QColor(
        round(first.red() + (second.red() - first.red()) * share),
        round(first.green() + (second.green() - first.green()) * share),
        round(first.blue() + (second.blue() - first.blue()) * share),
    )


def paint_idle_edges(painter: QPainter, routes: Iterable[Route], theme: Theme, *, stepping_back: bool) -> None:
    """Every edge that is always there; fainter if a task's own path will be painted over them.

    Edges that share a stretch are one stroke, else it would grow darker with each of them.
    """
    colour = blend(theme.faint, theme.muted, 0.0 if stepping_back else 0.45)
    solid, heads = [], QPainterPath()
    for route in routes:
        if route.edge.quiet:
            continue
        if route.edge.kind is EdgeKind.RESUBMIT:
            paint_edge(painter, route, colour, 1.25)
            continue
        solid.append(route.points)
        heads.addPath(_arrow_head(route.points[-2], route.points[-1], _ARROW + 1.25))
    painter.strokePath(each_stretch_once(solid), _edge_pen(EdgeKind.TRUNK, colour, 1.25))
    heads.setFillRule(Qt.FillRule.WindingFill)
    painter.fillPath(heads, colour)


def paint_travelled(painter: QPainter, routes: Iterable[Route], theme: Theme, *, earlier: bool) -> None:
    """Ways that the task took, solid, in the colour of where they lead; softer for an `earlier` attempt."""
    for route in sorted(routes, key=lambda route: route.edge.kind is EdgeKind.TRUNK):
        colours = theme.of(route.edge.target)
        paint_edge(painter, route, QColor(colours.line if earlier else colours.ink), 1.6 if earlier else 2.2)


def paint_edge(painter: QPainter, route: Route, colour: QColor, width: float) -> None:
    """One edge with its arrow head; resubmissions are dashed."""
    painter.setPen(_edge_pen(route.edge.kind, colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(rounded_path(route.points))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPath(_arrow_head(route.points[-2], route.points[-1], _ARROW + width))


def _edge_pen(kind: EdgeKind, colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
    if kind is EdgeKind.RESUBMIT:
        pen.setDashPattern([dash * 1.5 / width for dash in _DASHES])
    return pen


def rounded_path(points: tuple[QPointF, ...]) -> QPainterPath:
    """A line through `points` with rounded corners, ending where its arrow head begins."""
    path = QPainterPath(points[0])
    for start, corner, end in _corners(points):
        path.lineTo(start)
        path.quadTo(corner, end)
    path.lineTo(_line_end(points))
    return path


def each_stretch_once(lines: Iterable[tuple[QPointF, ...]]) -> QPainterPath:
    """The same for many lines at once, in which a stretch or a corner that several share occurs only once."""
    spans: dict[tuple[bool, float], list[tuple[float, float]]] = {}
    corners: dict[tuple[float, ...], tuple[QPointF, QPointF, QPointF]] = {}
    for points in lines:
        stops = [points[0]]
        for corner in _corners(points):
            corners[tuple(value for point in corner for value in point.toTuple())] = corner
            stops += [corner[0], corner[2]]
        stops.append(_line_end(points))
        for one, other in zip(stops[::2], stops[1::2], strict=True):
            upright = abs(one.x() - other.x()) < abs(one.y() - other.y())
            where, low, high = (one.x(), one.y(), other.y()) if upright else (one.y(), one.x(), other.x())
            spans.setdefault((upright, round(where, 1)), []).append((min(low, high), max(low, high)))
    path = QPainterPath()
    for (upright, where), stretches in spans.items():
        for low, high in _merged(stretches):
            path.moveTo(*((where, low) if upright else (low, where)))
            path.lineTo(*((where, high) if upright else (high, where)))
    for start, middle, end in corners.values():
        path.moveTo(start)
        path.quadTo(middle, end)
    return path


def _merged(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for low, high in sorted(stretches):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _corners(points: tuple[QPointF, ...]) -> list[tuple[QPointF, QPointF, QPointF]]:
    """Where each corner's curve begins, its corner, and where it ends."""
    found = []
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(ROUNDING, QLineF(before, corner).length() / 2, QLineF(corner, after).length() / 2)
        found.append((_towards(corner, before, radius), corner, _towards(corner, after, radius)))
    return found


def _line_end(points: tuple[QPointF, ...]) -> QPointF:
    return _towards(points[-1], points[-2], _ARROW - 1)


def _towards(start: QPointF, end: QPointF, distance: float) -> QPointF:
    length = QLineF(start, end).length()
    return start if length == 0 else start + (end - start) * min(1.0, distance / length)


def _arrow_head(before: QPointF, tip: QPointF, length: float) -> QPainterPath:
    back = _towards(tip, before, length)
    along = tip - back
    across = QPointF(-along.y(), along.x()) * 0.46
    path = QPainterPath(tip)
    path.lineTo(back + across)
    path.lineTo(back + along * 0.22)
    path.lineTo(back - across)
    path.closeSubpath()
    return path


def paint_node(
    painter: QPainter,
    box: Box,
    status: Status,
    look: NodeLook,
    where: Arrangement,
    theme: Theme,
    *,
    hovered: bool = False,
) -> None:
    """One state: its box, its label in lines, its duration and its badge."""
    colours = colours_of(theme, status)
    lit = look.emphasis is Emphasis.CURRENT
    fill, line, ink = {
        Emphasis.IDLE: (theme.surface, theme.faint, theme.muted),
        Emphasis.PLAIN: (colours.fill, colours.line, colours.ink),
        Emphasis.EARLIER: (colours.fill, colours.line, colours.ink),
        Emphasis.PASSED: (colours.fill, colours.ink, colours.ink),
        Emphasis.CURRENT: (colours.ink, colours.ink, theme.surface),
    }[look.emphasis]
    pen = QPen(QColor(colours.ink if hovered else line), 1.6 if hovered or look.emphasis is Emphasis.PASSED else 1.1)
    if not status.known:
        pen.setDashPattern(_DASHES)
    painter.setPen(pen)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(box.rect.adjusted(0.5, 0.5, -0.5, -0.5), ROUNDING, ROUNDING)
    _paint_words(painter, box, status, look, where, QColor(ink), strong=lit)
    if look.badge:
        paint_badge(painter, box.rect, look.badge, where.point_size, QColor(colours.ink), QColor(theme.surface))


def _paint_words(
    painter: QPainter, box: Box, status: Status, look: NodeLook, where: Arrangement, ink: QColor, *, strong: bool
) -> None:
    lines = [*box.lines, look.note] if look.note else list(box.lines)
    marked = (len(lines) - 1 if look.note else 0) if look.emphasis is Emphasis.CURRENT else -1
    label = letters(where.point_size, QFont.Weight.DemiBold if strong else QFont.Weight.Medium)
    note = label if strong else letters(where.point_size, QFont.Weight.Normal)
    y = box.rect.center().y() - len(lines) * where.line_height / 2
    for index, text in enumerate(lines):
        font = note if look.note and index == len(lines) - 1 else label
        rect = QRectF(box.rect.left(), y, box.rect.width(), where.line_height)
        painter.setFont(font)
        painter.setPen(ink)
        if index == marked:
            _paint_marked_line(painter, rect, text, status, ink, QFontMetricsF(font).horizontalAdvance(text))
        else:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
        y += where.line_height


def _paint_marked_line(
    painter: QPainter, rect: QRectF, text: str, status: Status, ink: QColor, text_width: float
) -> None:
    """A line with the state's mark before it, both together in the middle, as far as there is room."""
    size = rect.height() * 0.72
    space = size * 0.4
    if text_width + size + space > rect.width() - 6:
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
        return
    left = rect.center().x() - (text_width + size + space) / 2
    paint_mark(painter, QRectF(left, rect.center().y() - size / 2, size, size), mark(status), ink)
    words = QRectF(left + size + space, rect.top(), text_width + 2, rect.height())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def paint_badge(painter: QPainter, box: QRectF, text: str, points: float, fill: QColor, ink: QColor) -> None:
    """A pill with `text` on the upper right corner of `box`."""
    font = letters(points, QFont.Weight.DemiBold)
    metrics = QFontMetricsF(font)
    height = round(metrics.height() + 1)
    width = max(height, round(metrics.horizontalAdvance(text) + 9))
    pill = QRectF(box.right() + 5 - width, box.top() - HALO, width, height)
    painter.setPen(QPen(ink, 1.5))
    painter.setBrush(fill)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setFont(font)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def paint_halo(painter: QPainter, box: QRectF, colour: str, strength: float) -> None:
    """The glow under the current state; `strength` from 0 to 1 is where its calm pulse stands.

    Filled, because a box will cover its middle and filling costs a fifth of stroking.
    """
    painter.setPen(Qt.PenStyle.NoPen)
    for reach, alpha in ((5.0, 0.2), (2.75, 0.34)):
        glow = QColor(colour)
        glow.setAlphaF(alpha * (0.25 + 0.75 * strength))
        painter.setBrush(glow)
        painter.drawRoundedRect(box.adjusted(-reach, -reach, reach, reach), ROUNDING + reach, ROUNDING + reach)


def paint_focus_ring(painter: QPainter, box: QRectF, theme: Theme) -> None:
    """Where the keyboard is."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.text), 1.8))
    painter.drawRoundedRect(box.adjusted(-3.5, -3.5, 3.5, 3.5), ROUNDING + 3, ROUNDING + 3)


def paint_loop_label(painter: QPainter, route: Route, attempt: int, points: float, theme: Theme) -> None:
    """The words of a resubmission in the middle of its last level stretch: what it is, or a pill with the attempt.

    Left out where they do not fit.
    """
    rect = _loop_label_rect(route, points)
    if rect.isNull():
        return
    kind, taken = theme.kinds[Kind.ACTIVE], attempt > 1
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.surface))
    painter.drawRect(rect)
    if taken:
        painter.setPen(QPen(QColor(kind.ink), 1.2))
        painter.setBrush(QColor(kind.fill))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), rect.height() / 2, rect.height() / 2)
    painter.setFont(letters(points, QFont.Weight.DemiBold if taken else QFont.Weight.Normal))
    painter.setPen(QColor(kind.ink if taken else theme.muted))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, f"attempt {attempt}" if taken else _LOOP_TEXT)


def _loop_label_rect(route: Route, points: float) -> QRectF:
    metrics = QFontMetricsF(letters(points, QFont.Weight.Normal))
    end, before = route.points[-1], route.points[-2]
    width, height = round(metrics.horizontalAdvance(_LOOP_TEXT) + 10), round(metrics.height() + 2)
    if abs(end.x() - before.x()) - _ARROW - ROUNDING < width:
        return QRectF()
    middle = (before.x() + end.x()) / 2 + (-3 if end.x() > before.x() else 3)
    return QRectF(round(middle - width / 2), round(end.y() - height / 2), width, height)

"""Where everything of the lifecycle diagram is for a given size: boxes, wrapped labels, edges. Geometry only, no paint.

The largest letters win with which every full label fits; where there is none, the short labels do. The picture is
the same at every size, so that a state is always found at the same spot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF

from taskmon.core.lifecycle import Status, facts
from taskmon.gui.widgets.diagram_picture import Column, Edge, Lane, Node, Picture, Place, Port, Side

Measure = Callable[[str, float], QSizeF]
"""(text, point size) → its width and the height of a line, in pixels, in the boldest weight that is drawn."""

MINIMUM: Final = QSizeF(300, 350)
FULL_SIZES: Final = (10.5, 10.0, 9.5, 9.0, 8.25)
SHORT_SIZES: Final = (9.0, 8.25, 7.5)
_WIDEST: Final = 820.0
_TALLEST: Final = 820.0
_GAP: Final = 6.0
_REACH: Final = 8.0
_PADDING: Final = QSizeF(4.0, 3.0)
_JOG: Final = 4.0
"""A step smaller than this would look like a mistake; the edge runs straight instead."""


class Box(NamedTuple):
    """The place of a state, and its label in lines that fit."""

    rect: QRectF
    lines: tuple[str, ...]


class Route(NamedTuple):
    """The corner points of an edge, from the rim of one box to the rim of another."""

    edge: Edge
    points: tuple[QPointF, ...]

    @property
    def touched(self) -> QRect:
        """The pixels that its line and its arrow head can reach."""
        xs, ys = [point.x() for point in self.points], [point.y() for point in self.points]
        rect = QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        return rect.adjusted(-_REACH, -_REACH, _REACH, _REACH).toAlignedRect()


class Arrangement(NamedTuple):
    """A picture laid out. `spare` is the box of a state that this version does not know."""

    size: QSizeF
    point_size: float
    line_height: float
    boxes: Mapping[Status, Box]
    routes: Mapping[tuple[Status, Status], Route]
    spare: QRectF
    short: bool

    @property
    def small_point_size(self) -> float:
        """For words beside the boxes."""
        return max(7.5, self.point_size - 0.75)


class _Columns(NamedTuple):
    """Left edge and width of the columns, and the x of the upright lanes, in pixels."""

    edges: Mapping[Column, tuple[float, float]]
    lanes: Mapping[Lane, float]


class _Draft(NamedTuple):
    """Boxes with letters of one size, to be judged before edges are worth their time."""

    points: float
    short: bool
    line_height: float
    boxes: dict[Status, Box]


def arrange(picture: Picture, size: QSizeF, measure: Measure) -> Arrangement:
    """`picture` for a widget of `size` pixels (at least `MINIMUM`), in the middle of it."""
    room = size.expandedTo(MINIMUM)
    columns = _columns(room)
    best = _best_draft(picture, room, columns, measure)
    line_height = best.line_height
    spare = _box_rect(picture.spare, room, columns, _height(3, line_height), _height(2, line_height))
    routes = {edge.key: Route(edge, _route(edge, best.boxes, columns.lanes)) for edge in picture.edges}
    return Arrangement(
        size=room,
        point_size=best.points,
        line_height=line_height,
        boxes=MappingProxyType(best.boxes),
        routes=MappingProxyType(routes),
        spare=spare,
        short=best.short,
    )


def _best_draft(picture: Picture, room: QSizeF, columns: _Columns, measure: Measure) -> _Draft:
    """The largest letters that fit; smaller ones if only they keep the trunk's labels on one line each."""
    largest: _Draft | None = None
    for points in FULL_SIZES:
        draft = _draft(picture, room, columns, points, False, measure)
        if _fits(picture, draft, measure):
            if _tidy(picture, draft):
                return draft
            largest = largest or draft
    if largest is not None:
        return largest
    drafts = [_draft(picture, room, columns, points, True, measure) for points in SHORT_SIZES]
    return next((draft for draft in drafts if _fits(picture, draft, measure)), drafts[-1])


def _draft(picture: Picture, room: QSizeF, columns: _Columns, points: float, short: bool, measure: Measure) -> _Draft:
    line_height = round(measure("Xg", points).height() * 0.96)
    boxes = _boxes(picture, room, columns, (points, line_height, short), measure)
    return _Draft(points, short, line_height, boxes)


def _columns(room: QSizeF) -> _Columns:
    """Shares out the width: at 340 px as tight as the labels allow, above that growing up to a limit."""
    width = min(room.width(), _WIDEST)
    offset = (room.width() - width) / 2
    spread = max(-0.04, (width - 340) / (_WIDEST - 340))
    outer_left, outer_right = 17 + 17 * spread, 11 + 17 * spread
    left_gutter, right_gutter = 17 + 61 * spread, 16 + 54 * spread
    boxes = width - outer_left - left_gutter - right_gutter - outer_right
    left, right = boxes * (0.302 + 0.01 * spread), boxes * (0.2475 + 0.055 * spread)
    trunk = boxes - left - right
    left_x = offset + outer_left
    trunk_x = left_x + left + left_gutter
    right_x = trunk_x + trunk + right_gutter
    lanes = {
        Lane.LEFT_LOOP: left_x - outer_left + 4.5,
        Lane.LEFT_KILL: left_x - outer_left * 0.36,
        Lane.LEFT_BUS: trunk_x - left_gutter * 0.36,
        Lane.RIGHT_BUS: trunk_x + trunk + right_gutter * 0.36,
        Lane.RIGHT_LOOP: right_x + right + outer_right - 4.5,
    }
    edges = {Column.LEFT: (left_x, left), Column.TRUNK: (trunk_x, trunk), Column.RIGHT: (right_x, right)}
    return _Columns(MappingProxyType(edges), MappingProxyType(lanes))


def _height(lines: int, line_height: float) -> float:
    return lines * line_height + 2 * _PADDING.height() + 2


def _boxes(
    picture: Picture, room: QSizeF, columns: _Columns, letters: tuple[float, float, bool], measure: Measure
) -> dict[Status, Box]:
    points, line_height, short = letters
    wrapped: dict[Status, tuple[str, ...]] = {}
    for node in picture.nodes:
        text = node.short if short else node.alias
        wrapped[node.status] = wrap(text, columns.edges[node.place.column][1] - 2 * _PADDING.width(), points, measure)
    needed = {status: len(lines) + (not facts(status).terminal) for status, lines in wrapped.items()}
    trunk = _height(max(2, *(needed[node.status] for node in picture.nodes if _in_trunk(node))), line_height)
    least = 1 if short else 2
    return {
        node.status: Box(
            _box_rect(
                node.place,
                room,
                columns,
                trunk if _in_trunk(node) else _height(max(least, needed[node.status]), line_height),
                trunk,
            ),
            wrapped[node.status],
        )
        for node in picture.nodes
    }


def _in_trunk(node: Node) -> bool:
    return node.place.column is Column.TRUNK


def _box_rect(place: Place, room: QSizeF, columns: _Columns, height: float, tallest: float) -> QRectF:
    left, width = columns.edges[place.column]
    used = min(room.height(), _TALLEST)
    first = (room.height() - used) / 2 + 10 + tallest / 2
    centre = first + place.y * (used - 20 - tallest)
    return QRectF(round(left), round(centre - height / 2), round(width), round(height))


def wrap(text: str, width: float, points: float, measure: Measure) -> tuple[str, ...]:
    """`text` in as few lines as fit into `width` pixels, as even as possible; too long a word stays too long."""
    words = text.split()
    for breaks in range(len(words)):
        best: tuple[float, tuple[str, ...]] | None = None
        for cuts in combinations(range(1, len(words)), breaks):
            bounds = (0, *cuts, len(words))
            lines = tuple(" ".join(words[start:stop]) for start, stop in pairwise(bounds))
            widest = max(measure(line, points).width() for line in lines)
            if (widest <= width or breaks == len(words) - 1) and (best is None or widest < best[0]):
                best = widest, lines
        if best is not None:
            return best[1]
    return (text,)


def _fits(picture: Picture, found: _Draft, measure: Measure) -> bool:
    """Whether no word sticks out of its box and the boxes of each column keep their distance."""
    for box in found.boxes.values():
        room = box.rect.width() - 2 * _PADDING.width()
        if any(measure(line, found.points).width() > room for line in box.lines):
            return False
    for column in Column:
        stack = sorted(
            (found.boxes[node.status].rect for node in picture.nodes if node.place.column is column),
            key=lambda rect: rect.top(),
        )
        if any(lower.top() - upper.bottom() < _GAP for upper, lower in pairwise(stack)):
            return False
    return True


def _tidy(picture: Picture, found: _Draft) -> bool:
    """Whether the labels of the trunk are single lines, which leaves their durations air."""
    return all(len(found.boxes[node.status].lines) == 1 for node in picture.nodes if _in_trunk(node))


def _port(box: Box, port: Port) -> QPointF:
    rect, centre = box.rect, box.rect.center()
    if port.side in (Side.LEFT, Side.RIGHT):
        x = rect.left() if port.side is Side.LEFT else rect.right()
        return QPointF(x, round(centre.y() + port.at * rect.height() / 2) + 0.5)
    y = rect.top() if port.side is Side.TOP else rect.bottom()
    return QPointF(round(centre.x() + port.at * rect.width() / 2) + 0.5, y)


def _route(edge: Edge, boxes: Mapping[Status, Box], lanes: Mapping[Lane, float]) -> tuple[QPointF, ...]:
    """Leaves straight, follows the lanes in turn, enters straight; corners that turn nothing are left out."""
    start, end = _port(boxes[edge.source], edge.leave), _port(boxes[edge.target], edge.enter)
    points = [start]
    for lane in edge.lanes:
        if lane is Lane.GAP:
            points.append(QPointF(points[-1].x(), _gap(boxes)))
        else:
            points.append(QPointF(round(lanes[lane]) + 0.5, points[-1].y()))
    if edge.enter.side in (Side.LEFT, Side.RIGHT):
        if abs(end.y() - points[-1].y()) <= _JOG:
            end.setY(points[-1].y())
        points.append(QPointF(points[-1].x(), end.y()))
    else:
        points.append(QPointF(end.x(), points[-1].y()))
    points.append(end)
    return _without_idle_corners(points)


def _gap(boxes: Mapping[Status, Box]) -> float:
    """The level of the lane that crosses the trunk between In Progress and Finalizing."""
    above, below = boxes[Status.COMPUTATION_STARTED].rect, boxes[Status.COMPUTATION_ENDED].rect
    return round((above.bottom() + below.top()) / 2) + 0.5


def _without_idle_corners(points: list[QPointF]) -> tuple[QPointF, ...]:
    kept: list[QPointF] = []
    for point in points:
        if kept and _same(kept[-1], point):
            continue
        if len(kept) >= 2 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _same(one: QPointF, other: QPointF) -> bool:
    return abs(one.x() - other.x()) < 0.6 and abs(one.y() - other.y()) < 0.6


def _in_line(one: QPointF, middle: QPointF, other: QPointF) -> bool:
    upright = abs(one.x() - middle.x()) < 0.1 and abs(middle.x() - other.x()) < 0.1
    level = abs(one.y() - middle.y()) < 0.1 and abs(middle.y() - other.y()) < 0.1
    return upright or level

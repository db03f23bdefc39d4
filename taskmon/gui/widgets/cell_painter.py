"""Paints the cells of a task row: prepared texts, the mark and colour of a state, bars."""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap, QStaticText

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.gui.task_rows import CellKind, TaskRows
from taskmon.gui.theme import Theme, log_font, mark, ui_font
from taskmon.gui.widgets.status_mark import paint_mark

PADDING: Final = 8
"""Pixels between a cell's edge and its text, left and right."""

_MARK: Final = 11.0
_PILL: Final = 21.0
_PILL_PADDING: Final = 8.0
_MARK_GAP: Final = 6.0
_BAR: Final = 6.0
_BAR_TEXT: Final = "100 %"
_REMEMBERED: Final = 20_000
_PILLS: Final = 500


class RowState(NamedTuple):
    """What a row looks like besides its task."""

    selected: bool = False
    hovered: bool = False
    stale: bool = False


class _Prepared(NamedTuple):
    static: QStaticText
    width: float
    height: float


class _Face:
    """A font whose texts are laid out once and remembered, cut to a width where they do not fit."""

    def __init__(self, font: QFont, cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        self.font = font
        self._cut = cut
        self.metrics = QFontMetricsF(font)
        self._prepared: dict[tuple[str, int], _Prepared] = {}

    def fitted(self, text: str, width: float) -> _Prepared:
        """`text` laid out to fit into `width` pixels."""
        whole = self._lay_out(text, 0)
        return whole if whole.width <= width else self._lay_out(text, max(1, int(width)))

    def _lay_out(self, text: str, width: int) -> _Prepared:
        known = self._prepared.get((text, width))
        if known is not None:
            return known
        if len(self._prepared) > _REMEMBERED:
            self._prepared.clear()
        told = self.metrics.elidedText(text, self._cut, width) if width else text
        static = QStaticText(told)
        static.setTextFormat(Qt.TextFormat.PlainText)
        static.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        static.prepare(font=self.font)
        size = static.size()
        prepared = self._prepared[text, width] = _Prepared(static, size.width(), size.height())
        return prepared


class CellPainter:
    """Paints cells in one theme. Colours are readable on every background a row can have."""

    def __init__(self, theme: Theme) -> None:
        self._plain = _Face(ui_font())
        # Of “Machine Terminated by User” and “… in Queue” the ends tell which it is.
        self._strong = _Face(ui_font(9.5), Qt.TextElideMode.ElideMiddle)
        self._code = _Face(log_font(9.0))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._pills: dict[tuple[Status, str, int, bool, bool, float], QPixmap] = {}
        self._text, self._muted = QColor(theme.text), QColor(theme.muted)
        self._chosen = QColor(theme.selection_text)
        self._separator = QColor(theme.border)
        self._grounds = {
            name: QColor(value) for name, value in (("selected", theme.selection), ("hovered", theme.row_hover))
        }

    def width_of(self, kind: CellKind, text: str) -> float:
        """The width [px] that a cell needs to show `text` whole."""
        width = self._face(kind).fitted(text, 1e6).width + 2 * PADDING
        return width + _MARK + _MARK_GAP + 2 * _PILL_PADDING - PADDING if kind is CellKind.STATUS else width

    def ground(self, painter: QPainter, row: QRect, state: RowState) -> None:
        """The background of a row, where it is not the table's, and the fine line under it."""
        name = "selected" if state.selected else "hovered" if state.hovered else "plain"
        if name != "plain":
            painter.fillRect(row, self._grounds[name])
        painter.fillRect(row.left(), row.bottom(), row.width(), 1, self._separator)

    def text(self, painter: QPainter, cell: QRectF, kind: CellKind, text: str, state: RowState) -> None:
        """A text, cut with an ellipsis where it does not fit; numbers stand at the right."""
        if not text:
            return
        painter.setPen(self._ink(kind, state))
        right = kind is CellKind.NUMBER
        self._draw(painter, cell.adjusted(PADDING, 0, -PADDING, 0), self._face(kind), text, right=right)

    def status(self, painter: QPainter, cell: QRectF, status: Status, word: str, state: RowState) -> None:
        """Mark and word of a state on a softly coloured pill; grey and bare where the row is stale."""
        left = cell.left() + PADDING - 2
        space = int(cell.right() - left - 2)
        pill = self._pill(status, word, space, state, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(left, round(cell.center().y() - _PILL / 2 - 0.5)), pill)

    def _pill(self, status: Status, word: str, space: int, state: RowState, ratio: float) -> QPixmap:
        """The picture of a state, painted once for every width and look."""
        key = (status, word, space, state.stale, state.selected and state.stale, ratio)
        known = self._pills.get(key)
        if known is not None:
            return known
        if len(self._pills) > _PILLS:
            self._pills.clear()
        colours = self._theme.of(status)
        ink = self._ink(CellKind.QUIET, state) if state.stale else QColor(colours.ink)
        room = space - 2 * _PILL_PADDING - _MARK - _MARK_GAP
        width = _MARK + _MARK_GAP + self._strong.fitted(word, room).width + 2 * _PILL_PADDING
        picture = QPixmap(ceil(width * ratio), ceil(_PILL * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not state.stale:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.fill))
            painter.drawRoundedRect(QRectF(0, 0, width, _PILL), _PILL / 2, _PILL / 2)
        marked = QRectF(_PILL_PADDING, (_PILL - _MARK) / 2, _MARK, _MARK)
        paint_mark(painter, marked, mark(status), ink)
        painter.setPen(ink)
        self._draw(painter, QRectF(marked.right() + _MARK_GAP, 0, room, _PILL), self._strong, word)
        painter.end()
        self._pills[key] = picture
        return picture

    def worry(self, painter: QPainter, cell: QRectF, kind: CellKind, text: str, state: RowState) -> None:
        """A text to be noticed, with a mark before it where it stands at the left."""
        ink = self._chosen if state.selected else QColor(self._theme.muted if state.stale else self._theme.warning_ink)
        room = cell.adjusted(PADDING, 0, -PADDING, 0)
        if kind is not CellKind.NUMBER:
            ring = QRectF(room.left(), room.center().y() - _MARK / 2 - 0.5, _MARK, _MARK).adjusted(1, 1, -1, -1)
            painter.setPen(QPen(ink, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring)
            for x in (-1.7, 1.7):  # a pause
                painter.drawLine(ring.center() + QPointF(x, -1.8), ring.center() + QPointF(x, 1.8))
            room.setLeft(ring.right() + 1 + _MARK_GAP)
        painter.setPen(ink)
        self._draw(painter, room, self._plain, text, right=kind is CellKind.NUMBER)

    def bar(self, painter: QPainter, cell: QRectF, fraction: float, text: str, state: RowState) -> None:
        """How much is done, as a bar and in words."""
        room = cell.adjusted(PADDING, 0, -PADDING, 0)
        words = min(self._plain.fitted(_BAR_TEXT, 1e6).width, room.width())
        track = QRectF(room.left(), room.center().y() - _BAR / 2, room.width() - words - 6, _BAR)
        if track.width() > 2 * _BAR:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.faint if state.selected else self._theme.border))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
            painter.setBrush(QColor(self._theme.muted if state.stale else self._theme.accent))
            track.setWidth(max(_BAR, track.width() * fraction))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
        painter.setPen(self._ink(CellKind.NUMBER, state))
        self._draw(
            painter, QRectF(room.right() - words, room.top(), words, room.height()), self._plain, text, right=True
        )

    def _ink(self, kind: CellKind, state: RowState) -> QColor:
        if state.selected:
            return self._chosen
        return self._muted if state.stale or kind in (CellKind.QUIET, CellKind.CODE) else self._text

    def _face(self, kind: CellKind) -> _Face:
        if kind is CellKind.CODE:
            return self._code
        return self._strong if kind is CellKind.STATUS else self._plain

    def _draw(self, painter: QPainter, room: QRectF, face: _Face, text: str, *, right: bool = False) -> None:
        prepared = face.fitted(text, room.width())
        x = room.right() - prepared.width if right else room.left()
        if painter.font() != face.font:
            painter.setFont(face.font)
        painter.drawStaticText(QPointF(x, round(room.center().y() - prepared.height / 2 - 0.5)), prepared.static)


def paint_cells(
    cells: CellPainter, painter: QPainter, rows: TaskRows, row: int, rooms: list[tuple[int, QRectF]], state: RowState
) -> None:
    """The cells of a row; `rooms` are the columns and where they are."""
    task = rows.task_at(row)
    failed = facts(task.status).kind is Kind.TERMINAL_FAILED
    worrying = rows.worrying(row)
    for (column, room), text in zip(rooms, rows.cell_texts(row, [column for column, _ in rooms]), strict=True):
        kind = rows.look(column).kind
        if kind is CellKind.STATUS:
            cells.status(painter, room, task.status, text, state)
        elif kind is CellKind.BAR:
            fraction = rows.fraction(row, column)
            if fraction is not None:
                cells.bar(painter, room, fraction, text, state)
        elif column in worrying:
            cells.worry(painter, room, kind, text, state)
        else:
            # Why a task failed is what one looks for.
            cells.text(painter, room, CellKind.TEXT if failed and kind is CellKind.QUIET else kind, text, state)

"""Paints the cells of a task row: prepared texts, the mark and colour of a state, bars."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.gui.task_rows import CellKind, PaintedRows
from taskmon.gui.theme import Theme, log_font, mark, ui_font
from taskmon.gui.widgets.status_mark import paint_mark
from taskmon.gui.widgets.text_tiles import Face, TextStyle, TextTiles

ROW_HEIGHT: Final = 30
PADDING: Final = 8
"""Pixels between a cell's edge and its text, left and right."""

_MARK: Final = 11.0
_PILL: Final = 21
_PILL_DROP: Final = (ROW_HEIGHT - _PILL) // 2
_PILL_PADDING: Final = 8.0
_MARK_GAP: Final = 6.0
_BAR: Final = 6.0
_BAR_TEXT: Final = "100 %"
_PILLS: Final = 500


class RowState(NamedTuple):
    """What a row looks like besides its task."""

    selected: bool = False
    hovered: bool = False
    stale: bool = False


class Cell(NamedTuple):
    """Where a cell is painted, in whole pixels of a row `ROW_HEIGHT` high."""

    left: int
    top: int
    width: int


class CellPainter:
    """Paints cells in one theme. Colours are readable on every background a row can have."""

    def __init__(self, theme: Theme) -> None:
        self._plain = Face(ui_font())
        # Of “Machine Terminated by User” and “… in Queue” the ends tell which it is.
        self._strong = Face(ui_font(9.5), Qt.TextElideMode.ElideMiddle)
        self._code = Face(log_font(9.0))
        self._faces = dict.fromkeys(CellKind, self._plain)
        self._faces |= {CellKind.CODE: self._code, CellKind.STATUS: self._strong}
        self._drops = {kind: face.drop(ROW_HEIGHT) for kind, face in self._faces.items()}
        self._bar_words = self._plain.width(_BAR_TEXT)
        self._tiles = TextTiles()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._tiles.clear()
        self._styles: dict[tuple[CellKind, RowState, bool], TextStyle] = {}
        self._pills: dict[tuple[Status, str, int, bool, bool, float], QPixmap] = {}
        self._text, self._muted, self._worried = QColor(theme.text), QColor(theme.muted), QColor(theme.warning_ink)
        self._chosen = QColor(theme.selection_text)
        self._separator = QColor(theme.border)
        self._surface, self._selected, self._hovered = (
            QColor(value) for value in (theme.surface, theme.selection, theme.row_hover)
        )

    def begin(self, painter: QPainter) -> None:
        """`painter` paints what follows."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._tiles.begin(painter)

    def width_of(self, kind: CellKind, text: str) -> float:
        """The width [px] that a cell needs to show `text` whole."""
        width = self._faces[kind].width(text) + 2 * PADDING
        return width + _MARK + _MARK_GAP + 2 * _PILL_PADDING - PADDING if kind is CellKind.STATUS else width

    def _ground(self, state: RowState) -> QColor:
        return self._selected if state.selected else self._hovered if state.hovered else self._surface

    def ground(self, painter: QPainter, top: int, width: int, state: RowState) -> None:
        """The background of a row, where it is not the table's, and the fine line under it."""
        if state.selected or state.hovered:
            painter.fillRect(0, top, width, ROW_HEIGHT, self._ground(state))
        painter.fillRect(0, top + ROW_HEIGHT - 1, width, 1, self._separator)

    def text(self, painter: QPainter, cell: Cell, kind: CellKind, text: str, state: RowState) -> None:
        """A text, cut with an ellipsis where it does not fit; numbers stand at the right."""
        style = self._styles.get((kind, state, False)) or self._new_style(kind, state)
        left, top, width = cell
        self._tiles.draw(painter, left + PADDING, top + self._drops[kind], width - 2 * PADDING, text, style)

    def _new_style(self, kind: CellKind, state: RowState, *, worried: bool = False) -> TextStyle:
        ink = self._worry_ink(state) if worried else self._ink(kind, state)
        right = kind in (CellKind.NUMBER, CellKind.BAR)
        style = self._styles[kind, state, worried] = TextStyle(self._faces[kind], ink, self._ground(state), right=right)
        return style

    def status(self, painter: QPainter, cell: Cell, status: Status, word: str, state: RowState) -> None:
        """Mark and word of a state on a softly coloured pill; grey and bare where the row is stale."""
        left, top, width = cell
        pill = self._pill(status, word, width - PADDING, state, painter.device().devicePixelRatioF())
        painter.drawPixmap(left + PADDING - 2, top + _PILL_DROP, pill)

    def _pill(self, status: Status, word: str, space: int, state: RowState, ratio: float) -> QPixmap:
        """The picture of a state, painted once for every width and look."""
        key = (status, word, space, state.stale, state.selected and state.stale, ratio)
        known = self._pills.get(key)
        if known is None:
            if len(self._pills) > _PILLS:
                self._pills.clear()
            known = self._pills[key] = self._new_pill(status, word, space, state, ratio)
        return known

    def _new_pill(self, status: Status, word: str, space: int, state: RowState, ratio: float) -> QPixmap:
        colours = self._theme.of(status)
        ink = self._ink(CellKind.QUIET, state) if state.stale else QColor(colours.ink)
        before = int(_PILL_PADDING + _MARK + _MARK_GAP)
        room = max(1, int(space - before - _PILL_PADDING))
        width = before + min(room, self._strong.width(word)) + _PILL_PADDING
        picture = QPixmap(ceil(width * ratio), ceil(_PILL * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not state.stale:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.fill))
            painter.drawRoundedRect(QRectF(0, 0, width, _PILL), _PILL / 2, _PILL / 2)
        paint_mark(painter, QRectF(_PILL_PADDING, (_PILL - _MARK) / 2, _MARK, _MARK), mark(status), ink)
        painter.setPen(ink)
        painter.setFont(self._strong.font)
        told, _ = self._strong.fitted(word, room)
        painter.drawText(QPointF(before, self._strong.drop(_PILL) + self._strong.ascent), told)
        painter.end()
        return picture

    def worry(self, painter: QPainter, cell: Cell, kind: CellKind, text: str, state: RowState) -> None:
        """A text to be noticed, with a mark before it where it stands at the left."""
        ink = self._worry_ink(state)
        left, top, width = cell.left + PADDING, cell.top, cell.width - 2 * PADDING
        if kind is not CellKind.NUMBER:
            ring = QRectF(left, top + (ROW_HEIGHT - _MARK - 1) / 2, _MARK, _MARK).adjusted(1, 1, -1, -1)
            painter.setPen(QPen(ink, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(ring)
            for x in (-1.7, 1.7):  # a pause
                painter.drawLine(ring.center() + QPointF(x, -1.8), ring.center() + QPointF(x, 1.8))
            left, width = left + int(_MARK + _MARK_GAP), width - int(_MARK + _MARK_GAP)
        style = self._styles.get((kind, state, True)) or self._new_style(kind, state, worried=True)
        self._tiles.draw(painter, left, top + self._drops[kind], width, text, style)

    def bar(self, painter: QPainter, cell: Cell, fraction: float, text: str, state: RowState) -> None:
        """How much is done, as a bar and in words."""
        left, top, width = cell.left + PADDING, cell.top, cell.width - 2 * PADDING
        words = min(self._bar_words, width)
        track = QRectF(left, top + (ROW_HEIGHT - _BAR) / 2, width - words - 6, _BAR)
        if track.width() > 2 * _BAR:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.faint if state.selected else self._theme.border))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
            painter.setBrush(QColor(self._theme.muted if state.stale else self._theme.accent))
            track.setWidth(max(_BAR, track.width() * fraction))
            painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
        words += 2 * PADDING
        self.text(painter, Cell(cell.left + cell.width - words, top, words), CellKind.BAR, text, state)

    def _ink(self, kind: CellKind, state: RowState) -> QColor:
        if state.selected:
            return self._chosen
        return self._muted if state.stale or kind in (CellKind.QUIET, CellKind.CODE) else self._text

    def _worry_ink(self, state: RowState) -> QColor:
        return self._chosen if state.selected else self._muted if state.stale else self._worried


_FAILED: Final = frozenset(status for status in Status if facts(status).kind is Kind.TERMINAL_FAILED)

Room = tuple[int, CellKind, int, int]
"""The place of a column: its number and kind, left edge and width in whole pixels."""


def paint_cells(
    cells: CellPainter, painter: QPainter, rows: PaintedRows, row: int, top: int, rooms: Sequence[Room], state: RowState
) -> None:
    """What a row says in `rooms`."""
    status = rows.task_at(row).status
    worrying, quiet = rows.worrying(row), rows.quiet(row)
    for (column, kind, left, width), text in zip(rooms, rows.cell_texts(row, [room[0] for room in rooms]), strict=True):
        if not text:
            continue
        cell = Cell(left, top, width)
        if kind is CellKind.STATUS:
            cells.status(painter, cell, status, text, state)
        elif kind is CellKind.BAR:
            cells.bar(painter, cell, rows.fraction(row, column) or 0.0, text, state)
        elif column in worrying:
            cells.worry(painter, cell, kind, text, state)
        elif column in quiet:
            cells.text(painter, cell, CellKind.QUIET, text, state)
        else:
            # Why a task failed is what one looks for.
            shown = CellKind.TEXT if kind is CellKind.QUIET and status in _FAILED else kind
            cells.text(painter, cell, shown, text, state)

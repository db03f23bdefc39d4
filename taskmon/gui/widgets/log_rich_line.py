"""A log line of wide characters, combining marks or right-to-left text: only a text layout can place it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextCharFormat, QTextLayout, QTextOption

from taskmon.core.log_spans import spans_between
from taskmon.core.log_text import LineText
from taskmon.core.units import count_text
from taskmon.gui.widgets.log_colours import style_colours
from taskmon.gui.widgets.log_line import LogLine
from taskmon.gui.widgets.log_runs import runs_of
from taskmon.gui.widgets.log_strip import MANY_RUNS, Strip, strip_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import RawLine
    from taskmon.core.log_spans import StyleSpan
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.log_line import LogMetrics
    from taskmon.gui.widgets.log_runs import LineLook, Mark

_NO_WRAP: Final = 1e7
_LAYOUT_LIMIT: Final = 4096
_FORMAT_LIMIT: Final = 100
"""Changes of style in a wrapped line that are laid out."""
_PIECE: Final = 160
"""Columns that are laid out at once: about as many as are seen."""
_SINGLE_WIDTH: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u017f\u2500-\u259f]*")
"""Latin letters, box drawings and blocks: the log font has them all, each one column wide."""
_STRONG: Final = "[A-Za-z\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3]"
_APART: Final = re.compile(f"(?<={_STRONG}){_STRONG}")
"""Between two such characters nothing joins, combines or turns its direction."""
_TURNS: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
"""Letters written from right to left."""
_WIDE: Final = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\uff60\U0001f300-\U0003fffd]")


class _Piece:
    """Columns [start, end) of a line in a layout of their own, `x` pixels from the line's beginning."""

    def __init__(self, start: int, end: int, x: float, layout: QTextLayout, *, striped: bool) -> None:
        self.start, self.end, self.x = start, end, x
        self.layout = layout
        self.right = x + max((layout.lineAt(row).naturalTextWidth() for row in range(layout.lineCount())), default=0.0)
        self.striped = striped  # whether its colours are no part of the layout
        self.strips: dict[int, Strip] = {}


class RichLogLine(LogLine):
    """A line that only a text layout can place. Columns are characters; Qt counts UTF-16 units, hence the maps.

    A line that does not wrap is laid out piece by piece, no further than somebody looks.
    """

    def __init__(self, shown: LineText, raw: RawLine, severity: Severity | None, metrics: LogMetrics) -> None:
        super().__init__(shown, raw, severity, metrics)
        self._units: list[int] | None = None
        if shown.text and max(shown.text) > "\uffff":
            widths = (2 if character > "\uffff" else 1 for character in shown.text)
            self._units = list(accumulate(widths, initial=0))
        self._pieces: list[_Piece] = []
        self._colours: tuple[Theme, str] | None = None  # what the pieces are painted with

    # -- placing --------------------------------------------------------------------------------------------------

    def _unit(self, column: int) -> int:
        column = min(column, self.length)
        return self._units[column] if self._units else column

    def _column(self, unit: int) -> int:
        if self._units is None:
            return unit
        return bisect_left(self._units, unit)

    def _lay_to(self, column: int, x: float = -1.0, late: float = inf) -> bool:
        """Lays out at least the columns up to `column`, and what stands left of `x`. False if that has to wait: after
        `late`, by the monotonic clock, there is one piece more."""
        pieces = self._pieces
        while not pieces or (pieces[-1].end < self.length and (pieces[-1].end <= column or pieces[-1].right <= x)):
            start, left = (pieces[-1].end, pieces[-1].right) if pieces else (0, 0.0)
            pieces.append(self._piece(start, self._end_of_piece(start), left))
            if monotonic() > late:
                return pieces[-1].end >= self.length or pieces[-1].right > x
        return True

    def _end_of_piece(self, start: int) -> int:
        text = self.shown.text
        if self.metrics.wrap_width:
            return self.length
        wide = len(_WIDE.findall(text, start, start + _PIECE // 2))
        end = _APART.search(text, start + _PIECE - wide)
        return end.start() if end is not None else self.length

    def _piece(self, start: int, end: int, x: float) -> _Piece:
        metrics, wraps = self.metrics, self.metrics.wrap_width > 0
        layout = QTextLayout(self.shown.text[start:end], metrics.font)
        option = QTextOption(Qt.AlignmentFlag.AlignLeft)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        option.setWrapMode(QTextOption.WrapMode.WrapAnywhere if wraps else QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        spans = spans_between(self.shown.spans, start, end) if self._colours is not None else ()
        striped = len(spans) > MANY_RUNS and not _TURNS.search(self.shown.text, start, end)
        striped = striped and not any(span.style.bold or span.style.italic for span in spans)
        if self._colours is not None and spans and not striped:
            layout.setFormats(self._formats(start, end, spans, *self._colours))
        room = metrics.wrap_columns * metrics.advance + 1 if wraps else _NO_WRAP
        layout.beginLayout()
        row = 0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room)
            line.setPosition(QPointF(0, row * metrics.height))
            row += 1
        layout.endLayout()
        return _Piece(start, end, x, layout, striped=striped)

    def _formats(
        self, start: int, end: int, spans: Sequence[StyleSpan], theme: Theme, surface: str
    ) -> list[QTextLayout.FormatRange]:
        """The styles of columns [start, end) in the theme's colours."""
        formats, first = [], self._unit(start)
        for span in spans:
            colours = style_colours(span.style, theme, surface)
            char = _ink_format(colours.ink)
            if colours.paper is not None:
                char.setBackground(colours.paper)
            char.setFontWeight(QFont.Weight.Bold if span.style.bold else QFont.Weight.Normal)
            char.setFontItalic(span.style.italic)
            char.setFontUnderline(span.style.underline)
            char.setFontStrikeOut(span.style.struck)
            begin, stop = self._unit(max(span.start, start)), self._unit(min(span.end, end))
            formats.append(_format_range(begin - first, stop - first, char))
        return formats

    def _piece_at(self, column: int) -> _Piece:
        self._lay_to(column)
        return self._pieces[bisect_right(self._pieces, column, key=lambda piece: piece.start) - 1]

    @property
    def row_count(self) -> int:
        if not self.metrics.wrap_width:
            return 1
        return max(1, self._piece_at(0).layout.lineCount())

    @property
    def width(self) -> float:
        """As far as it is known; of what is not laid out yet a guess by what is."""
        self._lay_to(0)
        last = self._pieces[-1]
        laid = last.right if last.end == 0 else last.right * self.length / last.end
        return laid + (len(self.shown.notice) + 2) * self.metrics.advance

    def row_text(self, row: int) -> str:
        if not self.metrics.wrap_width:
            return self.text if row == 0 else ""
        layout = self._piece_at(0).layout
        if row >= layout.lineCount():
            return ""
        line = layout.lineAt(row)
        start = line.textStart()
        return self.text[self._column(start) : self._column(start + line.textLength())]

    def row_of(self, column: int) -> int:
        if not self.metrics.wrap_width:
            return 0
        line = self._piece_at(0).layout.lineForTextPosition(self._unit(column))
        return line.lineNumber() if line.isValid() else 0

    def x_of(self, column: int) -> float:
        piece = self._piece_at(min(column, self.length))
        unit = self._unit(column) - self._unit(piece.start)
        line = piece.layout.lineForTextPosition(unit)
        return piece.x + (_first_number(line.cursorToX(unit)) if line.isValid() else 0.0)

    def column_at(self, row: int, x: float) -> int:
        self._lay_to(0, x)
        piece = next((piece for piece in self._pieces if x < piece.right), self._pieces[-1])
        if row >= piece.layout.lineCount():
            return self.length
        return self._column(self._unit(piece.start) + int(piece.layout.lineAt(row).xToCursor(x - piece.x)))

    # -- painting -------------------------------------------------------------------------------------------------

    def coloured(self, row: int) -> bool:
        return True

    def paint(self, painter: QPainter, x: float, y: float, row: int, look: LineLook) -> bool:
        wanted = (look.theme, look.surface)
        if self.shown.spans and self._colours != wanted:
            self._colours = wanted
            self._pieces.clear()
        whole = self._lay_to(0, look.right - x, look.late)
        clip = QRectF(look.left, y, look.right - look.left, self.metrics.height)
        painter.save()
        painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        painter.setPen(QColor(look.theme.text))
        for piece in self._pieces:
            if x + piece.x < look.right and x + piece.right > look.left and row < piece.layout.lineCount():
                self._paint_piece(painter, QPointF(x + piece.x, y), row, piece, look, clip)
        last = self._pieces[-1]
        ends = last.end >= self.length and row >= last.layout.lineCount() - 1
        painter.restore()
        if ends and last.layout.lineCount():
            end = x + last.x + last.layout.lineAt(last.layout.lineCount() - 1).naturalTextWidth()
            if self.shown.notice:
                self.paint_notice(painter, end + self.metrics.advance, y, look)
        return whole

    def _paint_piece(
        self, painter: QPainter, origin: QPointF, row: int, piece: _Piece, look: LineLook, clip: QRectF
    ) -> None:
        line = piece.layout.lineAt(row)
        place = QPointF(origin.x(), origin.y() + self.metrics.ascent - line.ascent() - row * self.metrics.height)
        if piece.striped:
            self._paint_strip_of(painter, origin, row, piece, look, place)
            return
        first = self._unit(piece.start)
        for mark in look.marks:
            self._paint_paper(painter, origin, row, mark, piece)
        inks = [
            _format_range(max(0, self._unit(mark.start) - first), self._unit(mark.end) - first, _ink_format(mark.ink))
            for mark in look.marks
            if mark.start < piece.end and mark.end > piece.start
        ]
        piece.layout.draw(painter, place, inks, clip)

    def _paint_strip_of(
        self, painter: QPainter, origin: QPointF, row: int, piece: _Piece, look: LineLook, place: QPointF
    ) -> None:
        """Paints a row of many colours at the price of one."""
        strip = piece.strips.get(row) if not look.marks else None
        line, first = piece.layout.lineAt(row), self._unit(piece.start)
        if strip is None:
            start = self._column(first + line.textStart())
            end = self._column(first + line.textStart() + line.textLength())
            runs = runs_of(start, end, self.shown, look.marks) if end > start else []
            edges = [round(_first_number(line.cursorToX(self._unit(run.start) - first))) for run in runs]
            edges.append(round(line.naturalTextWidth()))
            widths = [max(0, right - left) for left, right in pairwise(edges)]
            strip = strip_of("", runs, look, widths)
            if not look.marks:
                piece.strips[row] = strip
        area = QRectF(origin.x(), origin.y(), round(line.naturalTextWidth()), self.metrics.height)
        strip.paint_papers(painter, area)
        pen = strip.pen(area)
        if pen is not None:
            painter.setPen(pen)
            line.draw(painter, place)
        strip.paint_lines(painter, area, origin.y() + self.metrics.ascent)

    def _paint_paper(self, painter: QPainter, origin: QPointF, row: int, mark: Mark, piece: _Piece) -> None:
        line, first = piece.layout.lineAt(row), self._unit(piece.start)
        row_end = line.textStart() + line.textLength()
        start = max(self._unit(mark.start) - first, line.textStart())
        end = min(self._unit(mark.end) - first, row_end)
        at_end = mark.end > self.length and piece.end >= self.length and row == piece.layout.lineCount() - 1
        if end <= start and not at_end:
            return
        x_start, x_end = sorted(_first_number(line.cursorToX(unit)) for unit in (start, max(start, end)))
        if at_end:
            x_end += self.metrics.advance
        place = QRectF(origin.x() + x_start, origin.y(), x_end - x_start, self.metrics.height)
        painter.fillRect(place.adjusted(0, mark.inset, 0, -mark.inset), mark.paper)


def log_line(shown: LineText, raw: RawLine, severity: Severity | None, metrics: LogMetrics) -> LogLine:
    """A line placed by the cheapest way that is right for its characters."""
    if shown.text.isascii() or _SINGLE_WIDTH.fullmatch(shown.text):
        return LogLine(shown, raw, severity, metrics)
    return RichLogLine(_shortened(shown, wraps=metrics.wrap_width > 0), raw, severity, metrics)


def _shortened(shown: LineText, *, wraps: bool) -> LineText:
    """A text layout costs time for every character, seen or not; so it gets no more than a person reads."""
    end = _LAYOUT_LIMIT
    if wraps:
        spans = [span for span in spans_between(shown.spans, 0, end) if span.start < end]
        end = min(end, spans[_FORMAT_LIMIT].start if len(spans) > _FORMAT_LIMIT else end)
    hidden = len(shown.text) - end
    if hidden <= 0:
        return shown
    notice = shown.notice or f"… {count_text(hidden, 'character')} more in this line"
    return LineText(shown.text[:end], shown.spans, notice)


def _ink_format(ink: QColor) -> QTextCharFormat:
    char = QTextCharFormat()
    char.setForeground(ink)
    return char


def _format_range(start: int, end: int, char: QTextCharFormat) -> QTextLayout.FormatRange:
    place = QTextLayout.FormatRange()
    place.start = start
    place.length = max(0, end - start)
    place.format = char
    return place


def _first_number(answer: object) -> float:
    """PySide answers `cursorToX` with the pixel, or with the pixel and the position it moved to."""
    value = answer[0] if isinstance(answer, tuple) else answer
    return float(value) if isinstance(value, (int, float)) else 0.0

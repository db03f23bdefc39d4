"""One shown line of a log, laid out: where each column is, how it wraps, and how it is painted.

Lines of single-width characters, nearly all there are, are placed by arithmetic and only their visible part is drawn.
The others are in `log_rich_line.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from taskmon.core.log_style import PLAIN, TextStyle
from taskmon.gui.widgets.log_colours import Colours, style_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import RawLine
    from taskmon.core.log_text import LineText

    SpanFinder = Callable[[str], list[tuple[int, int]]]
    from taskmon.gui.theme import Theme


class Mark(NamedTuple):
    """Columns [start, end) of a line that lie under a match or the selection; later marks win.

    `inset` pixels of the row's height stay free above and below, so that matches in neighbouring rows stay apart.
    """

    start: int
    end: int
    ink: QColor
    paper: QColor
    inset: float = 0.0


@dataclass(frozen=True)
class LogMetrics:
    """The log font, measured once. `wrap_width` in pixels; 0 = lines do not wrap.

    `quick_font` is the same font drawn letter by letter, for characters that never join: a quarter of the time less.
    """

    font: QFont
    quick_font: QFont
    advance: float
    height: float
    ascent: float
    wrap_width: float = 0.0

    @classmethod
    def of(cls, font: QFont, wrap_width: float = 0.0) -> LogMetrics:
        """Measures a fixed-pitch font."""
        metrics = QFontMetricsF(font)
        advance = metrics.horizontalAdvance("0" * 100) / 100
        quick = QFont(font)
        quick.setStyleStrategy(QFont.StyleStrategy.PreferNoShaping)
        return cls(font, quick, advance, float(round(metrics.height() + 2)), metrics.ascent() + 1, wrap_width)

    @property
    def wrap_columns(self) -> int:
        """Columns in a row; 0 = all of them."""
        return max(8, int(self.wrap_width / self.advance)) if self.wrap_width else 0


class LogLine:
    """A line with its place: columns to pixels and back, within `row_count` rows."""

    def __init__(self, shown: LineText, raw: RawLine, severity: Severity | None, metrics: LogMetrics) -> None:
        self.shown = shown
        self.raw, self.cut = raw.raw, raw.missing
        self.severity = severity
        self.metrics = metrics
        self.style = PLAIN  # in which the line began
        self._found: tuple[SpanFinder, list[tuple[int, int]]] | None = None

    @property
    def text(self) -> str:
        return self.shown.text

    @property
    def length(self) -> int:
        return len(self.shown.text)

    def matches(self, find_spans: SpanFinder) -> list[tuple[int, int]]:
        """The columns that a search finds in the line; looked for once, not for every frame."""
        if self._found is None or self._found[0] != find_spans:
            self._found = (find_spans, find_spans(self.text))
        return self._found[1]

    @property
    def row_count(self) -> int:
        columns = self.metrics.wrap_columns
        return max(1, -(-self.length // columns)) if columns else 1

    @property
    def width(self) -> float:
        """Pixels of the widest row, with the notice of a cut line."""
        return (self.length + len(self.shown.notice) + 2) * self.metrics.advance

    def row_text(self, row: int) -> str:
        """The text of one row."""
        columns = self.metrics.wrap_columns
        return self.text[row * columns : (row + 1) * columns] if columns else self.text

    def row_of(self, column: int) -> int:
        columns = self.metrics.wrap_columns
        return min(column // columns, self.row_count - 1) if columns else 0

    def x_of(self, column: int) -> float:
        """Pixels from the beginning of its row to a column."""
        return (column - self.row_of(column) * self.metrics.wrap_columns) * self.metrics.advance

    def column_at(self, row: int, x: float) -> int:
        """The column nearest to a pixel of a row."""
        columns = self.metrics.wrap_columns
        column = max(0, int(x / self.metrics.advance + 0.5))
        if columns:
            column = row * columns + min(column, columns)
        return min(column, self.length)

    def paint(self, painter: QPainter, origin: QPointF, row: int, look: LineLook) -> None:
        """Paints one row, its left end at `origin`; only what is inside `look.left` to `look.right` is drawn."""
        advance, columns = self.metrics.advance, self.metrics.wrap_columns
        first = row * columns
        last = min(self.length, first + columns) if columns else self.length
        left = first + max(0, int((look.left - origin.x()) / advance))
        right = min(last, first + int((look.right - origin.x()) / advance) + 2)
        x_zero = origin.x() - first * advance
        if self.shown.spans or look.marks:
            for start, end, style, mark in _runs(left, right, self.shown, look.marks):
                place = QPointF(x_zero + start * advance, origin.y())
                self._paint_run(painter, place, self.text[start:end], style, mark, look)
        elif right > left:
            painter.setPen(style_colours(PLAIN, look.theme, look.surface).ink)
            painter.drawText(QPointF(x_zero + left * advance, origin.y() + self.metrics.ascent), self.text[left:right])
        for mark in look.marks:
            if mark.end > self.length and last == self.length:
                x = x_zero + self.length * advance
                painter.fillRect(QRectF(x, origin.y(), advance, self.metrics.height), mark.paper)
        if self.shown.notice and last == self.length:
            self.paint_notice(painter, x_zero + (self.length + 1) * advance, origin.y(), look)

    def _paint_run(
        self, painter: QPainter, place: QPointF, text: str, style: TextStyle, mark: Mark | None, look: LineLook
    ) -> None:
        """Paints characters of one look, the left top of the first one at `place`."""
        metrics = self.metrics
        colours = Colours(mark.ink, mark.paper) if mark else style_colours(style, look.theme, look.surface)
        if colours.paper is not None:
            inset = mark.inset if mark else 0.0
            area = QRectF(place.x(), place.y() + inset, len(text) * metrics.advance, metrics.height - 2 * inset)
            painter.fillRect(area, colours.paper)
        if text.isspace() and not style.underline:
            return
        painter.setPen(colours.ink)
        styled = style.bold or style.italic or style.underline or style.struck
        if styled:
            painter.setFont(_styled_font(metrics.quick_font, style.bold, style.italic, style.underline, style.struck))
        painter.drawText(QPointF(place.x(), place.y() + metrics.ascent), text)
        if styled:
            painter.setFont(metrics.quick_font)

    def paint_notice(self, painter: QPainter, x: float, y: float, look: LineLook) -> None:
        painter.setPen(QColor(look.theme.muted))
        painter.drawText(QPointF(x, y + self.metrics.ascent), self.shown.notice)


class LineLook(NamedTuple):
    """How a line is painted this time: colours, marks on it, and the visible pixels."""

    theme: Theme
    surface: str
    marks: Sequence[Mark]
    left: float
    right: float


def _runs(
    start: int, end: int, shown: LineText, marks: Sequence[Mark]
) -> list[tuple[int, int, TextStyle, Mark | None]]:
    """[start, end) cut where the style or the mark changes."""
    if end <= start:
        return []
    spans = [span for span in shown.spans if span.start < end and span.end > start]
    inside = [mark for mark in marks if mark.start < end and mark.end > start]
    edges = {start, end}
    edges.update(edge for span in spans for edge in span[:2] if start < edge < end)
    edges.update(edge for mark in inside for edge in mark[:2] if start < edge < end)
    begins = [span.start for span in spans]
    runs = []
    for left, right in pairwise(sorted(edges)):
        span = spans[bisect_right(begins, left) - 1] if begins and begins[0] <= left else None
        style = span.style if span is not None and left < span.end else PLAIN
        mark = next((mark for mark in reversed(inside) if mark.start <= left < mark.end), None)
        runs.append((left, right, style, mark))
    return runs


@lru_cache(maxsize=64)
def _styled_font(font: QFont, bold: bool, italic: bool, underline: bool, struck: bool) -> QFont:
    styled = QFont(font)
    styled.setBold(bold)
    styled.setItalic(italic)
    styled.setUnderline(underline)
    styled.setStrikeOut(struck)
    return styled

"""One shown line of a log, laid out: where each column is, how it wraps, and how it is painted.

Lines of single-width characters, nearly all there are, are placed by arithmetic and only their visible part is drawn.
The others are in `log_rich_line.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from taskmon.core.log_spans import many_spans
from taskmon.core.log_style import PLAIN, TextStyle
from taskmon.gui.widgets.log_colours import Colours, style_colours
from taskmon.gui.widgets.log_runs import runs_of
from taskmon.gui.widgets.log_strip import MANY_RUNS, Strip, strip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import RawLine
    from taskmon.core.log_text import LineText
    from taskmon.gui.widgets.log_runs import LineLook, Mark

    SpanFinder = Callable[[str], list[tuple[int, int]]]


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

    def variant(self, bold: bool, italic: bool) -> QFont:
        """The quick font in another weight or slope."""
        return _styled_font(self.quick_font, bold, italic, False, False) if bold or italic else self.quick_font

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
        self._strips: dict[int, tuple[tuple[int, int, str, str, int], Strip | None]] = {}
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

    def paint(self, painter: QPainter, x: float, y: float, row: int, look: LineLook) -> bool:
        """Paints one row, its left top at `x`, `y`; only what is inside `look.left` to `look.right` is drawn.

        False where its colours were left out because it is late.
        """
        metrics, shown = self.metrics, self.shown
        advance, columns, length = metrics.advance, metrics.wrap_columns, len(shown.text)
        first = row * columns
        last = min(length, first + columns) if columns else length
        left = first + max(0, int((look.left - x) / advance))
        right = min(last, first + int((look.right - x) / advance) + 2)
        x_zero = x - first * advance
        in_full = True
        if right > left:
            if shown.spans or look.marks:
                in_full = self._paint_columns(painter, x_zero, y, row, (left, right), look)
            else:
                self._paint_plain(painter, x_zero + left * advance, y, shown.text[left:right], look)
        if last < length:
            return in_full
        for mark in look.marks:
            if mark.end > length:
                painter.fillRect(QRectF(x_zero + length * advance, y, advance, metrics.height), mark.paper)
        if shown.notice:
            self.paint_notice(painter, x_zero + (length + 1) * advance, y, look)
        return in_full

    def coloured(self, row: int) -> bool:
        """False where the colours of many runs have still to be worked out."""
        return not self.shown.spans or row in self._strips or not many_spans(self.shown.spans, MANY_RUNS)

    def _paint_plain(self, painter: QPainter, x: float, y: float, text: str, look: LineLook) -> None:
        painter.setPen(look.ink)
        painter.drawText(QPointF(x, y + self.metrics.ascent), text)

    def _paint_columns(
        self, painter: QPainter, x_zero: float, y: float, row: int, columns: tuple[int, int], look: LineLook
    ) -> bool:
        left, right = columns
        text, x = self.shown.text, x_zero + left * self.metrics.advance
        many = many_spans(self.shown.spans, MANY_RUNS)
        key = (left, right, look.theme.name, look.surface, len(look.marks)) if many else None
        known = self._strips.get(row) if many else None
        if known is not None and known[0] == key:
            if known[1] is not None and not look.marks:
                self._paint_strip(painter, QPointF(x, y), right - left, known[1])
                return True
        elif many and monotonic() > look.late:
            self._paint_plain(painter, x, y, text[left:right], look)
            self._strips.pop(row, None)
            return False
        runs, strip = runs_of(left, right, self.shown, look.marks), None
        if len(runs) > MANY_RUNS:
            strip = strip_of(text[left:right], runs, look)
            self._paint_strip(painter, QPointF(x, y), right - left, strip)
        else:
            for start, end, style, mark in runs:
                self._paint_run(painter, x_zero + start * self.metrics.advance, y, text[start:end], style, mark, look)
        if key is not None:
            self._strips[row] = (key, strip)
        return True

    def _paint_strip(self, painter: QPainter, place: QPointF, columns: int, strip: Strip) -> None:
        metrics = self.metrics
        area = QRectF(place.x(), place.y(), columns * metrics.advance, metrics.height)
        baseline = place.y() + metrics.ascent
        strip.paint_papers(painter, area)
        pen = strip.pen(area)
        if pen is not None:
            painter.setPen(pen)
            for font, letters in strip.letters:
                painter.setFont(metrics.variant(*font))
                painter.drawText(QPointF(place.x(), baseline), letters)
            painter.setFont(metrics.quick_font)
        strip.paint_lines(painter, area, baseline)

    def _paint_run(
        self, painter: QPainter, x: float, y: float, text: str, style: TextStyle, mark: Mark | None, look: LineLook
    ) -> None:
        """Paints characters of one look, the left top of the first one at `x`, `y`."""
        metrics = self.metrics
        if style is PLAIN and mark is None:
            self._paint_plain(painter, x, y, text, look)
            return
        colours = Colours(mark.ink, mark.paper) if mark else style_colours(style, look.theme, look.surface)
        if colours.paper is not None:
            inset = mark.inset if mark else 0.0
            area = QRectF(x, y + inset, len(text) * metrics.advance, metrics.height - 2 * inset)
            painter.fillRect(area, colours.paper)
        if text.isspace() and not style.underline:
            return
        painter.setPen(colours.ink)
        styled = style.bold or style.italic or style.underline or style.struck
        if styled:
            painter.setFont(_styled_font(metrics.quick_font, style.bold, style.italic, style.underline, style.struck))
        painter.drawText(QPointF(x, y + metrics.ascent), text)
        if styled:
            painter.setFont(metrics.quick_font)

    def paint_notice(self, painter: QPainter, x: float, y: float, look: LineLook) -> None:
        painter.setPen(QColor(look.theme.muted))
        painter.drawText(QPointF(x, y + self.metrics.ascent), self.shown.notice)


@lru_cache(maxsize=64)
def _styled_font(font: QFont, bold: bool, italic: bool, underline: bool, struck: bool) -> QFont:
    styled = QFont(font)
    styled.setBold(bold)
    styled.setItalic(italic)
    styled.setUnderline(underline)
    styled.setStrikeOut(struck)
    return styled

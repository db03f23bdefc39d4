"""A log line of wide characters, combining marks or right-to-left text: only a text layout can place it."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextCharFormat, QTextLayout, QTextOption

from taskmon.core.log_spans import spans_between
from taskmon.core.log_text import LineText
from taskmon.core.units import count_text
from taskmon.gui.widgets.log_colours import style_colours
from taskmon.gui.widgets.log_line import LogLine

if TYPE_CHECKING:
    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import RawLine
    from taskmon.gui.widgets.log_line import LogMetrics
    from taskmon.gui.widgets.log_runs import LineLook, Mark

_NO_WRAP: Final = 1e7
_LAYOUT_LIMIT: Final = 4096
_FORMAT_LIMIT: Final = 100
"""Changes of style in a line that are laid out; a screen has room for no more."""
_SINGLE_WIDTH: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u017f\u2500-\u259f]*")
"""Latin letters, box drawings and blocks: the log font has them all, each one column wide."""


class RichLogLine(LogLine):
    """A line that only a text layout can place. Columns are characters; Qt counts UTF-16 units, hence the maps."""

    def __init__(self, shown: LineText, raw: RawLine, severity: Severity | None, metrics: LogMetrics) -> None:
        super().__init__(shown, raw, severity, metrics)
        self._units: list[int] | None = None
        if shown.text and max(shown.text) > "\uffff":
            self._units = [0]
            for character in shown.text:
                self._units.append(self._units[-1] + (2 if character > "\uffff" else 1))
        self._layout = QTextLayout(shown.text, metrics.font)
        option = QTextOption(Qt.AlignmentFlag.AlignLeft)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        wraps = metrics.wrap_width > 0
        option.setWrapMode(QTextOption.WrapMode.WrapAnywhere if wraps else QTextOption.WrapMode.NoWrap)
        self._layout.setTextOption(option)
        self._place()
        self._theme_formatted: tuple[str, str] | None = None

    def _place(self) -> None:
        width = self.metrics.wrap_columns * self.metrics.advance + 1 if self.metrics.wrap_width else _NO_WRAP
        self._layout.beginLayout()
        row = 0
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, row * self.metrics.height))
            row += 1
        self._layout.endLayout()

    def _unit(self, column: int) -> int:
        column = min(column, self.length)
        return self._units[column] if self._units else column

    def _column(self, unit: int) -> int:
        if self._units is None:
            return unit
        return bisect_left(self._units, unit)

    @property
    def row_count(self) -> int:
        return max(1, self._layout.lineCount())

    @property
    def width(self) -> float:
        notice = (len(self.shown.notice) + 2) * self.metrics.advance
        rows = range(self._layout.lineCount())
        return max((self._layout.lineAt(row).naturalTextWidth() for row in rows), default=0.0) + notice

    def row_text(self, row: int) -> str:
        line = self._layout.lineAt(row) if row < self._layout.lineCount() else None
        if line is None:
            return ""
        start = line.textStart()
        return self.text[self._column(start) : self._column(start + line.textLength())]

    def row_of(self, column: int) -> int:
        line = self._layout.lineForTextPosition(self._unit(column))
        return line.lineNumber() if line.isValid() else 0

    def x_of(self, column: int) -> float:
        line = self._layout.lineForTextPosition(self._unit(column))
        return _first_number(line.cursorToX(self._unit(column))) if line.isValid() else 0.0

    def column_at(self, row: int, x: float) -> int:
        if row >= self._layout.lineCount():
            return self.length
        return self._column(int(self._layout.lineAt(row).xToCursor(x)))

    def paint(self, painter: QPainter, x: float, y: float, row: int, look: LineLook) -> bool:
        origin = QPointF(x, y)
        self._format(look)
        if row >= self._layout.lineCount():
            return True
        line = self._layout.lineAt(row)
        baseline = origin.y() + self.metrics.ascent - line.ascent()
        clip = QRectF(look.left, origin.y(), look.right - look.left, self.metrics.height)
        painter.save()
        painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
        painter.setPen(QColor(look.theme.text))
        end = line.textStart() + line.textLength()
        for mark in look.marks:
            self._paint_paper(painter, origin, row, mark, end)
        inks = [
            _format_range(self._unit(mark.start), self._unit(mark.end), _ink_format(mark.ink)) for mark in look.marks
        ]
        self._layout.draw(painter, QPointF(origin.x(), baseline - row * self.metrics.height), inks, clip)
        painter.restore()
        if self.shown.notice and row == self.row_count - 1:
            self.paint_notice(painter, origin.x() + line.naturalTextWidth() + self.metrics.advance, origin.y(), look)
        return True

    def _paint_paper(self, painter: QPainter, origin: QPointF, row: int, mark: Mark, row_end: int) -> None:
        line = self._layout.lineAt(row)
        start, end = max(self._unit(mark.start), line.textStart()), min(self._unit(mark.end), row_end)
        if end <= start and mark.end <= self.length:
            return
        x_start, x_end = sorted(_first_number(line.cursorToX(unit)) for unit in (start, max(start, end)))
        if mark.end > self.length and row == self.row_count - 1:
            x_end += self.metrics.advance
        place = QRectF(origin.x() + x_start, origin.y(), x_end - x_start, self.metrics.height)
        painter.fillRect(place.adjusted(0, mark.inset, 0, -mark.inset), mark.paper)

    def _format(self, look: LineLook) -> None:
        """Gives the layout the styles in the theme's colours, once per theme and surface."""
        if not self.shown.spans:
            return
        wanted = (look.theme.name, look.surface)
        if self._theme_formatted == wanted:
            return
        self._theme_formatted = wanted
        formats = []
        for span in self.shown.spans:
            colours = style_colours(span.style, look.theme, look.surface)
            char = _ink_format(colours.ink)
            if colours.paper is not None:
                char.setBackground(colours.paper)
            char.setFontWeight(QFont.Weight.Bold if span.style.bold else QFont.Weight.Normal)
            char.setFontItalic(span.style.italic)
            char.setFontUnderline(span.style.underline)
            char.setFontStrikeOut(span.style.struck)
            formats.append(_format_range(self._unit(span.start), self._unit(span.end), char))
        self._layout.setFormats(formats)
        self._place()


def log_line(shown: LineText, raw: RawLine, severity: Severity | None, metrics: LogMetrics) -> LogLine:
    """A line placed by the cheapest way that is right for its characters."""
    if shown.text.isascii() or _SINGLE_WIDTH.fullmatch(shown.text):
        return LogLine(shown, raw, severity, metrics)
    return RichLogLine(_shortened(shown), raw, severity, metrics)


def _shortened(shown: LineText) -> LineText:
    """A text layout costs time for every character, seen or not; so it gets no more than a screen can use."""
    spans = [span for span in spans_between(shown.spans, 0, _LAYOUT_LIMIT) if span.start < _LAYOUT_LIMIT]
    end = min(_LAYOUT_LIMIT, spans[_FORMAT_LIMIT].start if len(spans) > _FORMAT_LIMIT else _LAYOUT_LIMIT)
    hidden = len(shown.text) - end
    if hidden <= 0:
        return shown
    kept = tuple(span._replace(end=min(span.end, end)) for span in spans[:_FORMAT_LIMIT])
    notice = shown.notice or f"… {count_text(hidden, 'character')} more in this line"
    return LineText(shown.text[:end], kept, notice)


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

"""The part of a log that is on the screen: which rows of which lines, and where. Geometry only, no widget."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, count, repeat
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.log_source import LineList
from taskmon.core.log_style import PLAIN, TextStyle, style_after, styles_before
from taskmon.core.log_text import raw_text, shown_line, sketch_text
from taskmon.gui.widgets.log_line import LogLine, LogMetrics
from taskmon.gui.widgets.log_rich_line import RichLogLine, log_line
from taskmon.gui.widgets.log_selection import Caret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtGui import QFont

    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import LineSource, RawLine

GUTTER_PADDING: Final = 10.0
TEXT_PADDING: Final = 8.0
UNKNOWN: Final = -1
"""The line number of rows at the end of a log whose lines are still being counted."""

_REMEMBERED: Final = 1000
_TAKES_TIME: Final = 1024
"""Bytes of a line with escapes that may take a tenth of a millisecond or much more."""


class PageRow(NamedTuple):
    """A visible row: `row` of the line `line`, its top at `y`."""

    line: int
    row: int
    y: float
    placed: LogLine


class LogPage:
    """A window of `height` pixels on a LineSource, beginning at row `top_row` of line `top_line`."""

    def __init__(self, font: QFont, severity_of: Callable[[str], Severity | None]) -> None:
        self.source: LineSource = LineList()
        self.severity_of = severity_of
        self.metrics = LogMetrics.of(font)
        self.width = self.height = 0.0
        self.wraps = False
        self.raw = False  # whether escapes and returns are shown instead of applied
        self.top_line = self.top_row = 0
        self.at_end = True
        self.widest = 0.0
        self.hurried = False  # whether the rows asked for last hold sketches
        self._placed: dict[int | RawLine, LogLine] = {}
        self._begun: dict[int, TextStyle] = {}  # the styles in which lines begin

    # -- what it shows --------------------------------------------------------------------------------------------

    def show_source(self, source: LineSource) -> None:
        self.source = source
        self.top_line = self.top_row = 0
        self.forget()

    def forget(self) -> None:
        """Lays every line out anew when it is next needed."""
        self._placed.clear()
        self._begun.clear()
        self.widest = 0.0

    def set_font(self, font: QFont) -> None:
        self.metrics = LogMetrics.of(font)
        self.resize(self.width, self.height, changed=True)

    def set_raw(self, raw: bool) -> None:
        self.raw = raw
        self.forget()

    def set_wraps(self, wraps: bool) -> None:
        self.wraps = wraps
        self.resize(self.width, self.height, changed=True)

    def resize(self, width: float, height: float, *, changed: bool = False) -> None:
        """Takes a new size; the line at the top stays there."""
        self.width, self.height = width, height
        wrap_width = max(1.0, width - self.text_left - TEXT_PADDING) if self.wraps else 0.0
        if changed or wrap_width != self.metrics.wrap_width:
            self.metrics = replace(self.metrics, wrap_width=wrap_width)
            self.top_row = 0
            self.forget()

    @property
    def gutter_width(self) -> float:
        """Pixels of the line numbers; grows with the log."""
        last = self.source.line_count - 1
        digits = max(4, len(str(self.source.number(last) + 1)) if last >= 0 else 0)
        return digits * self.metrics.advance + 2 * GUTTER_PADDING

    @property
    def text_left(self) -> float:
        return self.gutter_width + TEXT_PADDING

    @property
    def full_rows(self) -> int:
        """Rows that are wholly visible."""
        return max(1, int(self.height // self.metrics.height))

    @property
    def counting(self) -> bool:
        """Whether only the end can be shown because line numbers are not known yet."""
        return self.at_end and not self.source.complete

    def line(self, number: int) -> LogLine | None:
        """One line, laid out."""
        found = self.source.lines(number, 1) if number >= 0 else []
        if not found:
            return None
        known = self._placed.get(number)
        style = known.style if known is not None else self._styles(number, found)[0]
        return self._place(number, found[0], style)

    def length(self, number: int) -> int:
        """Columns of a line as it is shown."""
        placed = self.line(number)
        return placed.length if placed else 0

    def _styles(self, first: int, lines: Sequence[RawLine]) -> Sequence[TextStyle]:
        """The styles in which lines begin; where lines are left out nothing runs on."""
        if self.raw or not self.source.continuous:
            return [PLAIN] * len(lines)
        if len(self._begun) > _REMEMBERED:
            self._begun.clear()
        styles = styles_before(self.source, first, lines, self._begun.get(first))
        self._begun.update(zip(count(first), styles, strict=False))
        return styles

    def _place(self, number: int, raw: RawLine, style: TextStyle) -> LogLine:
        key = number if number != UNKNOWN else raw
        known = self._placed.get(key)
        if known is not None and known.raw == raw.raw and known.cut == raw.missing and known.style == style:
            return known
        if len(self._placed) > _REMEMBERED:
            self._placed.clear()
        shown = raw_text(raw.raw) if self.raw else shown_line(raw, style)
        placed = log_line(shown, raw, self.severity_of(shown.text), self.metrics)
        placed.style = style
        self._placed[key] = placed
        if not self.wraps and not isinstance(placed, RichLogLine):  # that knows its width when it is painted
            self.widest = max(self.widest, placed.width)
        return placed

    def _sketch(self, number: int, raw: RawLine) -> LogLine | None:
        """A long line of many commands, for a moment without its colours; None for a line that takes no time."""
        key = number if number != UNKNOWN else raw
        if self.wraps or len(raw.raw) < _TAKES_TIME or b"\x1b" not in raw.raw or key in self._placed:
            return None
        self.hurried = True
        return LogLine(sketch_text(raw.raw), raw, None, self.metrics)

    def rows(self, late: float = inf) -> list[PageRow]:
        """The visible rows from the top down. Lines that take time are sketched after `late` (monotonic)."""
        rows: list[PageRow] = []
        self.hurried, known = False, len(self._placed)
        height, row_height, y, first_row = self.height, self.metrics.height, 0.0, self.top_row
        for number, raw, style in self._tail_lines() if self.counting else self._page_lines():
            if y >= height:
                break
            sketch = self._sketch(number, raw) if monotonic() > late and len(self._placed) > known else None
            placed = sketch or self._place(number, raw, style)
            for row in range(first_row, placed.row_count):
                if y >= height:
                    break
                rows.append(PageRow(number, row, y, placed))
                y += row_height
            first_row = 0
        return self._last_rows(rows) if self.counting else rows

    def _page_lines(self) -> Iterable[tuple[int, RawLine, TextStyle]]:
        found = self.source.lines(self.top_line, self.full_rows + 2)
        return zip(count(self.top_line), found, self._styles(self.top_line, found), strict=False)

    def _tail_lines(self) -> Iterable[tuple[int, RawLine, TextStyle]]:
        found = self.source.tail(self.full_rows)
        styles = accumulate(found, lambda style, raw: style_after(raw, style), initial=PLAIN)
        return zip(repeat(UNKNOWN), found, styles, strict=False)

    def _last_rows(self, rows: list[PageRow]) -> list[PageRow]:
        height = self.metrics.height
        kept = rows[-self.full_rows :]
        return [PageRow(row.line, row.row, place * height, row.placed) for place, row in enumerate(kept)]

    # -- moving ---------------------------------------------------------------------------------------------------

    def end_position(self) -> tuple[int, int]:
        """The top line and row with which the last row of the log is the last on the screen."""
        if not self.wraps:
            return max(0, self.source.line_count - self.full_rows), 0
        missing, line = self.full_rows, self.source.line_count
        while line > 0 and missing > 0:
            first = max(0, line - missing)
            found = self.source.lines(first, line - first)
            for number in range(first + len(found) - 1, first - 1, -1):
                known = self._placed.get(number)
                style = known.style if known is not None else PLAIN
                missing -= self._place(number, found[number - first], style).row_count
                line = number
                if missing <= 0:
                    return line, -missing
            if line > first:  # the log shrank under our eyes
                break
        return 0, 0

    def go_to(self, line: int, row: int = 0) -> None:
        """Puts a row at the top, or as near to it as the end of the log allows."""
        end = self.end_position()
        wanted = max((0, 0), (line, row))
        self.top_line, self.top_row = min(wanted, end)
        self.at_end = wanted >= end

    def go_to_end(self) -> None:
        self.top_line, self.top_row = self.end_position()
        self.at_end = True

    def move(self, rows: int) -> None:
        """Scrolls by rows; negative is up. Not while lines are being counted: which ones are above is not known yet."""
        if self.counting:
            return
        if not self.wraps:
            self.go_to(self.top_line + rows)
            return
        line, row = self.top_line, self.top_row + rows
        while row < 0 and line > 0:
            line -= 1
            row += self._row_count(line)
        while (rows_here := self._row_count(line)) <= row and line < self.source.line_count:
            row -= rows_here
            line += 1
        self.go_to(line, max(0, row))

    def _row_count(self, line: int) -> int:
        placed = self.line(line)
        return placed.row_count if placed else 1

    def reveal(self, caret: Caret, *, centred: bool = False) -> None:
        """Scrolls just far enough that a place is visible; to the middle if it was not and `centred`."""
        placed = self.line(caret.line)
        row = placed.row_of(caret.column) if placed else 0
        visible = [(seen.line, seen.row) for seen in self.rows()[: self.full_rows]]
        if (caret.line, row) in visible:
            return
        if centred:
            self.go_to(caret.line, row)
            if not self.at_end:
                self.move(-self.full_rows // 3)
        elif (caret.line, row) < (self.top_line, self.top_row):
            self.go_to(caret.line, row)
        else:
            self.go_to(caret.line, row)
            self.move(1 - self.full_rows)

    # -- places ---------------------------------------------------------------------------------------------------

    def caret_at(self, x: float, y: float, scrolled_x: float) -> Caret | None:
        """The place in the log nearest to a point of the page; None where there is none to point at."""
        rows = self.rows()
        if not rows or rows[0].line == UNKNOWN:
            return None
        place = int(y // self.metrics.height)
        if place >= len(rows):
            last = rows[-1]
            return Caret(last.line, last.placed.length)
        row = rows[max(0, place)]
        return Caret(row.line, row.placed.column_at(row.row, x - self.text_left + scrolled_x))

    def last_caret(self) -> Caret:
        """The end of the log."""
        last = self.source.line_count - 1
        placed = self.line(last)
        return Caret(last, placed.length) if placed else Caret(0, 0)

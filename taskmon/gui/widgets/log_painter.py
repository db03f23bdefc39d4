"""Paints a page of a log: numbers, lines, and what is marked on them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from taskmon.core.log_signals import Severity
from taskmon.core.log_style import PLAIN
from taskmon.gui.widgets.log_colours import mixed, readable, style_colours
from taskmon.gui.widgets.log_page import GUTTER_PADDING, TEXT_PADDING, UNKNOWN
from taskmon.gui.widgets.log_rich_line import RichLogLine
from taskmon.gui.widgets.log_runs import LineLook, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPainter

    from taskmon.core.log_highlights import Highlight
    from taskmon.core.log_source import SearchResult
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.log_page import LogPage, PageRow
    from taskmon.gui.widgets.log_selection import Caret, Selection

_BAR_WIDTH: Final = 3.0
_MATCH_INSET: Final = 1.0
_TINT: Final = {False: 0.26, True: 0.42}
_FRAME_S: Final = 0.005
"""What a frame may spend on lines of many commands; what is not ready then comes in the next frames."""

_OTHER: Final = 3
"""The colour, of the theme's series, that marks lines of the other stream."""


@dataclass(frozen=True)
class PageLook:
    """What is marked on a page. `current_line` is the match that was jumped to, `caret_line` the line that was
    jumped to or clicked; `caret` None = not shown. `has_keys`: the keys scroll this page.

    `is_other` tells the lines, by their number in the log, that came by the other of two merged streams.
    """

    theme: Theme
    scrolled_x: float
    selection: Selection | None
    result: SearchResult | None
    current_line: int | None
    caret: Caret | None
    caret_line: int | None = None
    has_keys: bool = False
    highlights: Sequence[Highlight] = ()
    is_other: Callable[[int], bool] | None = None


def paint_page(painter: QPainter, page: LogPage, look: PageLook) -> None:
    """Paints the whole page."""
    theme, gutter = look.theme, page.gutter_width
    painter.setFont(page.metrics.quick_font)
    painter.fillRect(QRectF(0, 0, page.width, page.height), QColor(theme.surface))
    late = monotonic() + _FRAME_S
    rows = page.rows(late)
    text_area = QRectF(gutter, 0, page.width - gutter, page.height)
    painter.save()
    painter.setClipRect(text_area)
    left = gutter + TEXT_PADDING - look.scrolled_x
    bare = LineLook(theme, theme.surface, _plain_ink(theme, theme.surface), (), gutter, page.width, late)
    marked = bool(look.highlights) or look.result is not None or look.selection is not None
    waits = True
    for row in rows:
        placed = row.placed
        line_look = _marked_look(painter, page, row, look, bare) if marked or placed.severity else bare
        if waits and not placed.coloured(row.row):  # one row more in every frame, however late it is
            waits, line_look = False, line_look._replace(late=inf)
        if not placed.paint(painter, left, row.y, row.row, line_look):
            page.hurried = True
        if not page.wraps and isinstance(placed, RichLogLine):
            page.widest = max(page.widest, placed.width)
    if look.caret is not None:
        _paint_caret(painter, page, rows, look, look.caret)
    painter.restore()
    _paint_gutter(painter, page, rows, look)


def _marked_look(painter: QPainter, page: LogPage, row: PageRow, look: PageLook, bare: LineLook) -> LineLook:
    """The look of a row with marks or bad news; paints what lies below its text."""
    theme, surface, ink = look.theme, bare.surface, bare.ink
    if row.placed.severity is Severity.ERROR:
        surface = theme.error_fill
    elif row.line == look.caret_line:
        surface = theme.row_hover
    if surface != bare.surface:
        ink = _plain_ink(theme, surface)
        painter.fillRect(QRectF(bare.left, row.y, page.width - bare.left, page.metrics.height), QColor(surface))
    return bare._replace(surface=surface, ink=ink, marks=_marks(row, look))


def _plain_ink(theme: Theme, surface: str) -> QColor:
    return style_colours(PLAIN, theme, surface).ink


def _marks(row: PageRow, look: PageLook) -> list[Mark]:
    theme, marks = look.theme, []
    for highlight in look.highlights:
        ink, paper = highlight_colours(highlight.colour, theme)
        for start, end in highlight.find_spans(row.placed.text):
            marks.append(Mark(start, end, ink, paper, _MATCH_INSET))
    if look.result is not None:
        current = row.line == look.current_line
        colours = (theme.accent_text, theme.accent) if current else (theme.text, theme.match_fill)
        ink, paper = map(QColor, colours)
        for start, end in row.placed.matches(look.result.find_spans):
            marks.append(Mark(start, end, ink, paper, _MATCH_INSET))
    if look.selection is not None and row.line != UNKNOWN:
        columns = look.selection.columns_of(row.line, row.placed.length)
        if columns is not None:
            marks.append(Mark(*columns, QColor(theme.selection_text), QColor(theme.selection)))
    return marks


def highlight_colours(colour: int, theme: Theme) -> tuple[QColor, QColor]:
    """Ink and paper of a highlight rule: a tint on which the text stays readable."""
    tint = QColor(theme.series[colour % len(theme.series)])
    paper = mixed(QColor(theme.surface), tint, _TINT[theme.dark])
    return readable(QColor(theme.text), paper, theme), paper


def _paint_caret(painter: QPainter, page: LogPage, rows: list[PageRow], look: PageLook, caret: Caret) -> None:
    for row in rows:
        if row.line != caret.line:
            continue
        column = min(caret.column, row.placed.length)
        if row.placed.row_of(column) == row.row:
            x = page.text_left - look.scrolled_x + row.placed.x_of(column)
            painter.fillRect(QRectF(x - 0.5, row.y, 1.5, page.metrics.height), QColor(look.theme.accent))


def _lines_left_out(page: LogPage, line: int) -> bool:
    """Whether there are lines of the log between this one and the one shown before it."""
    source = page.source
    return not source.continuous and line > 0 and source.number(line) != source.number(line - 1) + 1


def _paint_gutter(painter: QPainter, page: LogPage, rows: list[PageRow], look: PageLook) -> None:
    theme, width, height = look.theme, page.gutter_width, page.metrics.height
    painter.fillRect(QRectF(0, 0, width, page.height), QColor(theme.raised))
    line = 2 if look.has_keys else 1
    painter.fillRect(
        QRectF(width - line, 0, line, page.height), QColor(theme.accent if look.has_keys else theme.border)
    )
    muted, text, chosen = QColor(theme.muted), QColor(theme.text), QColor(theme.selection_text)
    numbers = mixed(muted, QColor(theme.raised), 0.12)
    for row in rows:
        if row.line == look.caret_line:
            painter.fillRect(QRectF(0, row.y, width - 1, height), QColor(theme.selection))
        if row.placed.severity is not None:
            bar = theme.error_ink if row.placed.severity is Severity.ERROR else theme.warning_ink
            painter.fillRect(QRectF(0, row.y, _BAR_WIDTH, height), QColor(bar))
        if row.line != UNKNOWN and look.is_other is not None and look.is_other(page.source.number(row.line)):
            painter.fillRect(QRectF(width - _BAR_WIDTH, row.y, _BAR_WIDTH, height), QColor(theme.series[_OTHER]))
        if row.row > 0 or row.line == UNKNOWN:
            continue
        if _lines_left_out(page, row.line):
            painter.fillRect(QRectF(0, row.y, page.width, 1), QColor(theme.border))
        at_caret = row.line == look.caret_line
        painter.setPen(chosen if at_caret else text if row.line == look.current_line else numbers)
        number = str(page.source.number(row.line) + 1)
        left = width - GUTTER_PADDING - len(number) * page.metrics.advance
        painter.drawText(QPointF(left, row.y + page.metrics.ascent), number)

"""The scrolling face of a log: shows the visible lines of a LineSource, follows its end, marks matches.

What is on the screen, and a few lines before it for colours that run on, is all that it ever reads, so its cost does
not depend on the size of the log. `log_view.py` adds what mouse and keyboard do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from taskmon.core.log_signals import severity
from taskmon.core.log_source import LineList
from taskmon.core.units import count_text
from taskmon.gui.theme import LIGHT, log_font
from taskmon.gui.widgets.log_page import LogPage
from taskmon.gui.widgets.log_painter import PageLook, paint_page
from taskmon.gui.widgets.log_pointer import Grain, LogPointer
from taskmon.gui.widgets.log_scroll_bar import LogScrollBar, MarkedScrollBar
from taskmon.gui.widgets.log_selection import Caret
from taskmon.gui.widgets.log_speech import LogSpeech, standing
from taskmon.gui.widgets.newest_button import NewestButton

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from taskmon.core.log_highlights import Highlight
    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import LineSource, SearchResult
    from taskmon.gui.theme import Theme

FONT_SIZES: Final = (7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 16.0, 18.0, 21.0, 24.0, 28.0)
USUAL_SIZE: Final = 10.0
_SPOKEN_MOST: Final = 500


class LogCanvas(QAbstractScrollArea):
    """Follows by itself while the end is on the screen, and only then.

    The log is told to have grown by `source_grew`. Nothing that arrives moves what a person reads or has selected.
    `line_reached` carries the text of a line that a search, a jump or a key led to: a screen reader says it.
    """

    line_reached = Signal(str)
    follow_changed = Signal(bool)
    font_size_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._font_size = USUAL_SIZE
        self._page = LogPage(log_font(self._font_size), severity)
        self._pointer = LogPointer(self._page)
        self._follow = True
        self._seen_lines = 0
        self._counted = 0  # lines, when they were last all counted
        self._grew = False
        self._holds_end = False  # a person has stopped following before the lines were counted
        self._result: SearchResult | None = None
        self._current: int | None = None
        self._problems: SearchResult | None = None
        self._highlights: Sequence[Highlight] = ()
        self._is_other: Callable[[int], bool] | None = None
        self._arranging = False
        self._bar = MarkedScrollBar(self)
        self.setVerticalScrollBar(self._bar)
        self._across = LogScrollBar(Qt.Orientation.Horizontal, self)
        self.setHorizontalScrollBar(self._across)
        self._newest = NewestButton(self.viewport())
        self._newest.clicked.connect(lambda: self.set_follow(True))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().valueChanged.connect(self._bar_moved)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        self.setAccessibleName("Log")
        self.speech = LogSpeech(self, lambda: standing(self._page, self._follow, self._pointer.selection))
        self.line_reached.connect(self.speech.announce)

    # -- values in ------------------------------------------------------------------------------------------------

    def show_source(self, source: LineSource | None) -> None:
        """Shows another log, or none; following begins again, selection and matches are forgotten."""
        self._page.show_source(source if source is not None else LineList())
        self._pointer.clear()
        self._result, self._current, self._problems = None, None, None
        self._counted, self._grew = 0, False
        self.horizontalScrollBar().setValue(0)
        self._page.at_end = True
        self.set_follow(True)
        self.source_grew()

    def source_grew(self) -> None:
        """The source has more lines, or fewer, than when it was last looked at."""
        count = self._page.source.line_count
        self._grew |= 0 < self._counted < count
        self._counted = count if self._page.source.complete else 0
        if self._page.top_line >= self._page.source.line_count:
            self._page.go_to_end()
        if self._holds_end and self._page.at_end and self._page.source.complete:
            self._page.go_to_end()
            self._page.at_end, self._holds_end = self._follow, False
        self._arrange()

    def show_ended(self) -> None:
        """The log will not grow any more: news where a person has seen it grow."""
        if self._grew:
            self.speech.announce(f"The log has ended with {count_text(self._page.source.line_count, 'line')}.")
        self._grew = False

    def show_search(self, result: SearchResult | None) -> None:
        """Marks the matches of a search; None marks none. More matches of the same pattern leave the page as it is."""
        before, self._result = self._result, result
        if result is None:
            self._current = None
        self._show_marks()
        if before is None or result is None or before.find_spans != result.find_spans:
            self.viewport().update()

    def show_problems(self, found: SearchResult | None) -> None:
        """Marks lines with bad news in the scroll bar."""
        self._problems = found
        self._show_marks()

    def show_highlights(self, highlights: Sequence[Highlight]) -> None:
        """Colours every place that a rule finds; later rules win."""
        self._highlights = highlights
        self.viewport().update()

    def mark_other_stream(self, is_other: Callable[[int], bool] | None) -> None:
        """Marks lines that came by the other stream, by their number in the log."""
        self._is_other = is_other
        self.viewport().update()

    def show_match(self, line: int | None) -> None:
        """Jumps to a matching line and marks it strongly."""
        self._current = line
        if line is not None:
            self._stop_following()
            placed = self._page.line(line)
            spans = self._result.find_spans(placed.text) if placed and self._result else []
            column = spans[0][0] if spans else 0
            self._page.reveal(Caret(line, column), centred=True)
            self._arrange()
            self._reveal_column(line, column)
            self._tell_line(line)
        self._show_marks()
        self.viewport().update()

    def show_line(self, line: int) -> None:
        """Jumps to a line and puts the caret there."""
        self.put_caret(Caret(line, 0))
        self._tell_line(line)

    def put_caret(self, caret: Caret) -> None:
        """Puts the caret at a place, selects nothing, and scrolls there if that is not on the screen."""
        self._stop_following()
        self._pointer.press(caret, Grain.CHARACTER, extend=False)
        self._pointer.release()
        self._page.reveal(caret, centred=True)
        self._arrange()

    def scroll_to(self, line: int) -> None:
        """Puts a line at the top, as far as the end of the log allows."""
        self._page.go_to(line)
        self._moved_by_person()

    def set_severity(self, severity_of: Callable[[str], Severity | None]) -> None:
        """How lines are told to be bad news: a simulator's own patterns."""
        self._page.severity_of = severity_of
        self._page.forget()
        self.viewport().update()

    def set_wrap(self, wraps: bool) -> None:
        """Whether long lines go on in the next row."""
        self._page.set_wraps(wraps)
        self._arrange()

    def set_raw(self, raw: bool) -> None:
        """Whether escapes and returns are shown as signs instead of being applied."""
        self._page.set_raw(raw)
        self._arrange()

    def set_follow(self, follow: bool) -> None:
        """Whether the end stays on the screen."""
        changed = follow != self._follow
        self._follow = follow
        self._seen_lines = self._page.source.line_count
        if follow:
            self._page.go_to_end()
            self._arrange()
        elif not self._page.counting:  # else the end stays until its lines have numbers
            self._page.at_end = False
        self._holds_end = self._page.counting
        self._show_newest()
        if changed:
            self.follow_changed.emit(follow)

    def set_font_size(self, point_size: float) -> None:
        self._font_size = min(max(point_size, FONT_SIZES[0]), FONT_SIZES[-1])
        self._page.set_font(log_font(self._font_size))
        self._arrange()
        self.font_size_changed.emit(self._font_size)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._bar.set_theme(theme)
        self._across.set_theme(theme)
        self._newest.set_theme(theme)
        self.viewport().update()

    # -- what a person sees ---------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        return self._follow

    @property
    def first_visible_line(self) -> int:
        return self._page.top_line

    @property
    def page(self) -> LogPage:
        """What is on the screen."""
        return self._page

    @property
    def caret(self) -> Caret | None:
        """None until the log is first clicked, or a line is jumped to."""
        return self._pointer.selection.caret if self._pointer.selection is not None else None

    def visible_texts(self) -> list[str]:
        """The rows on the screen as text, for assistive tools and tests."""
        return [row.placed.row_text(row.row) for row in self._page.rows()]

    def _tell_line(self, line: int) -> None:
        placed = self._page.line(line)
        if placed is not None:
            number = self._page.source.number(line) + 1
            self.line_reached.emit(f"{number}: {placed.text[:_SPOKEN_MOST]}")

    # -- arranging ------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Brings the page, the scroll bars and the button into agreement."""
        page = self._page
        if self._follow:
            page.go_to_end()
        rows_width = page.text_left + page.widest
        self._arranging = True
        self._bar.setRange(0, page.end_position()[0])
        self._bar.setPageStep(page.full_rows)
        self._bar.setValue(page.top_line)
        across = self.horizontalScrollBar()
        across.setRange(0, 0 if page.wraps else max(0, int(rows_width - page.width)))
        across.setPageStep(max(1, int(page.width - page.text_left)))
        across.setSingleStep(int(page.metrics.advance * 4))
        self._arranging = False
        self._show_marks()
        self._show_newest()
        self.speech.changed()
        self.viewport().update()

    def _show_marks(self) -> None:
        self._bar.show_matches(self._result, self._page.source.line_count, self._current)
        self._bar.show_problems(self._problems if self._page.source.continuous else None)

    def _show_newest(self) -> None:
        fresh = 0 if self._follow else self._page.source.line_count - self._seen_lines
        self._newest.show_count(fresh)
        self._newest.place(self.viewport().size())

    def _bar_moved(self, value: int) -> None:
        if not self._arranging:
            last = value >= self._bar.maximum()
            if last:
                self._page.go_to_end()
            else:
                self._page.go_to(value)
            self._moved_by_person()

    def _scroll_rows(self, rows: int) -> None:
        self._page.move(rows)
        self._moved_by_person()

    def _moved_by_person(self) -> None:
        """Following goes on exactly while the end is on the screen."""
        if self._page.at_end != self._follow:
            self.set_follow(self._page.at_end)
        self._arrange()

    def _stop_following(self) -> None:
        if self._follow:
            self.set_follow(False)

    def _reveal_column(self, line: int, column: int) -> None:
        placed = self._page.line(line)
        if placed is None or self._page.wraps:
            return
        across, x = self.horizontalScrollBar(), placed.x_of(column)
        room = self._page.width - self._page.text_left
        if not across.value() <= x <= across.value() + room * 0.8:
            across.setRange(0, max(across.maximum(), int(x)))
            across.setValue(max(0, int(x - room / 3)))

    # -- Qt calls -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        selection = self._pointer.selection
        widest = self._page.widest
        look = PageLook(
            theme=self._theme,
            scrolled_x=float(self.horizontalScrollBar().value()),
            selection=selection,
            result=self._result,
            current_line=self._current,
            caret=selection.caret if selection is not None and self.hasFocus() else None,
            has_keys=self.hasFocus(),
            caret_line=selection.caret.line if selection is not None and not selection else None,
            highlights=self._highlights,
            is_other=self._is_other,
        )
        painter = QPainter(self.viewport())
        try:
            paint_page(painter, self._page, look)
        finally:
            painter.end()  # a painter left open by an error would end the process
        if self._page.widest > widest or self._page.hurried:
            QTimer.singleShot(0, self, self._arrange)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self.viewport().size()
        self._page.resize(float(size.width()), float(size.height()))
        self._arrange()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """The page is painted anew; nothing is shifted."""

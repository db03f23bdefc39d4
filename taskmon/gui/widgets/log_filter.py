"""Which lines of a log a view shows: all of them, or those that a search found with lines around them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from taskmon.core.log_context import ContextLines
from taskmon.core.log_source import MatchingLines

if TYPE_CHECKING:
    from taskmon.core.log_source import LineSource, SearchResult
    from taskmon.gui.widgets.log_view import LogView


class LogFilter(QObject):
    """Gives the view its lines. Many matches with context are taken in bit by bit, between two events."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._view = view
        self._source: LineSource | None = None
        self._shown: MatchingLines | ContextLines | None = None
        self._more = QTimer(self, interval=0, singleShot=True)
        self._more.timeout.connect(self._take_in)

    @property
    def active(self) -> bool:
        """Whether only some lines are shown."""
        return self._shown is not None

    @property
    def shown(self) -> LineSource | None:
        """The lines that a person sees."""
        return self._shown if self._shown is not None else self._source

    def show_source(self, source: LineSource | None) -> None:
        """Shows all of another log."""
        self._source, self._shown = source, None
        self._more.stop()
        self._view.show_source(source)

    def show_matches(self, result: SearchResult, context: int) -> None:
        """Shows only the matches, with `context` lines before and after each."""
        if self._source is None:
            return
        line = self._line_at_top()
        self._shown = ContextLines(self._source, result, context) if context else MatchingLines(self._source, result)
        self._view.show_source(self._shown)
        self.show_result(result)
        self._view.scroll_to(self._shown.place_of(line))

    def show_all(self) -> None:
        """Shows all lines again, where the person was."""
        if self._shown is None:
            return
        line = self._line_at_top()
        self._shown = None
        self._more.stop()
        self._view.show_source(self._source)
        self._view.scroll_to(line)

    def show_result(self, result: SearchResult) -> None:
        """Takes a later state of the search; its places are marked on the lines, not in the scroll bar."""
        if self._shown is not None:
            self._shown.show_result(result)
            self._view.show_search(replace(result, lines=(), count=0))
            self._take_in()

    def place_of(self, line: int) -> int:
        """The row number, in what is shown, of a line of the log."""
        return self._shown.place_of(line) if self._shown is not None else line

    def line_of(self, place: int) -> int:
        """The line of the log at a place of what is shown."""
        return self._shown.number(place) if self._shown is not None else place

    def _line_at_top(self) -> int:
        return self.line_of(self._view.first_visible_line)

    def _take_in(self) -> None:
        if isinstance(self._shown, ContextLines) and not self._shown.take_in():
            self._more.start()
        self._view.source_grew()

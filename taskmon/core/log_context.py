"""The lines that a search found, with some lines before and after each of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from taskmon.core.log_source import LINE_LIMIT

if TYPE_CHECKING:
    from taskmon.core.log_source import LineSource, RawLine, SearchResult

STEP: Final = 50_000
"""Matches taken in at once: some ten milliseconds."""


class ContextLines:
    """A LineSource of blocks of lines: `context` lines around every match, neighbours joined.

    `take_in` adds what a search has found since; call it until it says True.
    """

    def __init__(self, source: LineSource, result: SearchResult, context: int) -> None:
        self._source = source
        self._context = context
        self._restart(result)

    def _restart(self, result: SearchResult) -> None:
        self._result = result
        self._taken = 0
        self._starts, self._ends = array("q"), array("q")  # [start, end) of each block, by lines of the log
        self._before = array("q")  # lines shown before each block

    def show_result(self, result: SearchResult) -> None:
        """Takes a later state of the same search."""
        taken = self._taken
        goes_on = taken <= result.count and (
            not taken or result.lines[taken - 1] + self._context + 1 == (self._ends[-1] if self._ends else 0)
        )
        if goes_on:
            self._result = result
        else:
            self._restart(result)

    def take_in(self, most: int = STEP) -> bool:
        """Takes in at most so many more matches; True when there are no more."""
        around, end = self._context, min(self._result.count, self._taken + most)
        starts, ends, before = self._starts, self._ends, self._before
        for line in self._result.lines[self._taken : end]:
            start = max(0, line - around)
            if ends and start <= ends[-1]:
                ends[-1] = line + around + 1
                continue
            before.append(before[-1] + ends[-1] - starts[-1] if ends else 0)
            starts.append(start)
            ends.append(line + around + 1)
        self._taken = end
        return end == self._result.count

    @property
    def size(self) -> int:
        return self._source.size

    @property
    def line_count(self) -> int:
        if not self._ends:
            return 0
        last_end = max(self._starts[-1] + 1, min(self._ends[-1], self._source.line_count))
        return self._before[-1] + last_end - self._starts[-1]

    @property
    def complete(self) -> bool:
        return True

    @property
    def continuous(self) -> bool:
        return False

    def lines(self, first: int, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        found: list[RawLine] = []
        first = max(0, first)
        end = min(first + count, self.line_count)
        while first + len(found) < end:
            place = first + len(found)
            block = bisect_right(self._before, place) - 1
            line = self._starts[block] + place - self._before[block]
            piece = self._source.lines(line, min(end - place, self._ends[block] - line), limit)
            if not piece:
                break
            found.extend(piece)
        return found

    def tail(self, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        return self.lines(max(0, self.line_count - count), count, limit)

    def number(self, line: int) -> int:
        if not 0 <= line < self.line_count:
            return line
        block = bisect_right(self._before, line) - 1
        return self._source.number(self._starts[block] + line - self._before[block])

    def place_of(self, line: int) -> int:
        """Where a line of the log is shown here; the next one that is shown where it is not."""
        block = bisect_left(self._ends, line + 1)
        if block >= len(self._ends):
            return self.line_count
        return self._before[block] + max(0, line - self._starts[block])

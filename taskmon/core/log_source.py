"""What a log view asks for: lines by number, wherever they lie; and what a search over such lines found."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LINE_LIMIT: Final = 16 * 1024
"""Bytes of one line that are read for showing it; the rest is read only to be copied or saved."""


class RawLine(NamedTuple):
    """The bytes of one line without its newline. `length` is the whole line's; `raw` is shorter if it was cut.

    A cut line keeps its beginning, except where it is a progress bar redrawn many times: that keeps its last states.
    """

    raw: bytes
    length: int

    @property
    def missing(self) -> int:
        """Bytes that were cut off."""
        return self.length - len(self.raw)


class LineSource(Protocol):
    """Lines of a log, numbered from 0. Every call is quick enough for the window's thread."""

    @property
    def size(self) -> int:
        """Bytes of the whole log, as far as known."""
        ...

    @property
    def line_count(self) -> int:
        """Lines that can be asked for by number; a last line without its newline counts."""
        ...

    @property
    def complete(self) -> bool:
        """False while lines are still being counted: then only `tail` knows the end."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether each line is the one that follows in the log; False where only some lines are shown."""
        ...

    def lines(self, first: int, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        """Up to `count` lines from `first` on, each cut at `limit` bytes. Fewer where the log ends."""
        ...

    def tail(self, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        """The last lines, even where their numbers are not known yet."""
        ...

    def number(self, line: int) -> int:
        """The number of this line in the whole log (differs where only some lines are shown)."""
        ...


class LineList:
    """A LineSource over lines in memory: for small texts and for trying a view by hand."""

    def __init__(self, lines: Sequence[bytes] = ()) -> None:
        self._lines = list(lines)

    def extend(self, lines: Sequence[bytes]) -> None:
        self._lines.extend(lines)

    @property
    def size(self) -> int:
        return sum(map(len, self._lines)) + len(self._lines)

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def complete(self) -> bool:
        return True

    @property
    def continuous(self) -> bool:
        return True

    def lines(self, first: int, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        return [RawLine(line[:limit], len(line)) for line in self._lines[max(0, first) : max(0, first + count)]]

    def tail(self, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        return self.lines(max(0, len(self._lines) - count), count, limit)

    def number(self, line: int) -> int:
        return line


def _no_spans(_text: str) -> list[tuple[int, int]]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search has found so far. `lines[:count]` are the numbers of the matching lines, ascending.

    `lines` may grow behind this value's back while the search goes on; `count` does not. `finished` says that the
    whole log, as long as it was then, has been searched. `find_spans` gives the matches (start, end) in a shown text.
    """

    pattern: str
    lines: Sequence[int]
    count: int
    finished: bool
    searched_bytes: int = 0
    find_spans: Callable[[str], list[tuple[int, int]]] = field(default=_no_spans, compare=False)

    def position_at_or_after(self, line: int) -> int:
        """The place, in `lines`, of the first match at `line` or below it; `count` if there is none."""
        return bisect_left(self.lines, line, 0, min(self.count, len(self.lines)))

    def has_match_in(self, first: int, end: int) -> bool:
        """Whether a line of [first, end) matches."""
        place = self.position_at_or_after(first)
        return place < min(self.count, len(self.lines)) and self.lines[place] < end


class MatchingLines:
    """A LineSource of only those lines of another one that a search found."""

    def __init__(self, source: LineSource, result: SearchResult) -> None:
        self._source = source
        self._result = result

    def show_result(self, result: SearchResult) -> None:
        """Takes a later state of the same search."""
        self._result = result

    @property
    def size(self) -> int:
        return self._source.size

    @property
    def line_count(self) -> int:
        return min(self._result.count, len(self._result.lines))

    @property
    def complete(self) -> bool:
        return True

    @property
    def continuous(self) -> bool:
        return False

    def lines(self, first: int, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        found: list[RawLine] = []
        for place in range(max(0, first), min(first + count, self.line_count)):
            found.extend(self._source.lines(self._result.lines[place], 1, limit))
        return found

    def tail(self, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        return self.lines(max(0, self.line_count - count), count, limit)

    def number(self, line: int) -> int:
        return self._source.number(self._result.lines[line]) if line < self.line_count else line

    def place_of(self, line: int) -> int:
        """Where a line of the log is shown here; the next one that is shown where it is not."""
        return self._result.position_at_or_after(line)

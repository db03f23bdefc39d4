"""Finds the lines of a log that match, all of them, however long the log, without holding up the window.

RE2 is used because its time grows with the text only, whatever the pattern, and because it lets other threads run.
The bytes are searched as they were written, line by line; colours in the middle of a word hide it.
"""

from __future__ import annotations

import os
import re
from array import array
from typing import TYPE_CHECKING, Any, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.log_source import SearchResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.log_spool import LogSpool

SEARCH_STEP: Final = 32 << 20
"""Bytes searched per `advance`: a cancelled caller waits for one such step at most."""

_CHUNK: Final = 1 << 20
_NEWLINE: Final = 10
_WORTH_ASKING: Final = 128 << 10
"""Bytes between two matches from which on the spool knows the line's number sooner than counting does."""

_SMALLEST: Final = 64 << 10
_PIECE: Final = 4 << 20
"""Longer lines are searched in pieces of this size: nothing that holds Python's lock takes more than a millisecond."""

_OVERLAP: Final = 64 << 10
"""Bytes that two pieces share: a match that is longer, in a line longer than a piece, may be missed."""


_LOOKING_AROUND: Final = re.compile(r"\(\?(?:<?[=!]|>|\()")
_BACK_REFERENCE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]|\(\?P=")


class LinePattern:
    """A pattern that is looked for within single lines. Raises InvalidInputError where it is no regular expression."""

    def __init__(self, text: str, *, regex: bool, case_sensitive: bool) -> None:
        import re2  # loaded with the first search, not with the window

        self.text = text
        options = re2.Options()
        options.never_nl = True
        options.never_capture = True
        options.log_errors = False
        options.case_sensitive = case_sensitive
        source = text if regex else re2.escape(text)
        try:
            re2.compile(source, options)
            self._compiled: Any = re2.compile("(?m)" + source, options)
        except re2.error as error:
            reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
            raise _refusal(text, reason) from error

    def find_spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern matches in a shown line; empty matches are left out."""
        content = text.encode("utf-8", "surrogatepass")
        spans = [match.span() for match in self._compiled.finditer(content) if match.end() > match.start()]
        return spans if len(content) == len(text) else _columns(content, spans)

    def search(self, content: bytes | bytearray, start: int, end: int) -> int:
        """The place of the first match in [start, end); -1 if there is none."""
        match = self._compiled.search(content, start, end)
        return -1 if match is None else match.start()


def _columns(content: bytes, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places counted in characters."""
    columns: list[tuple[int, int]] = []
    column = place = 0
    for start, end in spans:
        first = column + len(content[place:start].decode("utf-8", "surrogatepass"))
        column, place = first + len(content[start:end].decode("utf-8", "surrogatepass")), end
        columns.append((first, column))
    return columns


def _refusal(text: str, reason: str) -> InvalidInputError:
    """Why a pattern cannot be searched for; `reason` is RE2's."""
    if _LOOKING_AROUND.search(text) or _BACK_REFERENCE.search(text):
        title = f"“{text}” looks ahead or behind, or repeats an earlier group: large logs are not searched that way."
        return InvalidInputError(title, "Leave that part out, or search for one part and read on in “Only matches”.")
    return InvalidInputError(
        f"“{text}” is not a regular expression: {reason}.", "Correct it, or switch off “.*” to find it as text."
    )


class LogSearch:
    """One search over a spool. Call `advance` in a worker until it says True; again after the log has grown."""

    def __init__(
        self, spool: LogSpool, pattern: LinePattern, confirm: Callable[[int, bytes], bool] | None = None
    ) -> None:
        """`confirm` looks at each line (number, bytes) that the pattern finds, in the worker, and may refuse it."""
        self._spool = spool
        self._pattern = pattern
        self._confirm = confirm
        self._read_length = _CHUNK
        self._buffer = bytearray()
        self._restart()

    def _restart(self) -> None:
        self._generation = self._spool.generation
        self._lines = array("I")
        self._offset = 0  # of the first line that is not searched for good
        self._line = 0  # the line at `_offset`; -1: the spool has counted that far and is asked when it matters
        self._inside = 0  # 1 where our place is inside a line that is searched in pieces: the byte before is read too
        self._unfinished_end = 0
        self._unfinished_line = -1  # a last line without newline that matched so far

    def result(self) -> SearchResult:
        """What has been found so far; safe to call from any thread."""
        return SearchResult(
            pattern=self._pattern.text,
            lines=self._lines,
            count=len(self._lines),
            finished=self._offset >= self._spool.size or self._unfinished_end >= self._spool.size,
            searched_bytes=self._offset,
            find_spans=self._pattern.find_spans,
        )

    def advance(self, step: int = SEARCH_STEP) -> bool:
        """Searches about `step` more bytes. True when the log, as long as it is now, has been searched."""
        if self._generation != self._spool.generation:
            self._restart()
        self._read_length = max(_SMALLEST, min(_CHUNK, step))
        descriptor = self._spool.duplicate_descriptor()
        if descriptor < 0:
            return True
        try:
            return self._advance(descriptor, self._spool.size, self._offset + step)
        finally:
            os.close(descriptor)

    def _advance(self, descriptor: int, size: int, until: int) -> bool:
        while self._offset < min(size, until):
            content, end = self._read_lines(descriptor, size)
            if end <= self._inside:
                break
            if content[end - 1] == _NEWLINE:
                self._search_for_good(content, end)
                self._offset += end - self._inside
                self._inside = 0
            elif end >= _PIECE:
                self._search_for_good(content, end - 1)  # the last byte says only whether a word or the line ends there
                self._offset += end - 1 - _OVERLAP - self._inside
                self._inside = 1
            else:
                self._search_unfinished(content, end)
                return True
        return self._offset >= size

    def _read_lines(self, descriptor: int, size: int) -> tuple[bytearray, int]:
        """A buffer and how much of it counts: whole lines from our place on, the unfinished last line alone, or a
        piece of a monstrous one. The buffer is used again: bytes stay in the processor's cache."""
        length, begin = self._read_length, self._offset - self._inside
        while True:
            wanted = min(length, size - begin)
            if len(self._buffer) != wanted:
                self._buffer = bytearray(wanted)
            buffer = self._buffer
            got = os.preadv(descriptor, [buffer], begin)
            end = buffer.rfind(b"\n", 0, got) + 1
            if end > 0:
                return buffer, end
            if got < length or length >= _PIECE:
                return buffer, got
            length = min(length * 8, _PIECE)

    def _search_for_good(self, content: bytearray, size: int) -> None:
        """Searches lines that will not change. Lines are counted only as far as needed to number the matches."""
        self._forget_unfinished()
        position, lines, search = self._inside, self._lines, self._pattern.search
        begin = self._offset - self._inside
        known = self._spool.has_counted(begin + size)
        line, counted = -1, 0
        while position < size:
            start = search(content, position, size)
            if start < 0 or start >= size:
                break
            if known and (line < 0 or start - counted > _WORTH_ASKING):
                line = max(0, self._spool.line_at(begin + content.rfind(b"\n", 0, start) + 1))
            else:
                line = (line if line >= 0 else self._number()) + content.count(b"\n", counted, start)
            end = content.find(b"\n", start, size)
            if (not lines or lines[-1] != line) and self._agreed(line, content, start, end, size):
                lines.append(line)
            if end < 0:
                counted = start
                break
            counted, position = end, end + 1
        if known:
            self._line = -1
        else:
            self._line = (line if line >= 0 else self._number()) + content.count(b"\n", counted, size)

    def _number(self) -> int:
        """The number of the line at our place. It is taken from the spool unless we are ahead of its counting."""
        if self._line < 0:
            self._line = max(0, self._spool.line_at(self._offset))
        return self._line

    def _agreed(self, line: int, content: bytes | bytearray, start: int, end: int, size: int) -> bool:
        if self._confirm is None:
            return True
        begin = content.rfind(b"\n", 0, start) + 1
        return self._confirm(line, bytes(content[begin : end if end >= 0 else size]))

    def _search_unfinished(self, content: bytearray, size: int) -> None:
        self._forget_unfinished()
        line = self._number()
        found = self._pattern.search(content, self._inside, size) >= 0
        if found and (not self._lines or self._lines[-1] != line) and self._agreed(line, content, 0, -1, size):
            self._lines.append(line)
            self._unfinished_line = line
        self._unfinished_end = self._offset - self._inside + size

    def _forget_unfinished(self) -> None:
        """Takes back a match in the line that had not ended: it is looked at again as a whole."""
        if self._unfinished_line >= 0 and self._lines and self._lines[-1] == self._unfinished_line:
            self._lines.pop()
        self._unfinished_line = -1

"""Finds the lines of a log that match, all of them, however long the log, without holding up the window.

RE2 is used because its time grows with the text only, whatever the pattern, and because it lets other threads run.
The bytes are searched as they were written, line by line; colours in the middle of a word hide it.
"""

from __future__ import annotations

import os
import re
from array import array
from concurrent.futures import ThreadPoolExecutor
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
_WORTH_SHARING: Final = 4 << 20
"""Bytes of a step from which on two threads are quicker than one."""

_SAMPLE_LINES: Final = 400
_SAMPLE_BYTES: Final = 400
"""What the log's text is like is seen from so many of its last lines, each cut at so many bytes."""

_PIECE: Final = 4 << 20
"""Longer lines are searched in pieces of this size: nothing that holds Python's lock takes more than a millisecond."""

_OVERLAP: Final = 64 << 10
"""Bytes that two pieces share: a match that is longer, in a line longer than a piece, may be missed."""


_LOOKING_AROUND: Final = re.compile(r"\(\?(?:<?[=!]|>|\()")
_LONGEST_SHOWN: Final = 200
_SPECIAL: Final = frozenset("\\.^$*+?{}[]()|")
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
        plain = case_sensitive and not (regex and _SPECIAL.intersection(text))
        self._word = text.encode("utf-8", "surrogatepass") if plain else b""
        self._options = options

    def find_spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern matches in a shown line; empty matches are left out."""
        content = text.encode("utf-8", "surrogatepass")
        spans = [match.span() for match in self._compiled.finditer(content) if match.end() > match.start()]
        return spans if len(content) == len(text) else _columns(content, spans)

    def search(self, content: bytes | bytearray, start: int, end: int) -> int:
        """The place of the first match in [start, end); -1 if there is none."""
        match = self._compiled.search(content, start, end)
        return -1 if match is None else match.start()

    def searcher(self, sample: bytes) -> Callable[[bytes | bytearray, int, int], int]:
        """`search`, quicker in texts like `sample` where the pattern is a word.

        RE2 stops wherever it sees a word's first byte. So it looks for the word from its rarest byte on.
        """
        word = self._word
        before = min(range(len(word)), key=lambda place: sample.count(word[place]), default=0)
        if not before:
            return self.search
        import re2

        beginning, ending = word[:before], re2.compile(re2.escape(word[before:]), self._options)

        def search(content: bytes | bytearray, start: int, end: int) -> int:
            while start + before < end and (match := ending.search(content, start + before, end)) is not None:
                place: int = match.start() - before
                if content.startswith(beginning, place):
                    return place
                start = place + 1
            return -1

        return search


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
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    if _LOOKING_AROUND.search(text) or _BACK_REFERENCE.search(text):
        title = f"“{shown}” looks ahead or behind, or repeats an earlier group: large logs are not searched that way."
        return InvalidInputError(title, "Leave that part out, or search for one part and read on in “Only matches”.")
    if "too large" in reason:
        title = f"“{shown}” is too large: its repetitions stand for more states than can be searched for."
        return InvalidInputError(title, "Repeat less, or search for one part of it.")
    return InvalidInputError(
        f"“{shown}” is not a regular expression: {reason}.", "Correct it, or switch off “.*” to find it as text."
    )


class LogSearch:
    """One search over a spool. Call `advance` in a worker until it says True; again after the log has grown."""

    def __init__(
        self, spool: LogSpool, pattern: LinePattern, confirm: Callable[[int, bytes], bool] | None = None
    ) -> None:
        """`confirm` looks at each line (number, bytes) that the pattern finds, in the worker, and may refuse it. It is
        asked in the order of the lines, so such a search has one thread; others share large steps between two.
        """
        self._spool = spool
        self._pattern = pattern
        self._confirm = confirm
        self._reached = self._restart()

    def _restart(self) -> _Stretch:
        self._generation = self._spool.generation
        sample = b"\n".join(line.raw for line in self._spool.tail(_SAMPLE_LINES, _SAMPLE_BYTES))
        self._search = self._pattern.searcher(sample)
        return _Stretch(self._spool, self._search, self._confirm)

    def result(self) -> SearchResult:
        """What has been found so far; safe to call from any thread."""
        reached = self._reached
        return SearchResult(
            pattern=self._pattern.text,
            lines=reached.lines,
            count=len(reached.lines),
            finished=max(reached.offset, reached.unfinished_end) >= self._spool.size,
            searched_bytes=reached.offset,
            find_spans=self._pattern.find_spans,
        )

    def advance(self, step: int = SEARCH_STEP) -> bool:
        """Searches about `step` more bytes. True when the log, as long as it is now, has been searched."""
        if self._generation != self._spool.generation:
            self._reached = self._restart()
        descriptor = self._spool.duplicate_descriptor()
        if descriptor < 0:
            return True
        try:
            reached, size = self._reached, self._spool.size
            until = min(size, reached.offset + step)
            middle = -1
            if self._confirm is None and until - reached.offset >= _WORTH_SHARING:
                middle = _line_begin(descriptor, (reached.offset + until) // 2)
            if middle < 0:
                return reached.advance(descriptor, size, until)
            return self._share(descriptor, size, middle, until)
        finally:
            os.close(descriptor)

    def _share(self, descriptor: int, size: int, middle: int, until: int) -> bool:
        """Searches up to `middle`, where a line begins, while another thread searches from there to `until`."""
        rest = _Stretch(self._spool, self._search, None, middle)
        with ThreadPoolExecutor(1, "search") as other:
            done = other.submit(rest.advance, descriptor, size, until)
            self._reached.advance(descriptor, middle, middle)
        if self._reached.offset < middle:  # the file was cut meanwhile
            return False
        self._reached.join(rest)
        return done.result()


def _line_begin(descriptor: int, offset: int) -> int:
    """Where the first line behind `offset` begins; -1 if that is not near."""
    near = os.pread(descriptor, _SMALLEST, offset)
    newline = near.find(b"\n")
    return offset + newline + 1 if newline >= 0 else -1


class _Stretch:
    """How far a stretch of a log has been searched, and the lines found in it.

    A stretch that does not begin the log counts its lines from its own beginning, if the spool has not counted so far.
    """

    def __init__(
        self,
        spool: LogSpool,
        search: Callable[[bytes | bytearray, int, int], int],
        confirm: Callable[[int, bytes], bool] | None,
        begin: int = 0,
    ) -> None:
        self._spool = spool
        self._search = search
        self._confirm = confirm
        self._read_length = _CHUNK
        self._buffer = bytearray()
        self._counts = begin > 0 and not spool.has_counted(begin)  # lines from our own beginning
        self.lines = array("I")
        self.offset = begin  # of the first line that is not searched for good
        self.unfinished_end = 0
        self._line = -1 if begin and not self._counts else 0  # the line at `offset`; -1: the spool knows it
        self._inside = 0  # 1 where our place is inside a line that is searched in pieces: the byte before is read too
        self._unfinished_line = -1  # a last line without newline that matched so far

    def join(self, rest: _Stretch) -> None:
        """Takes in the stretch that begins where this one has come to."""
        before = self._number() if rest._counts else 0
        self._forget_unfinished()
        self.lines.extend(array("I", [before + line for line in rest.lines]) if before else rest.lines)
        self.unfinished_end = rest.unfinished_end
        self._line = before + rest._line if rest._line >= 0 else -1
        self._inside = rest._inside
        self._unfinished_line = before + rest._unfinished_line if rest._unfinished_line >= 0 else -1
        self.offset = rest.offset

    def advance(self, descriptor: int, size: int, until: int) -> bool:
        """Searches on to `until` or a little further; True when all `size` bytes of the file are searched."""
        self._read_length = max(_SMALLEST, min(_CHUNK, until - self.offset))
        while self.offset < until:
            content, end = self._read_lines(descriptor, size)
            if end <= self._inside:
                break
            if content[end - 1] == _NEWLINE:
                self._search_for_good(content, end)
                self.offset += end - self._inside
                self._inside = 0
            elif end >= _PIECE:
                self._search_for_good(content, end - 1)  # the last byte says only whether a word or the line ends there
                self.offset += end - 1 - _OVERLAP - self._inside
                self._inside = 1
            else:
                self._search_unfinished(content, end)
                return True
        return self.offset >= size

    def _read_lines(self, descriptor: int, size: int) -> tuple[bytearray, int]:
        """A buffer and how much of it counts: whole lines from our place on, the unfinished last line alone, or a
        piece of a monstrous one. The buffer is used again: bytes stay in the processor's cache."""
        length, begin = self._read_length, self.offset - self._inside
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
        position, lines, search = self._inside, self.lines, self._search
        begin = self.offset - self._inside
        known = not self._counts and self._spool.has_counted(begin + size)
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
            self._line = max(0, self._spool.line_at(self.offset))
        return self._line

    def _agreed(self, line: int, content: bytes | bytearray, start: int, end: int, size: int) -> bool:
        if self._confirm is None:
            return True
        begin = content.rfind(b"\n", 0, start) + 1
        return self._confirm(line, bytes(content[begin : end if end >= 0 else size]))

    def _search_unfinished(self, content: bytearray, size: int) -> None:
        self._forget_unfinished()
        line = self._number()
        found = self._search(content, self._inside, size) >= 0
        if found and (not self.lines or self.lines[-1] != line) and self._agreed(line, content, 0, -1, size):
            self.lines.append(line)
            self._unfinished_line = line
        self.unfinished_end = self.offset - self._inside + size

    def _forget_unfinished(self) -> None:
        """Takes back a match in the line that had not ended: it is looked at again as a whole."""
        if self._unfinished_line >= 0 and self.lines and self.lines[-1] == self._unfinished_line:
            self.lines.pop()
        self._unfinished_line = -1

"""A log on disk: append to it, read any line of it, never hold the whole of it in memory.

For a service on this computer the spool is the task's own file, read only. Otherwise it is a file of ours that the
follower appends to; `size` is where it goes on after a break.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from taskmon.client.line_index import LineIndex
from taskmon.client.spool_lock import hold
from taskmon.core.errors import TaskmonError
from taskmon.core.log_source import LINE_LIMIT, RawLine, SearchResult

_log = logging.getLogger(__name__)

QUICK_STEP: Final = 2 << 20
"""Bytes that may be counted on the window's thread (about a millisecond)."""

WORKER_STEP: Final = 64 << 20
"""Bytes to count per call in a worker thread: a cancelled caller waits for one such step at most."""

_READ: Final = 64 * 1024
_TAIL_READ: Final = 256
"""Bytes for each of the last lines that are read first."""

_TAIL_READ_LIMIT: Final = 4 << 20
_FINGERPRINT: Final = 64
_COPY: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What `refresh` saw. `complete`: every line is counted. `replaced`: the file was cut or exchanged since."""

    size: int
    line_count: int
    complete: bool
    replaced: bool


class LogSpool:
    """A LineSource over a file that may grow, be cut, be replaced or not exist yet.

    Reading happens with `pread`, so a file cut under our eyes gives fewer lines, never a crash. Call `refresh` to see
    growth: on the window's thread with the default step, in a worker with `WORKER_STEP` until `complete`. Of a large
    file only the end is known at first.
    """

    def __init__(self, path: Path, *, ours: bool = False) -> None:
        """`ours`: a copy in our cache, which is not thrown away while it is open here."""
        self.path = path
        self._ours = ours
        self.generation = 0
        self._fd = -1
        self._append_fd = -1
        self._size = 0
        self._line_count = 0
        self._index = LineIndex()
        self._ending = b""
        self._growing = Lock()
        self._descriptors = Lock()  # held while descriptors are opened, closed or duplicated
        self._cached = (-1, b"")
        self._retired = -1  # the descriptor of a replaced file, closed one look later: a reader may be using it
        self._look()
        if self._size <= QUICK_STEP:
            self.refresh()

    # -- the file as it is now ------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        return self._size

    @property
    def line_count(self) -> int:
        return self._line_count

    @property
    def complete(self) -> bool:
        return self._index.counted_bytes >= self._size

    @property
    def is_task_own(self) -> bool:
        """Whether this is the task's own file, and no copy of ours."""
        return not self._ours

    @property
    def continuous(self) -> bool:
        return True

    def number(self, line: int) -> int:
        return line

    def append(self, content: bytes) -> None:
        """Adds bytes at the end, on disk. Raises TaskmonError where the disk refuses."""
        try:
            if self._append_fd < 0:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._append_fd = os.open(self.path, flags, 0o600)
            view = memoryview(content)
            while view:
                view = view[os.write(self._append_fd, view) :]
        except OSError as error:
            raise _disk_error(self.path.parent, error) from error
        finally:
            self.refresh()

    def refresh(self, step: int = QUICK_STEP) -> SpoolState:
        """Looks at the file and counts at most `step` more bytes. Two callers at once do not hinder each other."""
        replaced = False
        if self._growing.acquire(blocking=False):
            try:
                replaced = self._look()
                self._index.grow(self._size, step, self._read_into)
                self._count_lines()
            finally:
                self._growing.release()
        return SpoolState(self._size, self._line_count, self.complete, replaced)

    async def count_lines(self) -> None:
        """Counts what there is, in a worker thread where it is much; cancelled between two steps."""
        while not self.refresh().complete:
            await asyncio.to_thread(self.refresh, WORKER_STEP)

    def search(self, pattern: str, *, regex: bool = True, case: bool = True) -> SearchResult:
        """Searches all of it at once, for a worker thread; `LogSearch` does it step by step.

        Raises InvalidInputError for a pattern that is no regular expression.
        """
        from taskmon.client.log_search import LinePattern, LogSearch

        search = LogSearch(self, LinePattern(pattern, regex=regex, case_sensitive=case))
        while not search.advance():
            pass
        return search.result()

    def close(self) -> None:
        """Lets go of the file. Waits for a counting step under way."""
        with self._growing, self._descriptors:
            for descriptor in (self._fd, self._append_fd, self._retired):
                if descriptor >= 0:
                    os.close(descriptor)
            self._fd = self._append_fd = self._retired = -1

    def duplicate_descriptor(self) -> int:
        """A descriptor of the same file for another thread, which closes it; -1 while there is no file."""
        with self._descriptors:
            return os.dup(self._fd) if self._fd >= 0 else -1

    def copy_to(self, target: Path) -> None:
        """Writes all bytes there are now to `target`, also those of a file that was removed. Raises OSError."""
        descriptor, size, offset = self.duplicate_descriptor(), self._size, 0
        try:
            with target.open("wb") as file:
                while descriptor >= 0 and (content := os.pread(descriptor, min(size - offset, _COPY), offset)):
                    offset += file.write(content)
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _look(self) -> bool:
        """Opens what is there, notices a cut or an exchanged file; True if what we knew is no longer so."""
        exchanged = self._open_newest()
        if self._fd < 0:
            return False
        size = os.fstat(self._fd).st_size
        known = self._size
        cut = size < known or self._ending != self._read(known - len(self._ending), len(self._ending))
        replaced = (exchanged or cut) and known > 0
        if replaced:
            _log.info("%s was cut or replaced; reading it from the beginning", self.path)
            self.generation += 1
            self._index = LineIndex()
            self._line_count = 0
        self._cached = (-1, b"")
        if size != known or replaced:
            self._ending = self._read(max(0, size - _FINGERPRINT), min(size, _FINGERPRINT))
        self._size = size
        return replaced

    def _open_newest(self) -> bool:
        """Opens the file now under our path if it is not the one we have; a removed file stays readable."""
        with self._descriptors:
            if self._retired >= 0:
                os.close(self._retired)
                self._retired = -1
        try:
            found = self.path.stat()
            if self._fd >= 0:
                ours = os.fstat(self._fd)
                if (ours.st_dev, ours.st_ino) == (found.st_dev, found.st_ino):
                    return False
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            if self._ours and not hold(descriptor):
                os.close(descriptor)
                return False
            with self._descriptors:
                self._retired, self._fd = self._fd, descriptor
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise TaskmonError(
                f"The log {self.path.name} cannot be read: {error.strerror}.", "Check the rights of the file."
            ) from error
        return True

    def _count_lines(self) -> None:
        partial = self.complete and self._ending != b"" and not self._ending.endswith(b"\n")
        self._line_count = self._index.newlines + partial

    # -- reading --------------------------------------------------------------------------------------------------

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._fd, length, offset) if self._fd >= 0 and length > 0 else b""

    def _read_into(self, offset: int, buffer: bytearray) -> int:
        return os.preadv(self._fd, [buffer], offset) if self._fd >= 0 else 0

    def _offset(self, line: int) -> int:
        return self._index.offset(line, self._size, self._read_block)

    def has_counted(self, offset: int) -> bool:
        """Whether the number of the line at a place in the file is known."""
        return offset <= self._index.counted_bytes

    def line_at(self, offset: int) -> int:
        """The number of the line that begins at a place in the file; -1 while lines are not counted that far."""
        return self._index.newlines_before(offset, self._read)

    def _read_block(self, offset: int, length: int) -> bytes:
        """As `_read`, remembering the last block: neighbouring lines are asked for one after the other."""
        known, content = self._cached
        if known == offset and len(content) == length:
            return content
        content = self._read(offset, length)
        self._cached = (offset, content)
        return content

    def line(self, number: int) -> bytes:
        """One line without its newline, cut at LINE_LIMIT; empty where there is none."""
        found = self.lines(number, 1)
        return found[0].raw if found else b""

    def lines(self, first: int, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        """Lines by number. A line longer than `limit` costs no more than `limit` (progress bars: twice that)."""
        first, count = max(0, first), min(count, self._line_count - max(0, first))
        found: list[RawLine] = []
        offset = self._offset(first) if count > 0 else self._size
        while len(found) < count and offset < self._size:
            content = self._read(offset, min(max(_READ, limit), self._size - offset))
            if not content:
                break
            pieces = content.split(b"\n", count - len(found))
            if len(pieces) > 1:
                offset += len(content) - len(pieces.pop())
                found.extend(_raw_lines(pieces, limit))
                continue
            end = self._end_of(first + len(found), offset)
            found.append(_without_return(self._long_line(offset, end, content, limit)))
            offset = end + 1
        return found

    def _end_of(self, number: int, offset: int) -> int:
        """Where the long line that begins at `offset` ends (its newline, or the end of the file)."""
        if number < self._index.newlines:
            return max(offset, self._offset(number + 1) - 1)
        return self._size

    def _long_line(self, start: int, end: int, beginning: bytes, limit: int) -> RawLine:
        length = end - start
        if length > limit and b"\r" in beginning[:limit]:
            return RawLine(_after_return(self._read(end - limit, limit)), length)
        return RawLine(beginning[: min(limit, length)], length)

    def tail(self, count: int, limit: int = LINE_LIMIT) -> list[RawLine]:
        """The last lines, read backwards from the end without any line number."""
        wanted = _TAIL_READ * count
        while True:
            content = self._read(max(0, self._size - wanted), min(wanted, self._size))
            pieces = content.removesuffix(b"\n").rsplit(b"\n", count)
            if len(pieces) > count or wanted >= min(self._size, _TAIL_READ_LIMIT):
                break
            wanted *= 4
        begins_inside = wanted < self._size and len(pieces) > 1
        pieces = pieces[1:] if begins_inside else pieces
        return _raw_lines(pieces[-count:], limit) if content else []


def _raw_lines(pieces: list[bytes], limit: int) -> list[RawLine]:
    """Lines as they are read: none longer than `limit`, none with a return at its end."""
    lengths = list(map(len, pieces))
    if max(lengths) <= limit and b"\r" not in b"".join(pieces):
        return list(map(RawLine._make, zip(pieces, lengths, strict=True)))
    return [_without_return(_cut(piece, limit)) for piece in pieces]


def _cut(line: bytes, limit: int) -> RawLine:
    """At most `limit` bytes of a line: its beginning, or the last states of a progress bar."""
    if len(line) <= limit:
        return RawLine(line, len(line))
    return RawLine(_after_return(line[-limit:]) if b"\r" in line[:limit] else line[:limit], len(line))


def _after_return(states: bytes) -> bytes:
    """From the first complete state of a progress bar on."""
    return states[states.find(b"\r") + 1 :]


def _without_return(line: RawLine) -> RawLine:
    """Drops the carriage return of a line ended in the Windows way."""
    return RawLine(line.raw[:-1], line.length - 1) if line.missing == 0 and line.raw.endswith(b"\r") else line


def _disk_error(folder: Path, error: OSError) -> TaskmonError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return TaskmonError(
        f"A copy of the log cannot be kept in {folder}: {error.strerror}.",
        "Free some space; the log goes on where it stopped." if full else "See to it that you may write there.",
    )

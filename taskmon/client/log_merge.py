"""Two streams of a task as one log, in the order in which their lines came to us.

The files themselves do not say which line was written first. So the order is that of arrival while somebody watches
(they are looked at twenty times a second), whole lines only; of what was there before the first look, stdout comes
first. The merged log and its order lie on disk and are gone on with the next time.
"""

from __future__ import annotations

import os
import struct
from array import array
from bisect import bisect_right
from threading import Lock
from typing import TYPE_CHECKING, Final

from taskmon.client.log_spool import LogSpool
from taskmon.client.spool_lock import SpoolLock, companion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_RECORD: Final = struct.Struct("<BQQ?")  # stream, lines, bytes of the stream, whether we added a newline to them
_READ: Final = 4 << 20
_STEP: Final = 64 << 20
"""Bytes taken in per `advance`: a cancelled caller waits for one such step at most."""


class MergedLog:
    """Writes to a spool at `path`. Call `advance` in a worker; read `spool` from anywhere."""

    def __init__(self, path: Path, streams: Sequence[LogSpool]) -> None:
        self._streams = list(streams)
        self._lock, number = SpoolLock(path), 1
        place = path
        while not self._lock.claim():  # another window merges them too, in the order in which it sees them
            number += 1
            path = place.with_name(f"{place.name}-{number}")
            self._lock = SpoolLock(path)
        self._order = companion(path, "order")
        self._writing = Lock()
        self._closed = False
        self._generations = [stream.generation for stream in self._streams]
        self._offsets = [0] * len(self._streams)
        self._starts, self._origins = array("q"), array("B")  # first line of each run, its stream
        self._lines = 0
        self._load(path)
        self.spool = LogSpool(path, ours=True)

    def close(self) -> None:
        """Lets go of the merged file, also while a worker merges; the streams belong to somebody else."""
        with self._writing:
            self._closed = True
            self.spool.close()
            self._lock.release()

    def origin(self, line: int) -> int:
        """By which stream a line came: its place among the streams."""
        run = bisect_right(self._starts, line) - 1
        return self._origins[run] if run >= 0 else 0

    def show_streams(self, streams: Sequence[LogSpool]) -> None:
        """Goes on with these spools of the same files."""
        self._streams = list(streams)
        self._generations = [stream.generation for stream in self._streams]

    def advance(self, *, ended: bool = False) -> bool:
        """Takes in what has come; True when there is no more of it. `ended`: a last line needs no newline."""
        with self._writing:
            if not self._closed and self._generations != [stream.generation for stream in self._streams]:
                self._begin_anew()
        whole = True
        for number, stream in enumerate(self._streams):
            whole &= self._take(number, stream, ended)
        return whole

    def _take(self, number: int, stream: LogSpool, ended: bool) -> bool:
        size, until = stream.size, self._offsets[number] + _STEP
        descriptor = stream.duplicate_descriptor()
        if descriptor < 0:
            return True
        try:
            while (offset := self._offsets[number]) < min(size, until):
                content = os.pread(descriptor, min(_READ, size - offset), offset)
                end = content.rfind(b"\n") + 1
                if end == 0 and len(content) < _READ and not ended:
                    return True
                if not content:
                    return True
                with self._writing:
                    if self._closed:
                        return True
                    self._write(number, content[: end or len(content)])
        finally:
            os.close(descriptor)
        return self._offsets[number] >= size

    def _write(self, number: int, content: bytes) -> None:
        added = not content.endswith(b"\n")
        self.spool.append(content + b"\n" if added else content)
        record = (number, content.count(b"\n") + added, len(content), added)
        with self._order.open("ab") as file:
            file.write(_RECORD.pack(*record))
        self._note(*record)

    def _note(self, number: int, lines: int, taken: int, _added: bool) -> None:
        if not self._origins or self._origins[-1] != number:
            self._starts.append(self._lines)
            self._origins.append(number)
        self._lines += lines
        self._offsets[number] += taken

    def _load(self, path: Path) -> None:
        """Takes up the order of an earlier time, if it and the merged file agree on what they hold."""
        try:
            records = list(_RECORD.iter_unpack(self._order.read_bytes()))
            size = path.stat().st_size
        except (OSError, struct.error):
            records, size = [], -1
        written = sum(taken + added for _, _, taken, added in records)
        if size != written or any(record[0] >= len(self._streams) for record in records):
            self._forget(path)
            return
        for record in records:
            self._note(*record)

    def _begin_anew(self) -> None:
        self._generations = [stream.generation for stream in self._streams]
        self._offsets = [0] * len(self._streams)
        self._starts, self._origins = array("q"), array("B")
        self._lines = 0
        path = self.spool.path
        self.spool.close()
        self._forget(path)
        self.spool.refresh()

    def _forget(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._order.unlink(missing_ok=True)

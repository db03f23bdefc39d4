"""The last known list of tasks on disk, one file per account, so that a window has something to show at once.

A file is a line that names its format, then frames: length and checksum (4 bytes each, big endian) and a compressed
MessagePack value. The first frame says when the list was seen, the others hold some tasks each. Whatever is wrong with
a file, it is set aside under another name and the list is simply not known. What nobody read or wrote for a month goes
when another list is written. Everything here blocks: call it in a
thread.
"""

from __future__ import annotations

import logging
import os
import re
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

from taskmon.client.set_aside import set_aside
from taskmon.core.task import Task

logger = logging.getLogger(__name__)

_MAGIC: Final = b"taskmon list 1\n"
_FRAME: Final = struct.Struct(">II")
_PAGE: Final = 200
"""Tasks in a frame: so many are written or read without letting another thread go on."""
_LARGEST_FRAME: Final = 64 << 20
_BREATH_S: Final = 0.001
_LEVEL: Final = 1
_KEPT_S: Final = 30 * 86400.0
_OURS: Final = r"^[0-9a-f]{16}\.(tasks|damaged.*)$|\.part$"


_Value = TypeVar("_Value")


class _DamagedError(Exception):
    """The file is not what we once wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedList:
    """How many tasks there were at the moment `seen_at`; `pages` reads them from the file, some at a time."""

    seen_at: datetime
    count: int
    pages: Iterator[list[Task]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    connection: str
    seen_at: datetime
    count: int


class ListCache:
    """The list of one account, known by its name (see `core.place_name`), in a folder that may not exist yet."""

    def __init__(self, folder: Path, connection: str) -> None:
        self._folder = folder
        self._connection = connection
        self.path = folder / f"{sha256(connection.encode()).hexdigest()[:16]}.tasks"

    def save(self, tasks: Sequence[Task], seen_at: datetime) -> None:
        """Replaces the file in one step. Raises OSError where that is not possible; the old file stays then."""
        self._folder.mkdir(parents=True, exist_ok=True)
        encoder = msgspec.msgpack.Encoder()
        handle, name = tempfile.mkstemp(prefix=f"{self.path.name}.", suffix=".part", dir=self._folder)  # made 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC)
                head = _Head(connection=self._connection, seen_at=seen_at, count=len(tasks))
                _write_frame(file, encoder.encode(head))
                for first in range(0, len(tasks), _PAGE):
                    _write_frame(file, encoder.encode(tasks[first : first + _PAGE]))
                    time.sleep(_BREATH_S)  # the window's thread goes first
                file.flush()
                os.fsync(file.fileno())
            if self.path.is_dir():
                set_aside(self.path)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._prune()

    def load(self) -> CachedList | None:
        """What was saved last; None if nothing usable was. Pages after the first damaged one are not given."""
        try:
            with self.path.open("rb") as file:
                head = self._head(file)
        except FileNotFoundError:
            return None
        except (OSError, _DamagedError) as error:
            self._set_aside(error)
            return None
        with suppress(OSError):
            os.utime(self.path)  # it is in use
        return CachedList(seen_at=head.seen_at, count=head.count, pages=self._pages())

    def _head(self, file: BinaryIO) -> _Head:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise _DamagedError("it is not a list of tasks")
        head = _decoded(_read_frame(file), _Head)
        if head.connection != self._connection:
            raise _DamagedError("it belongs to another connection")
        return head

    def _pages(self) -> Iterator[list[Task]]:
        """Opens the file only when the first page is asked for, so that a list nobody reads holds nothing open."""
        try:
            with self.path.open("rb") as file:
                count = self._head(file).count
                while count > 0:
                    page = _decoded(_read_frame(file), list[Task])
                    count -= len(page)
                    yield page
        except (OSError, _DamagedError) as error:
            self._set_aside(error)

    def _set_aside(self, error: Exception) -> None:
        logger.warning("the cached list %s cannot be used: %s", self.path, error)
        set_aside(self.path)

    def _prune(self) -> None:
        """Removes lists of accounts that are not used any more, and what a killed window left half written."""
        oldest = time.time() - _KEPT_S
        with suppress(OSError):
            for path in self._folder.iterdir():
                if re.search(_OURS, path.name) and path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink()


def _write_frame(file: BinaryIO, value: bytes) -> None:
    payload = zlib.compress(value, _LEVEL)
    file.write(_FRAME.pack(len(payload), zlib.crc32(payload)))
    file.write(payload)


def _read_frame(file: BinaryIO) -> bytes:
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        raise _DamagedError("it ends too early")
    length, checksum = _FRAME.unpack(head)
    if length > _LARGEST_FRAME:
        raise _DamagedError("it claims to be larger than it can be")
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload) != checksum:
        raise _DamagedError("its checksum is wrong")
    return payload


def _decoded(payload: bytes, kind: type[_Value]) -> _Value:
    """The value of a frame. Raises _DamagedError for one that another version of taskmon meant otherwise."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(payload), type=kind)
    except (zlib.error, msgspec.DecodeError, ValueError) as error:
        raise _DamagedError(str(error)) from error

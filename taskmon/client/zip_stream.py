"""Writes a .zip as a stream of bytes, never seeking and never holding more than a few chunks.

Two threads deflate (zlib releases the interpreter lock), files come out in the order given. Level 1, and nothing at
all for what does not compress: measured, that takes a seventh of the time of zipfile's level 6 and is 4 % larger.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Final, Protocol

from taskmon.client.line_ends import UnixLines, wants_unix_lines
from taskmon.client.zip_format import DEFLATED, STORED, MemberRecord, descriptor, directory, local_header, may_be_large
from taskmon.core.errors import InvalidInputError

CHUNK: Final = 256 * 1024
_PROBE: Final = 64 * 1024
_WORTH_IT: Final = 0.95
"""A probe that shrinks to less than this share is deflated, else stored."""
_WINDOWS: Final = ((1 << 10, (10, 2)), (1 << 12, (12, 4)), (1 << 14, (14, 6)), (_PROBE, (15, 8)))
"""Bits of the window and memory level for data up to so many bytes."""
_WORKERS: Final = 2
_CHUNKS_AHEAD: Final = 8
_FILES_AHEAD: Final = 16
_INLINE: Final = 16 * 1024
"""Files up to this many bytes are packed by whoever asks for the archive."""
_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Member:
    """A file to pack: `name` inside the archive, `size` in bytes as it was when the folder was looked at.

    A folder has a `name` that ends with a slash, no `source` and no size.
    """

    name: str
    source: Path | None = None
    size: int = 0


Give = Callable[[bytes], None]
Chunks = queue.Queue[bytes | Exception | None]


@dataclass(slots=True)
class _Packing:
    """A member on its way. From a worker its `chunks` end with None, or with the error that ended it; small files
    have none, because packing one takes less time than passing it between threads.

    `read` counts bytes of the file, `size` those that are packed: fewer if `lines` makes line ends Unix ones.
    """

    member: Member
    chunks: Chunks | None = None
    method: int = STORED
    crc: int = 0
    size: int = 0
    read: int = 0
    lines: UnixLines | None = None
    modified: float = 0.0
    mode: int = stat.S_IFREG | 0o644


class Squeeze(Protocol):
    """A compressor of zlib."""

    def compress(self, data: bytes, /) -> bytes: ...


class PackingStoppedError(Exception):
    """Somebody set the stop event."""


def zip_chunks(members: Sequence[Member], stop: threading.Event) -> Iterator[tuple[bytes, int]]:
    """The archive, as (bytes, bytes of source they stand for). Raises InvalidInputError for a file that cannot be read
    or is no longer what it was, PackingStoppedError soon after `stop` is set."""
    offset = 0
    written: list[MemberRecord] = []
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="taskmon-pack") as pool:
        try:
            for packing in _in_order(members, pool, stop):
                chunks = _chunks(packing, stop)
                chunk = next(chunks, None)
                record = _record(packing, offset)
                header = local_header(record)
                yield header, 0
                packed = 0
                while chunk is not None:
                    packed += len(chunk)
                    yield chunk, 0
                    chunk = next(chunks, None)
                record = replace(record, crc=packing.crc, packed=packed, size=packing.size)
                trailer = descriptor(record)
                yield trailer, packing.member.size
                written.append(record)
                offset += len(header) + packed + len(trailer)
        finally:
            stop.set()
    yield directory(written, offset), 0


def _record(packing: _Packing, offset: int) -> MemberRecord:
    """What is known of a member once its first chunk is there."""
    member = packing.member
    large = may_be_large(member.size)
    return MemberRecord(member.name, packing.method, packing.modified, packing.mode, large, offset)


def _in_order(members: Sequence[Member], pool: ThreadPoolExecutor, stop: threading.Event) -> Iterator[_Packing]:
    """Start the larger ones a few members ahead and hand all out in order."""
    ahead: deque[_Packing] = deque()
    remaining = iter(members)
    while True:
        while len(ahead) < _FILES_AHEAD and (member := next(remaining, None)) is not None:
            packing = _Packing(member)
            ahead.append(packing)
            if member.size > _INLINE:
                packing.chunks = queue.Queue(_CHUNKS_AHEAD)
                pool.submit(_pack, packing, packing.chunks, stop)
        if not ahead:
            return
        yield ahead.popleft()


def _chunks(packing: _Packing, stop: threading.Event) -> Iterator[bytes]:
    """The data of a member, packed here and now or by its worker."""
    if stop.is_set():
        raise PackingStoppedError
    if packing.chunks is None:
        data: list[bytes] = []
        _pack_file(packing, data.append)
        yield from data
        return
    while (chunk := _take(packing.chunks, stop)) is not None:
        yield chunk


def _take(chunks: Chunks, stop: threading.Event) -> bytes | None:
    while True:
        try:
            item = chunks.get(timeout=_POLL_S)
        except queue.Empty:
            if stop.is_set():
                raise PackingStoppedError from None
            continue
        if isinstance(item, Exception):
            raise item
        return item


def _give(chunks: Chunks, item: bytes | Exception | None, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            chunks.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        return
    raise PackingStoppedError


def _pack(packing: _Packing, chunks: Chunks, stop: threading.Event) -> None:
    """In a worker. It waits when nobody takes its chunks."""
    try:
        try:
            _pack_file(packing, lambda chunk: _give(chunks, chunk, stop))
            outcome: Exception | None = None
        except InvalidInputError as error:
            outcome = error
        _give(chunks, outcome, stop)
    except PackingStoppedError:
        return


def _pack_file(packing: _Packing, give: Give) -> None:
    """Read, choose a method, deflate. Raises InvalidInputError for a file that cannot be read, or has changed."""
    try:
        unchanged = packing.member.source is None or _pack_open(packing, packing.member.source, give)
    except OSError as error:
        raise _unreadable(packing.member, error) from error
    if packing.member.source is None:
        packing.modified, packing.mode = time.time(), stat.S_IFDIR | 0o755
    if not unchanged:
        raise InvalidInputError(
            f"{packing.member.name} changed while it was being packed.",
            "Wait until nothing writes to the folder, then submit.",
        )


def _pack_open(packing: _Packing, source: Path, give: Give) -> bool:
    """Whether the file was the same all the time."""
    with open(source, "rb", buffering=0) as file:  # noqa: PTH123 - there may be a hundred thousand of them
        before = after = os.fstat(file.fileno())
        packing.modified, packing.mode = before.st_mtime, before.st_mode
        data = file.read(CHUNK)
        if wants_unix_lines(packing.member.name, data):
            packing.lines = UnixLines()
        if len(data) <= _PROBE:
            _pack_small(packing, data, give)
        else:
            _pack_large(packing, data, file, give)
            after = os.fstat(file.fileno())
    return packing.read == packing.member.size == after.st_size and after.st_mtime_ns == before.st_mtime_ns


def _pack_small(packing: _Packing, data: bytes, give: Give) -> None:
    """A file that is its own probe."""
    packing.read = len(data)
    if packing.lines is not None:
        data = packing.lines.feed(data) + packing.lines.rest()
    packing.crc, packing.size = zlib.crc32(data), len(data)
    packed = _deflated(data)
    if len(packed) < _WORTH_IT * len(data):
        packing.method, data = DEFLATED, packed
    if data:
        give(data)


def _pack_large(packing: _Packing, data: bytes, file: FileIO, give: Give) -> None:
    squeeze = None
    if len(_deflated(data[:_PROBE])) < _WORTH_IT * _PROBE:
        packing.method, squeeze = DEFLATED, zlib.compressobj(1, zlib.DEFLATED, -15)
    while data:
        packing.read += len(data)
        _squeeze(packing, data if packing.lines is None else packing.lines.feed(data), squeeze, give)
        data = file.read(CHUNK)
    if packing.lines is not None:
        _squeeze(packing, packing.lines.rest(), squeeze, give)
    if squeeze is not None:
        give(squeeze.flush())


def _squeeze(packing: _Packing, data: bytes, squeeze: Squeeze | None, give: Give) -> None:
    packing.crc = zlib.crc32(data, packing.crc)
    packing.size += len(data)
    chunk = data if squeeze is None else squeeze.compress(data)
    if chunk:
        give(chunk)


def _deflated(data: bytes) -> bytes:
    # Making a compressor with the whole window costs 145 µs; one that just covers a tiny file costs 5.
    window, memory = next(fit for size, fit in _WINDOWS if len(data) <= size)
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -window, memory)
    return squeeze.compress(data) + squeeze.flush()


def _unreadable(member: Member, error: OSError) -> InvalidInputError:
    if isinstance(error, FileNotFoundError):
        return InvalidInputError(
            f"{member.name} vanished while the folder was being packed.", "Look at the folder, then submit again."
        )
    return InvalidInputError(
        f"{member.name} cannot be read: {error.strerror or error}.",
        "Make it readable or leave it out, then submit again.",
    )

"""Writes a .zip as a stream of bytes, never seeking and never holding more than a few chunks.

Two threads deflate (zlib releases the interpreter lock), files come out in the order given. Level 1, and nothing at
all for what does not compress: measured, that costs a twelfth of the usual level 6 and is 3 % larger. Sizes and check
sums follow each member in a data descriptor; members of 4 GiB and more, and archives beyond it, use zip64.
"""

from __future__ import annotations

import os
import queue
import stat
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskmon.core.errors import InvalidInputError

CHUNK: Final = 256 * 1024
_PROBE: Final = 64 * 1024
_WORTH_IT: Final = 0.95
"""A probe that shrinks to less than this share is deflated, else stored."""
_WORKERS: Final = 2
_CHUNKS_AHEAD: Final = 8
_FILES_AHEAD: Final = 16
_POLL_S: Final = 0.1
_STORED: Final = 0
_DEFLATED: Final = 8
_ZIP64_FROM: Final = 0xFFFFFFFF
_FLAGS: Final = 0x0808
"""Sizes follow the data; the name is UTF-8."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file to pack: `name` inside the archive, `size` in bytes as it was when the folder was looked at.

    A folder has a `name` that ends with a slash, no `source` and no size.
    """

    name: str
    source: Path | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Written:
    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    date: int
    time: int
    mode: int


@dataclass(slots=True)
class _Packing:
    """A member on its way through a worker. `chunks` ends with None, or with the error that ended it."""

    member: Member
    chunks: queue.Queue[bytes | Exception | None]
    method: int = _STORED
    crc: int = 0
    size: int = 0
    modified: float = 0.0
    mode: int = stat.S_IFREG | 0o644


class PackingStoppedError(Exception):
    """Somebody set the stop event."""


def zip_chunks(members: Sequence[Member], stop: threading.Event) -> Iterator[tuple[bytes, int]]:
    """The archive, as (bytes, bytes of source they stand for). Raises InvalidInputError for a file that cannot be read
    or is no longer what it was, PackingStoppedError soon after `stop` is set."""
    offset = 0
    written: list[_Written] = []
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="taskmon-pack") as pool:
        try:
            for packing in _in_order(members, pool, stop):
                start, packed = offset, 0
                first = _take(packing, stop)
                header = _local_header(packing)
                offset += len(header)
                yield header, 0
                while first is not None:
                    packed += len(first)
                    yield first, 0
                    first = _take(packing, stop)
                descriptor = _descriptor(packing, packed)
                offset += packed + len(descriptor)
                yield descriptor, packing.size
                written.append(_record(packing, packed, start))
        finally:
            stop.set()
    yield _directory(written, offset), 0


def _in_order(members: Sequence[Member], pool: ThreadPoolExecutor, stop: threading.Event) -> Iterator[_Packing]:
    """Start a few members ahead and hand them out in order. A worker waits when nobody takes its chunks."""
    ahead: list[_Packing] = []
    remaining = iter(members)
    while True:
        while len(ahead) < _FILES_AHEAD and (member := next(remaining, None)) is not None:
            packing = _Packing(member, queue.Queue(_CHUNKS_AHEAD))
            ahead.append(packing)
            pool.submit(_pack, packing, stop)
        if not ahead:
            return
        yield ahead.pop(0)


def _take(packing: _Packing, stop: threading.Event) -> bytes | None:
    while True:
        try:
            item = packing.chunks.get(timeout=_POLL_S)
        except queue.Empty:
            if stop.is_set():
                raise PackingStoppedError from None
            continue
        if isinstance(item, Exception):
            raise item
        return item


def _give(packing: _Packing, item: bytes | Exception | None, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            packing.chunks.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        return
    raise PackingStoppedError


def _pack(packing: _Packing, stop: threading.Event) -> None:
    """In a worker: read, choose a method, deflate."""
    try:
        try:
            _pack_file(packing, stop)
            outcome: Exception | None = None
        except InvalidInputError as error:
            outcome = error
        except OSError as error:
            outcome = _unreadable(packing.member, error)
        _give(packing, outcome, stop)
    except PackingStoppedError:
        return


def _pack_file(packing: _Packing, stop: threading.Event) -> None:
    member = packing.member
    if member.source is None:
        packing.modified, packing.mode = time.time(), stat.S_IFDIR | 0o755
        return
    with member.source.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        packing.modified, packing.mode = status.st_mtime, status.st_mode
        data = file.read(CHUNK)
        squeeze = zlib.compressobj(1, zlib.DEFLATED, -15) if _compresses(data[:_PROBE]) else None
        packing.method = _STORED if squeeze is None else _DEFLATED
        while data:
            packing.crc = zlib.crc32(data, packing.crc)
            packing.size += len(data)
            chunk = data if squeeze is None else squeeze.compress(data)
            if chunk:
                _give(packing, chunk, stop)
            data = file.read(CHUNK)
        if squeeze is not None:
            _give(packing, squeeze.flush(), stop)
        later = os.fstat(file.fileno())
    if packing.size != member.size or later.st_mtime_ns != status.st_mtime_ns:
        raise InvalidInputError(
            f"{member.name} changed while it was being packed.", "Wait until nothing writes to the folder, then submit."
        )


def _compresses(probe: bytes) -> bool:
    return bool(probe) and len(zlib.compress(probe, 1)) < _WORTH_IT * len(probe)


def _unreadable(member: Member, error: OSError) -> InvalidInputError:
    if isinstance(error, FileNotFoundError):
        return InvalidInputError(
            f"{member.name} vanished while the folder was being packed.", "Look at the folder, then submit again."
        )
    return InvalidInputError(
        f"{member.name} cannot be read: {error.strerror or error}.",
        "Make it readable or leave it out, then submit again.",
    )


def _dos_moment(modified: float) -> tuple[int, int]:
    moment = time.localtime(modified)
    if moment.tm_year < 1980:
        return 0x21, 0
    date = (min(moment.tm_year, 2107) - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday
    return date, moment.tm_hour << 11 | moment.tm_min << 5 | min(moment.tm_sec, 59) // 2


def _is_large(member: Member) -> bool:
    """Whether the sizes may need 8 bytes. Deflate may add a little, hence the margin."""
    return member.size >= _ZIP64_FROM - (_ZIP64_FROM >> 8)


def _local_header(packing: _Packing) -> bytes:
    name = packing.member.name.encode()
    date, moment = _dos_moment(packing.modified)
    large = _is_large(packing.member)
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if large else b""
    sizes = _ZIP64_FROM if large else 0
    return (
        struct.pack(
            "<4s5H3L2H",
            b"PK\3\4",
            45 if large else 20,
            _FLAGS,
            packing.method,
            moment,
            date,
            0,
            sizes,
            sizes,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def _descriptor(packing: _Packing, packed: int) -> bytes:
    form = "<4sLQQ" if _is_large(packing.member) else "<4sLLL"
    return struct.pack(form, b"PK\7\x08", packing.crc, packed, packing.size)


def _record(packing: _Packing, packed: int, offset: int) -> _Written:
    date, moment = _dos_moment(packing.modified)
    name = packing.member.name.encode()
    return _Written(name, packing.method, packing.crc, packed, packing.size, offset, date, moment, packing.mode)


def _directory(written: Sequence[_Written], offset: int) -> bytes:
    """The central directory that begins at `offset`, with the zip64 records where 4 bytes do not suffice."""
    entries = b"".join(_directory_entry(entry) for entry in written)
    count, size = len(written), len(entries)
    closing = b""
    if count >= 0xFFFF or size >= _ZIP64_FROM or offset >= _ZIP64_FROM:
        closing = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
        closing += struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    short = min(count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, short, short, min(size, _ZIP64_FROM), min(offset, _ZIP64_FROM), 0)
    return entries + closing + end


def _directory_entry(entry: _Written) -> bytes:
    large = [value for value in (entry.size, entry.packed, entry.offset) if value >= _ZIP64_FROM]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large else 20
    attributes = (entry.mode & 0xFFFF) << 16 | (0x10 if stat.S_ISDIR(entry.mode) else 0)
    return (
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            3 << 8 | version,
            version,
            _FLAGS,
            entry.method,
            entry.time,
            entry.date,
            entry.crc,
            min(entry.packed, _ZIP64_FROM),
            min(entry.size, _ZIP64_FROM),
            len(entry.name),
            len(extra),
            0,
            0,
            0,
            attributes,
            min(entry.offset, _ZIP64_FROM),
        )
        + entry.name
        + extra
    )

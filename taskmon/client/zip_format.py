"""The records of a .zip as bytes: local headers, data descriptors, the central directory; zip64 where sizes ask for it.

Sizes and check sums follow each member in its data descriptor, so that nothing has to be known before it is read.
"""

from __future__ import annotations

import stat
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STORED: Final = 0
DEFLATED: Final = 8
_ZIP64_FROM: Final = 0xFFFFFFFF
_LAST_MOMENT: Final = 4354819200.0
"""The end of 2107, with which these dates end; some disks keep times that no calendar takes."""
_FLAGS: Final = 0x0808
"""Sizes follow the data; the name is UTF-8."""


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """What the records say about a member. Sizes and `offset` in bytes, `modified` in seconds since 1970.

    `large` members announce 8-byte sizes; `packed`, `size` and `crc` count only after the data.
    """

    name: str
    method: int
    modified: float
    mode: int
    large: bool
    offset: int
    crc: int = 0
    packed: int = 0
    size: int = 0


def may_be_large(size: int) -> bool:
    """Whether the sizes of a member may need 8 bytes. Deflate may add a little, hence the margin."""
    return size >= _ZIP64_FROM - (_ZIP64_FROM >> 8)


def local_header(member: MemberRecord) -> bytes:
    """What stands before the data."""
    name = member.name.encode()
    date, moment = _dos_moment(member.modified)
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if member.large else b""
    sizes = _ZIP64_FROM if member.large else 0
    version = 45 if member.large else 20
    fixed = (version, _FLAGS, member.method, moment, date, 0, sizes, sizes, len(name), len(extra))
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fixed) + name + extra


def descriptor(member: MemberRecord) -> bytes:
    """What stands behind the data."""
    form = "<4sLQQ" if member.large else "<4sLLL"
    return struct.pack(form, b"PK\7\x08", member.crc, member.packed, member.size)


def directory(members: Sequence[MemberRecord], offset: int) -> bytes:
    """The central directory that begins at `offset`, with the zip64 records where 4 bytes do not suffice."""
    entries = b"".join(map(_directory_entry, members))
    count, size = len(members), len(entries)
    closing = b""
    if count >= 0xFFFF or size >= _ZIP64_FROM or offset >= _ZIP64_FROM:
        closing = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
        closing += struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    short = min(count, 0xFFFF)
    fixed = (0, 0, short, short, min(size, _ZIP64_FROM), min(offset, _ZIP64_FROM), 0)
    return entries + closing + struct.pack("<4s4H2LH", b"PK\5\6", *fixed)


def _directory_entry(member: MemberRecord) -> bytes:
    name = member.name.encode()
    date, moment = _dos_moment(member.modified)
    large = [value for value in (member.size, member.packed, member.offset) if value >= _ZIP64_FROM]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large or member.large else 20
    attributes = (member.mode & 0xFFFF) << 16 | (0x10 if stat.S_ISDIR(member.mode) else 0)
    sizes = (min(member.packed, _ZIP64_FROM), min(member.size, _ZIP64_FROM))
    fixed = (3 << 8 | version, version, _FLAGS, member.method, moment, date, member.crc, *sizes, len(name), len(extra))
    rest = (0, 0, 0, attributes, min(member.offset, _ZIP64_FROM))
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *fixed, *rest) + name + extra


def _dos_moment(modified: float) -> tuple[int, int]:
    moment = time.localtime(min(max(modified, 0.0), _LAST_MOMENT))
    if moment.tm_year < 1980:
        return 0x21, 0
    date = (min(moment.tm_year, 2107) - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday
    return date, moment.tm_hour << 11 | moment.tm_min << 5 | min(moment.tm_sec, 59) // 2

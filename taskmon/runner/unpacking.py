"""Unpacking an archive from outside: nothing may leave the target folder, fill the disk or stay half read.

Names are taken as the archive gives them; backslashes count as slashes. Permissions to execute and times are kept.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from taskmon.core.errors import InvalidInputError

MAX_MEMBERS: Final = 1_000_000
MAX_RATIO: Final = 300
HONEST_BYTES: Final = 8 << 30
"""An archive that unpacks to more than this may not be packed more than `MAX_RATIO` times smaller."""
_CHUNK: Final = 1024 * 1024
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_ENCRYPTED: Final = 0x1
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeError,
)

_DAMAGE: Final = (None, errno.EINVAL)
"""How an OSError tells of the archive, not of the disk: spoiled bzip2 data, and a place that no file can have.
One with a file name is of the disk: some disks refuse names so."""


def unpack(archive: Path, target: Path, *, room: int, check: Callable[[], None], inside: str = "") -> int:
    """Unpack `archive` into the folder `target`; the size of its files in bytes.

    `room` is how many bytes they may take; `check` is called between chunks and may raise to stop. With `inside`, only
    the contents of that folder of the archive are taken. Raises InvalidInputError in words, and OSError.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            members = source.infolist()
            _check_size(archive, members, room)
            total = 0
            for member in members:
                path = inner_path(member.filename)
                if inside:
                    if path.parts[:1] != (inside,) or len(path.parts) < 2:
                        continue
                    path = PurePosixPath(*path.parts[1:])
                _check_kind(archive, member)
                total += _unpack_member(source, member, target / path, check)
            return total
    except _UNREADABLE as error:
        raise _refused(archive, f"cannot be read ({error or type(error).__name__})") from error
    except ValueError as error:
        raise _refused(archive, f"holds a name that cannot be used ({error})") from error
    except OSError as error:
        if error.errno in _DAMAGE and error.filename is None:
            raise _refused(archive, f"cannot be read ({error.strerror or error})") from error
        raise


def inner_path(name: str) -> PurePosixPath:
    """`name` as a relative path that stays inside its folder. Raises InvalidInputError."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name) or "\0" in name:
        raise InvalidInputError(
            f"The inputs hold a file named “{name[:200]}”, which would leave the task's folder.",
            "Pack the inputs again with plain relative names.",
        )
    return path


def _refused(archive: Path, reason: str) -> InvalidInputError:
    return InvalidInputError(f"The archive {archive.name} {reason}.", "Pack it again and submit the task again.")


def _check_size(archive: Path, members: list[zipfile.ZipInfo], room: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise _refused(archive, f"holds {len(members):,} files, more than {MAX_MEMBERS:,}")
    total, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if packed > archive.stat().st_size:
        raise _refused(archive, "holds files that overlap each other")
    if total > HONEST_BYTES and total > MAX_RATIO * packed:
        raise InvalidInputError(
            f"Unpacked, the archive {archive.name} is {total // max(1, packed):,} times larger: {total:,} bytes.",
            "If that is meant, pack it without compression and submit the task again.",
        )
    if total > room:
        raise InvalidInputError(
            f"Unpacked, the archive {archive.name} needs {total:,} bytes; the disk has {max(0, room):,} left.",
            "Make room on the machine's disk or submit less.",
        )


def _check_kind(archive: Path, member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a symbolic link" if kind == stat.S_IFLNK else "a special file"
        raise _refused(archive, f"holds {what}, “{member.filename[:200]}”; only files and folders are taken")
    if member.flag_bits & _ENCRYPTED:
        raise _refused(archive, "is encrypted")


def _unpack_member(source: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, check: Callable[[], None]) -> int:
    check()
    if member.filename.endswith(("/", "\\")):
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with source.open(member) as packed, path.open("wb") as file:
        while chunk := packed.read(_CHUNK):
            written += file.write(chunk)
            check()
    if written != member.file_size:
        raise zipfile.BadZipFile(f"“{member.filename[:200]}” is not as large as it says")
    path.chmod(0o644 | (member.external_attr >> 16 & 0o111))
    # A date that no clock shows (month 0) is no reason to refuse the file.
    with contextlib.suppress(ValueError, OverflowError):
        moment = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(path, (moment, moment))
    return written

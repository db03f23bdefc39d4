"""Looking into stored zip archives: their members, where a member's bytes lie, and single members unpacked once."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError, RefusedError, ServiceFailedError
from taskmon.core.extensions import TaskFile
from taskmon.core.storage import ZipArchive, ZipFileRange, ZipMember
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

CACHE_BYTES: Final = 4 * 1024**3
"""How much unpacked data is kept; beyond it the members that were read least recently go."""

KEPT_FREE_BYTES: Final = 64 * 1024**2
"""What unpacking leaves of the disk."""

_LOCAL_HEADER_BYTES: Final = 30


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except FileNotFoundError:
        raise NotFoundError(
            f"There is no archive “{archive.name}”.", "The task may not have stored its outputs."
        ) from None
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ServiceFailedError(
            f"The archive “{archive.name}” cannot be read: {error}.", "Run the task again."
        ) from error


def _data_start(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """The offset of a member's data. Only its own header knows: its extra field may differ from the directory's."""
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    return (
        member.header_offset
        + _LOCAL_HEADER_BYTES
        + int.from_bytes(header[26:28], "little")
        + int.from_bytes(header[28:30], "little")
    )


def _prefix(folder: str) -> str:
    wanted = folder.strip("/")
    return f"{wanted}/" if wanted else ""


def _modified(member: zipfile.ZipInfo) -> datetime | None:
    """A zip keeps local time without a zone."""
    try:
        return datetime(*member.date_time).astimezone(UTC)
    except ValueError:
        return None


def list_members(archive: Path, folder: str, *, recursive: bool) -> ZipArchive:
    """The members below `folder`, or directly in it, named relative to it. Sizes come from the central directory."""
    prefix, members = _prefix(folder), []
    with _opened(archive) as opened, archive.open("rb") as file:
        for member in opened.infolist():
            name = member.filename.removeprefix(prefix)
            if not member.filename.startswith(prefix) or not name:
                continue
            if not recursive and "/" in name.rstrip("/"):
                continue
            members.append(
                ZipMember(
                    name=name,
                    size=member.file_size,
                    compressed_size=member.compress_size,
                    range_start=_data_start(file, member),
                    creation_time=_modified(member),
                    compress_type=member.compress_type,
                )
            )
    return ZipArchive(size=archive.stat().st_size, contents=members)


def member_range(archive: Path, folder: str, filename: str) -> ZipFileRange:
    """Where the compressed bytes of one member lie. Raises NotFoundError."""
    with _opened(archive) as opened, archive.open("rb") as file:
        member = _member(opened, _prefix(folder) + filename.strip("/"))
        start = _data_start(file, member)
        return ZipFileRange(
            range_start=start, range_end=start + member.compress_size - 1, compress_type=member.compress_type
        )


def _member(opened: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        return opened.getinfo(name)
    except KeyError:
        raise NotFoundError(
            f"There is no file “{name}” in the archive.", "List the archive to see what there is."
        ) from None


def list_files(archive: Path, folder: str) -> list[TaskFile]:
    """Every file below `folder` inside the archive, sorted by path."""
    prefix = _prefix(folder)
    with _opened(archive) as opened:
        found = [
            TaskFile(path=member.filename.removeprefix(prefix), size=member.file_size, modified=_modified(member))
            for member in opened.infolist()
            if member.filename.startswith(prefix) and not member.is_dir()
        ]
    return sorted(found, key=lambda file: file.path)


def unpack_member(archive: Path, name: str, cache: Path) -> Path:
    """A file in `cache` with the bytes of one member, unpacked on first use. Raises NotFoundError."""
    facts = archive.stat() if archive.exists() else None
    identity = f"{archive}\n{facts.st_mtime_ns}\n{facts.st_size}\n{name}" if facts else ""
    unpacked = cache / hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    if facts and unpacked.exists():
        os.utime(unpacked, ns=(time.time_ns(), unpacked.stat().st_mtime_ns))
        return unpacked
    with _opened(archive) as opened:
        member = _member(opened, name)
        _make_room(cache, member.file_size)
        if member.file_size > shutil.disk_usage(cache).free - KEPT_FREE_BYTES:
            raise RefusedError(
                f"Unpacked, “{name}” needs {member.file_size:,} bytes, more than the disk of the task service has.",
                "Make room on it, or download the archive and unpack it elsewhere.",
                status_code=507,
            )
        draft = cache / new_uuid()
        try:
            with opened.open(member) as source, draft.open("xb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
            draft.replace(unpacked)
        finally:
            draft.unlink(missing_ok=True)
    return unpacked


def _make_room(cache: Path, needed: int) -> None:
    kept = sorted(((path.stat(), path) for path in cache.iterdir()), key=lambda item: item[0].st_atime)
    total = sum(facts.st_size for facts, _ in kept)
    for facts, path in kept:
        if total + needed <= CACHE_BYTES:
            break
        path.unlink(missing_ok=True)
        total -= facts.st_size

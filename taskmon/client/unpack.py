"""Unpacks an archive from somewhere else: nothing leaves the folder, nothing fills the disk. For a worker thread."""

from __future__ import annotations

import errno
import logging
import lzma
import os
import stat
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from taskmon.client.fresh_files import check_room
from taskmon.core.errors import ServiceFailedError, TaskmonError

_log = logging.getLogger(__name__)
_BLOCK: Final = 1024 * 1024


class UnpackingStoppedError(Exception):
    """Somebody set the stop event."""


def unpack(archive: Path, folder: Path, inside: str, stop: threading.Event) -> None:
    """Unpack the members of `archive` into the new `folder`, without their top folder `inside` where they have it.

    Raises ServiceFailedError for an archive that is damaged or hostile, InvalidInputError if the disk is too small.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            check_room(folder.parent, sum(member.file_size for member in members))
            folder.mkdir(parents=True)
            for member in members:
                _unpack_member(opened, member, folder, inside, stop)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ServiceFailedError(f"The archive of outputs cannot be read: {error}.", "Download it again.") from error
    except OSError as error:
        # Spoiled bzip2 data, and a place that no file can have; with a file name it is a name that the disk refuses.
        if error.errno in (None, errno.EINVAL) and error.filename is None:
            raise ServiceFailedError(
                f"The archive of outputs cannot be read: {error}.", "Download it again."
            ) from error
        raise TaskmonError(
            f"The outputs cannot be written: {error.strerror or error}.", "Check the folder's rights and free space."
        ) from error


def _unpack_member(
    opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, inside: str, stop: threading.Event
) -> None:
    relative = _safe_path(member.filename, inside)
    mode = member.external_attr >> 16
    if relative is None:
        return
    target = folder / relative
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    if stat.S_ISLNK(mode):
        _log.warning("the link %s in the outputs was left out", member.filename)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, target.open("xb") as sink:
        while block := source.read(_BLOCK):
            if stop.is_set():
                raise UnpackingStoppedError
            sink.write(block)
    if mode & stat.S_IXUSR:
        target.chmod(target.stat().st_mode | stat.S_IXUSR)


def _safe_path(name: str, inside: str) -> PurePosixPath | None:
    """Where a member belongs below the folder; None for the top folder itself."""
    path = PurePosixPath(name)
    elsewhere = os.name == "nt" and any(mark in name for mark in "\\:")  # ordinary characters of names elsewhere
    if path.is_absolute() or ".." in path.parts or "\0" in name or elsewhere:
        raise ServiceFailedError(
            f"The archive of outputs holds the path “{name}”, which leads out of its folder; nothing was unpacked.",
            "Tell whoever runs the service.",
        )
    if path.parts and path.parts[0] == inside:
        path = PurePosixPath(*path.parts[1:])
    return path if path.parts else None

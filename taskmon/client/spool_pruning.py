"""Keeps the folder of log spools within limits: what was not read for long goes, and of too much the oldest.

A spool is a copy: a log that is wanted again is fetched again. One that somebody reads or writes is never touched.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.client.spool_lock import SpoolLock, companion, is_held

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from datetime import datetime

_log = logging.getLogger(__name__)

KEPT_S: Final = 30 * 86_400.0
"""A spool that was neither read nor written for so long is removed."""

KEPT_BYTES: Final = 4 << 30
"""What all spools together may hold; beyond that the ones that were not used for longest go first."""

_FIRST_S: Final = 60.0
"""Not before the window has settled."""

_AGAIN_S: Final = 6 * 3600.0
_COMPANIONS: Final = ("order", "lines")


class _Spool(NamedTuple):
    used: float
    size: int
    path: Path


async def prune_now_and_then(
    folder: Path, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Prunes in a thread, a minute after the start and every six hours, until it is cancelled."""
    await sleep(_FIRST_S)
    while True:
        await asyncio.to_thread(prune_spools, folder, clock().timestamp())
        await sleep(_AGAIN_S)


def prune_spools(folder: Path, now: float, kept_s: float = KEPT_S, kept_bytes: int = KEPT_BYTES) -> int:
    """Removes spools below `folder`; `now` is the time [s since 1970]. Returns the bytes freed.

    What cannot be removed stays. A time to come (a clock was set) counts as now.
    """
    found = sorted(_spools(folder))
    total = whole = sum(spool.size for spool in found)
    for spool in found:
        if now - spool.used <= kept_s and total <= kept_bytes:
            break
        if _remove(spool.path):
            total -= spool.size
    _remove_empty(folder)
    if total < whole:
        _log.info("removed %d bytes of old logs from %s", whole - total, folder)
    return whole - total


def _spools(folder: Path) -> Iterator[_Spool]:
    """Files that are no links. A file beside a spool begins with a dot and says nothing by itself."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(OSError):
                if not path.is_symlink() and not _is_companion(name):
                    known = path.stat()
                    yield _Spool(known.st_mtime, known.st_size, path)


def _is_companion(name: str) -> bool:
    spool, _, what = name[1:].rpartition(".")
    return name.startswith(".") and bool(spool) and what in ("lock", *_COMPANIONS)


def _remove(path: Path) -> bool:
    """Removes a spool and what belongs to it, unless somebody uses it."""
    lock = SpoolLock(path)
    if not lock.claim():
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if is_held(descriptor):
                return False
            path.unlink()
            for what in _COMPANIONS:
                companion(path, what).unlink(missing_ok=True)
            lock.discard()
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.debug("%s stays: %s", path, error)
        return False
    finally:
        lock.release()
    return True


def _remove_empty(folder: Path) -> None:
    """Removes folders below `folder` without a spool, and the locks in them that nobody holds."""
    for place, _, names in os.walk(folder, topdown=False):
        if Path(place) == folder:
            continue
        with suppress(OSError):
            if all(_is_companion(name) for name in names):
                for name in names:
                    _discard_companion(Path(place, name))
                Path(place).rmdir()


def _discard_companion(path: Path) -> None:
    name, _, what = path.name[1:].rpartition(".")
    lock = SpoolLock(path.with_name(name))
    if lock.claim():
        if what != "lock":
            path.unlink(missing_ok=True)
        lock.discard()

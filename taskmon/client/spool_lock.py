"""Who may write a spool, and who reads it: in this program and in every other that has the same cache.

Two followers that append to one spool would tell every line twice, so there is one writer at a time: whoever holds the
lock of a file beside the spool. Who reads a spool holds a shared lock of the spool itself, so that nobody throws it
away. The system frees all of them when their owner dies.
"""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)


def companion(spool: Path, what: str) -> Path:
    """The file beside a spool that says something about it."""
    return spool.with_name(f".{spool.name[:200]}.{what}")


def hold(descriptor: int) -> bool:
    """Tells, for as long as this descriptor of a spool is open, that somebody reads it. False if it is thrown away at
    this moment; where no file can be locked none is."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        _log.debug("a spool cannot be held: %s", error)
    return True


def is_held(descriptor: int) -> bool:
    """Whether somebody else reads the spool of this descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


class SpoolLock:
    """The right to write the spool at a path."""

    def __init__(self, spool: Path) -> None:
        self._path = companion(spool, "lock")
        self._descriptor = -1

    def claim(self) -> bool:
        """Takes the right if nobody has it. Where no file can be locked there is nothing to share, and it is given."""
        while self._descriptor < 0:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                _log.debug("%s cannot be locked: %s", self._path, error)
                return True
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            if self._is_at_its_place(descriptor):
                self._descriptor = descriptor
            else:
                os.close(descriptor)  # thrown away between the two calls: the right to it is worth nothing
        return True

    def release(self) -> None:
        """Gives the right back, if it is ours."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """Gives the right back and leaves no file."""
        if self._descriptor >= 0:
            self._path.unlink(missing_ok=True)
        self.release()

    def _is_at_its_place(self, descriptor: int) -> bool:
        try:
            found = self._path.stat()
        except OSError:
            return False
        ours = os.fstat(descriptor)
        return (ours.st_dev, ours.st_ino) == (found.st_dev, found.st_ino)

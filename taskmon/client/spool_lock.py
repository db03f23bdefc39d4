"""Who may write a spool: one follower at a time, in this program and in every other that has the same cache.

Two followers that append to one spool would tell every line twice. The lock is a file beside the spool; the system
frees it when its owner dies.
"""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

_log = logging.getLogger(__name__)


class SpoolLock:
    """The right to write the spool at a path."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(f".{spool.name[:200]}.lock")
        self._descriptor = -1

    def claim(self) -> bool:
        """Takes the right if nobody has it. Where no file can be locked there is nothing to share, and it is given."""
        if self._descriptor >= 0:
            return True
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
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Gives the right back, if it is ours."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

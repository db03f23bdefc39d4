"""What the runner says on standard error, in a file that its service made, for as long as it lives."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    StreamHandler = logging.StreamHandler[TextIO]
else:
    StreamHandler = logging.StreamHandler

LOG_BYTES: Final = 1_000_000
"""How long the file may grow; then its older half goes."""


class OwnLog(StreamHandler):
    """A stream whose file is kept short. One that can only be written, as a shell opens it, is its user's: it stays."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        with contextlib.suppress(OSError, ValueError):  # a stream need not be a file at all
            _keep_short(self.stream.fileno())


def _keep_short(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    if size > LOG_BYTES:
        newest = os.pread(descriptor, LOG_BYTES // 2, size - LOG_BYTES // 2)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, newest[newest.find(b"\n") + 1 :])

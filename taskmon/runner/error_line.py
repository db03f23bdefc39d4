"""What a failed command said itself about its failure, read from the end of its output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from taskmon.core.log_signals import last_error_line

_READ_BYTES: Final = 32 * 1024
"""Programs print their reason last; what lies further back is progress."""


def error_line(outputs: Sequence[tuple[Path, int]]) -> str:
    """The last line like an error behind an offset (bytes) in a file; the first file that has one counts."""
    return next(filter(None, (last_error_line(_tail(path, start)) for path, start in outputs)), "")


def _tail(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(start, file.seek(0, 2) - _READ_BYTES))
            return file.read(_READ_BYTES)
    except OSError:
        return b""  # the command has removed more than its own files

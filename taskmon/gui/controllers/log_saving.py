"""Writes a log to a file that a person chose: all its bytes, or the lines that are shown as they are read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from taskmon.client.log_spool import LogSpool
    from taskmon.core.log_source import LineSource

_LINES_AT_ONCE: Final = 2000
_WHOLE_LINE: Final = 64 << 20


async def save_everything(spool: LogSpool, target: str) -> None:
    """All bytes as the task wrote them. Raises InvalidInputError where the disk refuses."""
    try:
        await asyncio.to_thread(spool.copy_to, Path(target))
    except OSError as error:
        raise _refused(error) from error


async def save_shown(lines: LineSource, target: str) -> int:
    """The shown lines without colours, progress bars at their last state; returns their number."""
    try:
        return await asyncio.to_thread(_write_lines, lines, Path(target))
    except OSError as error:
        raise _refused(error) from error


def _write_lines(lines: LineSource, target: Path) -> int:
    count = lines.line_count
    with target.open("w", encoding="utf-8") as file:
        for first in range(0, count, _LINES_AT_ONCE):
            for line in lines.lines(first, min(_LINES_AT_ONCE, count - first), _WHOLE_LINE):
                file.write(plain_text(line.raw) + "\n")
    return count


def _refused(error: OSError) -> InvalidInputError:
    return InvalidInputError(f"The log could not be saved: {error.strerror}.", "Choose another place.")

"""Writes a log to a file that a person chose: all its bytes, or the lines that are shown as they are read.

It goes step by step in a thread, so that it can be stopped, into a draft beside the chosen file: what stood there
before stays until the new one is whole.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedWriter

    from taskmon.client.log_spool import LogSpool
    from taskmon.core.log_source import LineSource

    OnProgress = Callable[[float], None]

_BYTES_AT_ONCE: Final = 8 << 20
_LINES_AT_ONCE: Final = 4000
_WHOLE_LINE: Final = 64 << 20


async def save_everything(spool: LogSpool, target: Path, on_progress: OnProgress) -> int:
    """All bytes that there are now, as the task wrote them; returns their number. `on_progress` gets 0 to 1.

    Raises InvalidInputError where the disk refuses; then, and when cancelled, nothing is left behind.
    """
    size, offset, descriptor = spool.size, 0, spool.duplicate_descriptor()
    try:
        with _draft(target) as file:
            while descriptor >= 0 and (
                written := await asyncio.to_thread(_copy, descriptor, offset, min(_BYTES_AT_ONCE, size - offset), file)
            ):
                offset += written
                on_progress(offset / max(1, size))
            await asyncio.to_thread(file.flush)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return offset


async def save_shown(lines: LineSource, target: Path, on_progress: OnProgress) -> int:
    """The shown lines without colours, progress bars at their last state; returns their number.

    Otherwise as `save_everything`.
    """
    count = lines.line_count
    with _draft(target) as file:
        for first in range(0, count, _LINES_AT_ONCE):
            some = min(_LINES_AT_ONCE, count - first)
            await asyncio.to_thread(_write_lines, lines, first, some, file)
            on_progress((first + some) / count)
        await asyncio.to_thread(file.flush)
    return count


@contextmanager
def _draft(target: Path) -> Iterator[BufferedWriter]:
    """A file beside `target` that takes its place in the end, or is gone. Raises InvalidInputError for an OSError."""
    draft = target.with_name(f".{target.name[:200]}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(target)
    except OSError as error:
        raise InvalidInputError(
            f"The log could not be saved: {error.strerror}.", "Choose another place, or make room there."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _copy(descriptor: int, offset: int, length: int, file: BufferedWriter) -> int:
    return file.write(os.pread(descriptor, length, offset)) if length > 0 else 0


def _write_lines(lines: LineSource, first: int, count: int, file: BufferedWriter) -> None:
    some = lines.lines(first, count, _WHOLE_LINE)
    if len(some) < count:
        raise InvalidInputError(
            "The log was put away or cut while it was being saved; nothing was written.",
            "Stay with the task until it is saved.",
        )
    file.writelines(plain_text(line.raw).encode() + b"\n" for line in some)

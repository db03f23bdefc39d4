"""A glance at the outputs of running tasks: how much they have written, when, and the end of it.

On this computer the files themselves are looked at, thousands in some ten milliseconds; elsewhere the service is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.client.live_files import read_tail
from taskmon.core.storage import OUTPUT_FOLDER, STDERR_FILE, STDOUT_FILE

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

TAIL_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class OutputLook:
    """`size` of both streams in bytes; `at` is when they last grew (seconds since 1970; None: not told); `tail` is the
    end of stdout if the size is another one than was known, else empty."""

    task_id: str
    size: int
    at: float | None
    tail: bytes = b""


def look_at_own_files(data_dir: Path, tasks: Iterable[str], known: Mapping[str, int]) -> Iterator[OutputLook]:
    """What the tasks of this computer's service have written; nothing for one that has no outputs. For a thread."""
    for task_id in tasks:
        folder = data_dir / "work" / task_id / "output" / OUTPUT_FOLDER
        size, at = 0, 0.0
        for name in (STDOUT_FILE, STDERR_FILE):
            try:
                facts = os.stat(folder / name)  # noqa: PTH116 (three times as fast, for thousands of files)
            except OSError:
                continue
            size += facts.st_size
            at = max(at, facts.st_mtime)
        if at:
            tail = _end_of(folder / STDOUT_FILE) if size != known.get(task_id) else b""
            yield OutputLook(task_id, size, at, tail)


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read(TAIL_BYTES)
    except OSError:
        return b""


async def ask_for_output(client: ServiceClient, task_id: str) -> OutputLook:
    """The same of a task elsewhere. Raises TaskmonError."""
    size, tail = await read_tail(client, task_id, STDOUT_FILE, TAIL_BYTES)
    errors, _ = await read_tail(client, task_id, STDERR_FILE, 1)
    return OutputLook(task_id, size + errors, None, tail)

"""The files that a task is writing, seen from outside: names, last lines, what was appended. Nothing else is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.plain_text import portable
from taskmon.core.storage import SYSTEM_METRICS_FILE
from taskmon.runner.output_watch import UPDATE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES_AT_MOST: Final = 20_000
"""A list that is longer is cut: it goes out as one message."""
TAIL_BYTES: Final = 16 * 1024 * 1024
"""The most that is looked through for last lines."""
_PIECE_BYTES: Final = 256 * 1024
_LONGEST_LINE: Final = 1024 * 1024
"""Bytes after which a line without end is told in pieces."""
_TOP_S: Final = 10.0
_OWN_FILES: Final = frozenset({SYSTEM_METRICS_FILE, UPDATE_FILE})

Names = list[Any]
"""Names of files, and for each folder an object with its name and its own names."""


def find_file(folder: Path, name: str) -> Path:
    """The regular file `name` (a path below `folder`). Raises NotFoundError, also for a path that leads out of it."""
    try:
        target = (folder / name).resolve()
        if name and target.is_relative_to(folder.resolve()) and target.is_file():
            return target
    except (OSError, ValueError, RuntimeError):
        pass  # a name too long, with a zero byte, or a circle of links: no such file
    raise NotFoundError(f"File not found: {name}", "List the task's files to see what there is.")


def list_names(folder: Path) -> Names:
    """Everything below `folder`, by name; links are not followed."""
    left = [NAMES_AT_MOST]

    def listed(place: Path) -> Names:
        names: Names = []
        for entry in _entries(place):
            if left[0] <= 0:
                break
            left[0] -= 1
            is_folder = entry.is_dir(follow_symlinks=False)
            name = portable(entry.name)
            names.append({name: listed(Path(entry.path))} if is_folder else name)
        return names

    return listed(folder)


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def last_modified(folder: Path) -> dict[str, Any]:
    """The file that was written last, when, and how long ago (seconds). Raises NotFoundError while there is none.

    What the runner itself writes about the task does not count: it is written all the time.
    """
    newest = max(_written(folder), default=None)
    if newest is None:
        raise NotFoundError("The task has written no file yet.", "Ask again later.")
    now = time.time()
    return {
        "most_recent_file": newest[1],
        "most_recent_timestamp": newest[0],
        "now_timestamp": now,
        "time_since_last_mod": max(0.0, now - newest[0]),
    }


def _written(folder: Path) -> Iterator[tuple[float, str]]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            try:
                shown = path.relative_to(folder).as_posix()
                if shown not in _OWN_FILES:
                    yield path.lstat().st_mtime, shown
            except OSError:
                continue


def processes() -> str:
    """What runs on this machine, as `top` shows it in one go; a plain table where there is no `top`."""
    program = shutil.which("top")
    if program:
        try:
            shown = subprocess.run(
                [program, "-b", "-H", "-n", "1"],
                capture_output=True,
                timeout=_TOP_S,
                check=True,
                stdin=subprocess.DEVNULL,
            )
            return shown.stdout.decode(errors="replace")
        except (OSError, subprocess.SubprocessError):
            pass
    rows = [f"{'PID':>8} {'USER':<10} {'S':<2} {'%MEM':>5} {'TIME':>9} COMMAND"]
    for process in psutil.process_iter(["pid", "username", "status", "memory_percent", "cpu_times", "name"]):
        facts = process.info
        used = sum((facts["cpu_times"] or (0.0, 0.0))[:2])
        rows.append(
            f"{facts['pid']:>8} {(facts['username'] or '?')[:10]:<10} {(facts['status'] or '?')[0].upper():<2} "
            f"{facts['memory_percent'] or 0.0:>5.1f} {used:>9.2f} {facts['name']}"
        )
    return "\n".join(rows) + "\n"


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines of a file, and `offset`, the byte after them, from which to read on."""

    lines: list[str]
    offset: int


def last_lines(path: Path, count: int, *, whole_only: bool) -> Tail:
    """Up to `count` last lines. With `whole_only` a last line without its end is left for later.

    Raises NotFoundError if the file has gone, InvalidInputError if it is no text.
    """
    try:
        with path.open("rb") as file:
            start = end = file.seek(0, os.SEEK_END)
            pieces: list[bytes] = []
            found = 0
            while start > 0 and found <= count and end - start < TAIL_BYTES:
                step = min(_PIECE_BYTES, start)
                start -= step
                file.seek(start)
                pieces.append(file.read(step))
                found += pieces[-1].count(b"\n")
            data = b"".join(reversed(pieces))
    except FileNotFoundError:
        raise NotFoundError(f"File not found: {path.name}", "List the task's files to see what there is.") from None
    _check_text(path, data)
    if whole_only:
        data = data[: data.rfind(b"\n") + 1]
    lines = _split(data)
    if start > 0:
        lines = lines[1:]  # its beginning was not read
    return Tail(lines[max(0, len(lines) - count) :], start + len(data))


def _check_text(path: Path, data: bytes) -> None:
    if b"\0" in data:
        raise InvalidInputError(f"The file {path.name} is not text.", "Download it instead.")


def _split(data: bytes) -> list[str]:
    lines = data.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


class Appended:
    """What is added to a file after `offset`, in whole lines. The file is found anew if another takes its name."""

    def __init__(self, path: Path, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._rest = b""

    def read(self, *, last: bool = False) -> list[str]:
        """The next whole lines, [] if there are none; with `last` also what has no end. Raises InvalidInputError."""
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset, self._rest = 0, b""  # it was written anew
                file.seek(self._offset)
                data = file.read(_PIECE_BYTES)
        except OSError:
            data = b""
        _check_text(self._path, data)
        self._offset += len(data)
        self._rest += data
        if (last and not data) or len(self._rest) > _LONGEST_LINE:
            whole, self._rest = self._rest, b""
        else:
            cut = self._rest.rfind(b"\n") + 1
            whole, self._rest = self._rest[:cut], self._rest[cut:]
        return _split(whole)

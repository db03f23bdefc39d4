"""The folder in which one task lives, and what is new in it.

<work>/<task id>/input.zip            as downloaded, removed once unpacked
<work>/<task id>/input/               unpacked inputs, moved on from there
<work>/<task id>/output/artifacts/    where the commands run
<work>/<task id>/output.zip           the packed outputs, where they are not sent while they are packed
<work>/<task id>/reports.jsonl        what has still to be told about the task
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.storage import (
    INPUT_ARCHIVE,
    OUTPUT_ARCHIVE,
    OUTPUT_FOLDER,
    STDERR_FILE,
    STDOUT_FILE,
    SYSTEM_METRICS_FILE,
)

logger = logging.getLogger(__name__)

DISK_RESERVE: Final = 32 * 1024 * 1024
"""Bytes of the disk that a task's inputs must leave free."""
ALWAYS_STORED: Final = frozenset({STDOUT_FILE, STDERR_FILE, SYSTEM_METRICS_FILE})


@dataclass(frozen=True, slots=True)
class _Stamp:
    size: int
    modified: int
    changed: int
    inode: int


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be stored: where it is, its path below the artifacts, its size in bytes."""

    source: Path
    name: str
    size: int


class Workspace:
    """The work folder of one task. A new attempt starts with an empty one."""

    def __init__(self, work_dir: Path, task_id: str) -> None:
        if not task_id or "/" in task_id or task_id in (".", ".."):
            raise InvalidInputError(f"The task id “{task_id}” cannot name a folder.", "The service made a mistake.")
        self.folder = work_dir / task_id
        self.archive = self.folder / INPUT_ARCHIVE
        self.inputs = self.folder / "input"
        self.artifacts = self.folder / "output" / OUTPUT_FOLDER
        self.packed = self.folder / OUTPUT_ARCHIVE
        self._inputs_as_given: dict[str, _Stamp | None] = {}

    def prepare(self) -> None:
        """Empty the folder and make its parts. Raises OSError."""
        self.remove()
        self.inputs.mkdir(parents=True)
        self.artifacts.mkdir(parents=True)

    def remove(self) -> None:
        """Delete the folder and everything in it; what cannot be deleted is logged and stays."""
        if self.folder.exists():
            shutil.rmtree(self.folder, onerror=_make_writable_and_retry)

    def place_inputs(self, sim_dir: str) -> int:
        """Move the unpacked inputs to where the commands run; their size in bytes. Raises OSError."""
        source = self.inputs / sim_dir
        if source.is_dir():
            for path in sorted(source.iterdir()):
                path.replace(self.artifacts / path.name)
        self.archive.unlink(missing_ok=True)
        shutil.rmtree(self.inputs)
        for name, entry in _entries(self.artifacts):
            self._inputs_as_given[name] = None if entry.is_dir(follow_symlinks=False) else _stamp(entry)
        return sum(given.size for given in self._inputs_as_given.values() if given)

    def command_folder(self, subfolder: str) -> Path:
        """The folder for the commands. Raises InvalidInputError if it is not one inside the artifacts."""
        folder = _real(self.artifacts / subfolder)
        if not folder.is_relative_to(_real(self.artifacts)):
            raise InvalidInputError(f"The folder {subfolder} leaves the task's folder.", "Correct run_subprocess_dir.")
        if not folder.is_dir():
            raise InvalidInputError(f"There is no folder {subfolder} in the inputs.", "Correct run_subprocess_dir.")
        return folder

    def outputs(self) -> tuple[list[OutputFile], list[str]]:
        """Files created or changed since the inputs were placed, and new empty folders, by path.

        A link to a file inside the folder stands for that file; links that lead out of it, to folders or to nothing,
        and what is not a regular file, are left out. The logs are always there, even if a command has deleted them.
        """
        with contextlib.suppress(OSError):
            for name in sorted(ALWAYS_STORED):
                (self.artifacts / name).touch()
        files, folders = [], []
        root = _real(self.artifacts)
        for name, entry in _entries(self.artifacts):
            try:
                if entry.is_dir(follow_symlinks=False):
                    if name not in self._inputs_as_given and not any(os.scandir(entry.path)):
                        folders.append(name)
                    continue
                if entry.is_symlink() and not _real(entry.path).is_relative_to(root):
                    logger.warning("left out %s: the link leads out of the task's folder", name)
                    continue
                if not entry.is_file():
                    continue
                if self._inputs_as_given.get(name) != _stamp(entry) or name in ALWAYS_STORED:
                    files.append(OutputFile(Path(entry.path), name, entry.stat().st_size))
            except OSError as error:
                logger.warning("left out %s: %s", name, error)
        return files, folders

    def free_bytes(self) -> int:
        """Free space on the disk of the folder."""
        return shutil.disk_usage(self.folder).free


def _entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `root` with its path relative to it, folders before their contents, links not followed."""
    pending = [("", str(root))]
    while pending:
        prefix, folder = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            logger.warning("cannot read the folder %s: %s", prefix or root.name, error)
            continue
        for entry in entries:
            yield prefix + entry.name, entry
            if entry.is_dir(follow_symlinks=False):
                pending.append((f"{prefix}{entry.name}/", entry.path))


def _real(path: Path | str) -> Path:
    """The path with every link resolved; unlike `Path.resolve`, also where links form a circle."""
    return Path(os.path.realpath(path))


def _stamp(entry: os.DirEntry[str]) -> _Stamp:
    found = entry.stat(follow_symlinks=False)
    return _Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _make_writable_and_retry(action: object, path: str, _trouble: object) -> None:
    """A simulator may have left folders without write permission."""
    try:
        for folder in (Path(path).parent, Path(path)):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(folder.stat().st_mode | stat.S_IRWXU)
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        logger.warning("cannot delete %s: %s", path, error)


def disk_failure(error: OSError, workspace: Workspace | None = None) -> TaskmonError:
    """What a failed file operation of the runner means to a person."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TaskmonError("The disk of this machine is full.", "Make room on it, then run the task again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return TaskmonError(
            f"The machine's work folder cannot be written ({error.strerror}).",
            "Give the user of the runner the right to write there, then run the task again.",
        )
    if workspace is not None and not workspace.artifacts.is_dir():
        return TaskmonError("The work folder of the task was deleted while it ran.", "Run the task again.")
    return TaskmonError(
        f"The machine could not work with a file: {error.strerror or error}"
        + (f" ({Path(str(error.filename)).name})." if error.filename else "."),
        "Remove the cause, then run the task again.",
    )

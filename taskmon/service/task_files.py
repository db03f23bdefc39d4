"""The files that a task writes: read from its work folder while it runs, from its stored output archive afterwards."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from stat import S_ISLNK
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.extensions import TaskFile, TaskFiles
from taskmon.core.plain_text import portable
from taskmon.core.storage import OUTPUT_FOLDER
from taskmon.service.archive import list_files, unpack_member

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import IO

    from taskmon.core.task import Task
    from taskmon.service.bell import Bell
    from taskmon.service.data_folder import DataFolder
    from taskmon.service.storage import Storage
    from taskmon.service.task_repository import TaskRepository

_CHUNK_BYTES: Final = 256 * 1024
_QUICK_S: Final = 0.05
_SLOW_S: Final = 0.4
_REPLACEMENT: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file on disk; `growing` while the task may still write to it."""

    path: Path
    growing: bool


class TaskFileReader:
    """Finds and follows the files of tasks. No path leads out of a task's output folder."""

    def __init__(self, data: DataFolder, storage: Storage, tasks: TaskRepository, bell: Bell) -> None:
        self._data = data
        self._storage = storage
        self._tasks = tasks
        self._bell = bell

    def _live_folder(self, task: Task) -> Path:
        return self._data.work / task.task_id / "output" / OUTPUT_FOLDER

    def _archive(self, task: Task) -> Path:
        return self._storage.locate(task.storage_output_path or "")

    def _from_archive(self, task: Task) -> bool:
        return task.is_terminated and self._archive(task).exists()

    def files_of(self, task: Task) -> TaskFiles:
        """Every file of the task, sorted by path; none before it runs."""
        if self._from_archive(task):
            return TaskFiles(files=list_files(self._archive(task), OUTPUT_FOLDER), complete=True)
        return TaskFiles(files=_files_in(self._live_folder(task)), complete=task.is_terminated)

    def find(self, task: Task, path: str) -> FoundFile:
        """One file by its path below the output folder. Raises NotFoundError, or InvalidInputError for a bad path."""
        parts = self.check_path(path)
        if self._from_archive(task):
            member = f"{OUTPUT_FOLDER}/{path}"
            return FoundFile(unpack_member(self._archive(task), member, self._data.cache), growing=False)
        folder = self._live_folder(task)
        target = _locate(folder, parts)
        if not target.is_file() or not target.resolve().is_relative_to(folder.resolve()):
            raise NotFoundError(f"The task has no file “{path}”.", "It may not have been written yet.")
        return FoundFile(target, growing=not task.is_terminated)

    @staticmethod
    def check_path(path: str) -> list[str]:
        """The parts of a path that stays inside any folder. Raises InvalidInputError for another one."""
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
            raise InvalidInputError(f"“{path}” is not a path of a task's file.", "List the task's files to see them.")
        return parts

    async def follow(self, task_id: str, path: str, offset: int) -> AsyncIterator[bytes]:
        """The bytes of a file from `offset` on, as they are written, until the task has ended and all is told.

        A file that is not there yet is waited for. The stream also ends when the task is queued again, because its
        files then begin anew, and when the service stops. Of a file that is cut short, the new text is told, from its
        beginning, after the old one.
        """
        retries = self._tasks.task(task_id).num_retries
        file: IO[bytes] | None = None
        pause = _QUICK_S
        try:
            while not self._bell.closed:
                # Asked before reading: what was written before the end is on disk by the time the end is known.
                task = self._tasks.task(task_id)
                if task.num_retries != retries:
                    return
                if file is None:
                    file = await self._opened(task, path, offset)
                chunk = await asyncio.to_thread(file.read, _CHUNK_BYTES) if file else b""
                if chunk:
                    pause = _QUICK_S
                    yield chunk
                elif file is not None and _was_cut(file):
                    file.seek(0)
                elif task.is_terminated:
                    return
                else:
                    await self._bell.wait(pause)
                    pause = min(pause * 1.5, _SLOW_S)
        finally:
            if file is not None:
                file.close()

    async def _opened(self, task: Task, path: str, offset: int) -> IO[bytes] | None:
        try:
            found = await asyncio.to_thread(self.find, task, path)
            file = found.path.open("rb", buffering=0)
        except (NotFoundError, FileNotFoundError):
            return None
        file.seek(offset)
        return file


def _was_cut(file: IO[bytes]) -> bool:
    """Whether the file is shorter now than what has been read of it."""
    return os.fstat(file.fileno()).st_size < file.tell()


def _locate(folder: Path, parts: list[str]) -> Path:
    """Where the file is whose path is told as `parts`; a name that is no valid text is told without its bytes."""
    place = folder
    for part in parts:
        direct = place / part
        if _REPLACEMENT in part and not direct.exists() and place.is_dir():
            direct = next((entry for entry in place.iterdir() if portable(entry.name) == part), direct)
        place = direct
    return place


def _files_in(folder: Path) -> list[TaskFile]:
    found = []
    for place, _, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        prefix = "" if inside == "." else f"{inside.replace(os.sep, '/')}/"
        for name in names:
            try:
                facts = os.stat(os.path.join(place, name), follow_symlinks=False)  # noqa: PTH116, PTH118 (a hot loop)
            except FileNotFoundError:
                continue
            if S_ISLNK(facts.st_mode):
                continue
            modified = datetime.fromtimestamp(facts.st_mtime, UTC)
            found.append(TaskFile(path=portable(prefix + name), size=facts.st_size, modified=modified))
    return sorted(found, key=lambda file: file.path)

"""Chosen files of a task into a folder of this computer: a running task's as they are now, an ended one's by ranges.

Nothing half is ever seen under a file's name, and no name from a task leads out of the folder.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import BufferedWriter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from taskmon.client.archive_members import StoredOutputs
from taskmon.client.fresh_files import check_room, numbered, safe_name, settle, to_the_end, workshop
from taskmon.client.task_file import read_file
from taskmon.client.transfer import OnProgress, PacedProgress
from taskmon.core.errors import (
    ConnectionFailedError,
    InvalidInputError,
    NotFoundError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.extensions import Extension, TaskFile
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_LOOK_EVERY: Final = 32 * 1024 * 1024
"""Bytes after which the room on the disk is looked at again: a running task's files grow."""
_ATTEMPTS: Final = 3
"""How often a file of a running task is begun anew when its bytes stop coming."""
_FATAL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""Faults of the disk that the next file would meet too."""


class Existing(StrEnum):
    """What is done about a file whose name is taken."""

    OVERWRITE = "overwrite"
    KEEP_BOTH = "keep both"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One file that is wanted, and the path that it gets here."""

    path: str
    target: Path
    size: int | None = None
    modified: datetime | None = None


@dataclass(slots=True)
class Downloaded:
    """What has come so far. `failed`: the files that did not, each with a sentence."""

    files: int = 0
    size: int = 0
    skipped: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def plan(files: Iterable[TaskFile], chosen: Iterable[str], folder: Path) -> list[Fetch]:
    """Which of `files` are meant by the `chosen` paths of files and folders ("" for all), and where below `folder`
    each goes: a chosen folder comes with its name, without the folders around it. Every target is another one."""
    wanted, fetches, used = set(chosen), [], set[Path]()
    for file in files:
        choice = _chosen_by(file.path, wanted)
        if choice is None:
            continue
        above = choice.rpartition("/")[0]
        target = folder.joinpath(*_safe_parts(file.path.removeprefix(f"{above}/") if above else file.path))
        if target in used:
            target = next(path for path in numbered(target, target.suffix) if path not in used)
        used.add(target)
        fetches.append(Fetch(file.path, target, file.size, file.modified))
    return fetches


def _chosen_by(path: str, chosen: set[str]) -> str | None:
    """The outermost of `chosen` that is `path` or a folder around it; None if there is none."""
    if "" in chosen:
        return ""
    end = path.find("/")
    while end >= 0:
        if path[:end] in chosen:
            return path[:end]
        end = path.find("/", end + 1)
    return path if path in chosen else None


def _safe_parts(path: str) -> list[str]:
    """A path from elsewhere as names that are safe here; only what stands at the top may not be hidden."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..", ".")] or ["file"]
    return [safe_name(part, "_", hidden=number > 0) for number, part in enumerate(parts)]


def taken(fetches: Iterable[Fetch]) -> list[Fetch]:
    """Those whose name is taken already. For a worker thread."""
    return [fetch for fetch in fetches if os.path.lexists(fetch.target)]


async def download_files(
    client: ServiceClient,
    task: Task,
    fetches: Sequence[Fetch],
    folder: Path,
    existing: Existing,
    *,
    done: Downloaded | None = None,
    on_progress: OnProgress | None = None,
) -> Downloaded:
    """Brings `fetches` into `folder`, which exists; what cannot be fetched or written is told and left out.

    A file that has come whole stays, whatever happens afterwards; `done` counts them, also for who cancels. Raises
    InvalidInputError if the disk is too small, NotFoundError, RefusedError and ConnectionFailedError.
    """
    done = done if done is not None else Downloaded()
    if existing is Existing.SKIP:
        there = {fetch.path for fetch in await asyncio.to_thread(taken, fetches)}
        done.skipped, fetches = len(there), [fetch for fetch in fetches if fetch.path not in there]
    total = sum(fetch.size or 0 for fetch in fetches)
    await asyncio.to_thread(check_room, folder, total)
    async with workshop(folder / "files") as shop:
        arrivals = _Arrivals(fetches, folder, shop, existing, done, PacedProgress(on_progress), total)
        try:
            await _fetch_all(client, task, arrivals)
        finally:
            arrivals.give_up()
        arrivals.paced.finish()
    return done


async def _fetch_all(client: ServiceClient, task: Task, arrivals: _Arrivals) -> None:
    if task.is_terminated:
        try:
            await _fetch_stored(client, task, arrivals)
            return
        except NotFoundError:
            if arrivals.done.files or not await client.offers(Extension.TASK_FILES):
                raise
    for path in list(arrivals.waiting):
        await _fetch_live(client, task, arrivals, path)


async def _fetch_stored(client: ServiceClient, task: Task, arrivals: _Arrivals) -> None:
    """From the stored outputs, going on after a cut connection for as long as that brings any file."""
    outputs, failed_at = await StoredOutputs.look(client, task), -1
    while arrivals.waiting:
        try:
            async with aclosing(outputs.read(arrivals.waiting)) as pieces:
                async for path, piece in pieces:
                    await arrivals.add(path, piece)
            await arrivals.finish()
        except ConnectionFailedError:
            arrivals.give_up()
            if arrivals.done.files == failed_at:
                raise
            failed_at = arrivals.done.files
        except ServiceFailedError as error:
            if arrivals.path is None:
                raise
            arrivals.refuse(arrivals.path, str(error))


async def _fetch_live(client: ServiceClient, task: Task, arrivals: _Arrivals, path: str) -> None:
    """As it is now; a file that goes away meanwhile is told."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await arrivals.add(path, b"")
            async with aclosing(read_file(client, task, path)) as pieces:
                async for piece in pieces:
                    await arrivals.add(path, piece)
            await arrivals.finish()
        except NotFoundError as error:
            arrivals.refuse(path, str(error))
        except ConnectionFailedError:
            arrivals.give_up()
            if attempt == _ATTEMPTS:
                raise
            continue
        return


class _Arrivals:
    """Files as they come, one after the other: each grows in the workshop and gets its name when it is whole."""

    def __init__(
        self,
        fetches: Sequence[Fetch],
        folder: Path,
        shop: Path,
        existing: Existing,
        done: Downloaded,
        paced: PacedProgress,
        total: int,
    ) -> None:
        self.waiting = {fetch.path: fetch for fetch in fetches}
        self.done = done
        self.paced = paced
        self._folder = folder
        self._draft = shop / "file"
        self._existing = existing
        self._total = total
        self.path: str | None = None
        """The file that is coming."""
        self._file: BufferedWriter | None = None
        self._written = 0
        self._looked = 0

    async def add(self, path: str, piece: bytes) -> None:
        """The next piece of a file; another file than before finishes that one."""
        if path != self.path:
            await self.finish()
            self.path, self._written = path, 0
            self._file = self._draft.open("wb")
        if piece and self._file is not None:
            await to_the_end(self._file.write, piece)
            self._written += len(piece)
            self._looked += len(piece)
            if self._looked >= _LOOK_EVERY:
                self._looked = 0
                await asyncio.to_thread(check_room, self._folder, 0)
            self.paced.tell(self.done.size + self._written, self._total, self.done.files)

    async def finish(self) -> None:
        """The file is whole: it gets its name."""
        if self.path is None or self._file is None:
            return
        fetch = self.waiting.pop(self.path)
        self.path = None
        try:
            kept = await to_the_end(self._place, fetch, self._file)
        except OSError as error:
            if error.errno in _FATAL:
                raise
            self.done.failed.append((fetch.path, f"It cannot be written here: {error.strerror or error}."))
        except TaskmonError as error:
            self.done.failed.append((fetch.path, str(error)))
        else:
            self.done.files += kept
            self.done.skipped += not kept
            self.done.size += self._written if kept else 0
        self.paced.tell(self.done.size, self._total, self.done.files)

    def give_up(self) -> None:
        """What has come of the present file is worth nothing."""
        self.path = None
        if self._file is not None:
            with suppress(OSError):  # a full disk
                self._file.close()

    def refuse(self, path: str, sentence: str) -> None:
        """The file will not come."""
        self.give_up()
        self.waiting.pop(path, None)
        self.done.failed.append((path, sentence))

    def _place(self, fetch: Fetch, file: BufferedWriter) -> bool:
        """Moves the draft to its place; False if one that is there was to stay. Raises OSError, InvalidInputError."""
        target = fetch.target
        file.close()
        if not target.parent.resolve().is_relative_to(self._folder.resolve()):
            raise InvalidInputError(
                f"{target.parent} is a link that leads out of the chosen folder.", "Choose another folder."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if fetch.modified is not None:
            stamp = fetch.modified.timestamp()
            os.utime(self._draft, (stamp, stamp))
        if self._existing is Existing.SKIP and os.path.lexists(target):
            return False
        if self._existing is Existing.OVERWRITE and not target.is_dir():
            self._draft.replace(target)
        else:
            settle(self._draft, target)
        return True

"""The stored objects: a folder tree on disk that no storage path can leave."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, NotFoundError, RefusedError
from taskmon.core.storage import StorageFile
from taskmon.service.identifiers import new_uuid
from taskmon.service.task_rows import STORAGE_REGION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

RESERVED_BYTES: Final = 128 * 1024 * 1024
"""What an upload leaves free on the disk, so that the database and the running tasks can still write."""

_WRITE_BYTES: Final = 1024 * 1024
_NAME_BYTES: Final = 255


@dataclass(frozen=True, slots=True)
class Storage:
    """Objects below `root`; uploads are collected in `incoming`, on the same disk, and moved in when complete."""

    root: Path
    incoming: Path

    def discard_drafts(self) -> None:
        """Remove what uploads left behind that were cut off when the service ended."""
        for draft in self.incoming.iterdir():
            draft.unlink(missing_ok=True)

    def locate(self, storage_path: str) -> Path:
        """Where the object of that path is or would be. Raises InvalidInputError for a path that leaves the tree."""
        parts = storage_path.strip("/").split("/")
        for part in parts:
            if part in ("", ".", "..") or "\0" in part or "\\" in part or len(os.fsencode(part)) > _NAME_BYTES:
                raise InvalidInputError(f"“{storage_path}” is not a storage path.", "Use names separated by slashes.")
        target = self.root.joinpath(*parts)
        if not target.resolve().is_relative_to(self.root.resolve()):
            raise InvalidInputError(f"“{storage_path}” leads out of the storage.", "Use a path inside it.")
        return target

    def existing(self, storage_path: str) -> Path:
        """Like `locate`. Raises NotFoundError if nothing is there."""
        target = self.locate(storage_path)
        if not target.exists():
            raise NotFoundError(f"There is no object “{storage_path}” in the storage.", "List the storage to see it.")
        return target

    def objects_below(self, storage_path: str) -> list[str]:
        """The paths of every object of a folder, sorted, or just the object itself. Raises NotFoundError."""
        target = self.existing(storage_path)
        if target.is_file():
            return [target.relative_to(self.root).as_posix()]
        found = sorted(path.relative_to(self.root).as_posix() for path in _files_below(target))
        if not found:
            raise NotFoundError(f"The folder “{storage_path}” is empty.", "List the storage to see what there is.")
        return found

    async def receive(
        self,
        storage_path: str,
        chunks: AsyncIterator[bytes],
        expected: int | None,
        check: Callable[[], None] | None = None,
    ) -> int:
        """Store a stream as one object, all or nothing; the number of bytes. `expected` is its announced length.

        `check` is asked once everything has arrived and may raise to have nothing stored.
        Raises RefusedError (507) if the disk is too full, before the first chunk is read wherever that can be known.
        """
        target = self.locate(storage_path)
        if target.is_dir():
            raise RefusedError(f"“{storage_path}” is a folder.", "Choose another name.", status_code=409)
        self.check_space(expected or 0)
        draft = self.incoming / new_uuid()
        try:
            size = await _write_stream(draft, chunks)
            if check is not None:
                check()
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise RefusedError(
                f"The upload could not be stored: {error.strerror}.",
                "Free some disk space and repeat."
                if full
                else "Look at the data folder of the task service, then repeat.",
                status_code=507,
            ) from error
        finally:
            with contextlib.suppress(OSError):  # on a disk that cannot be written there is none
                draft.unlink(missing_ok=True)
        return size

    def check_space(self, needed: int) -> None:
        """Raises RefusedError (507) if `needed` bytes would fill the disk."""
        free = shutil.disk_usage(self.incoming).free
        if free < needed + RESERVED_BYTES:
            raise RefusedError(
                f"The disk of the task service is full: {free // 1_000_000} MB are free.",
                "Delete old tasks or other files, then repeat.",
                status_code=507,
            )

    def copy(self, source: str, target: str) -> None:
        """Copy an object, or a folder with all its objects; by hard links if possible, as objects are never edited."""
        origin, destination = self.existing(source), self.locate(target)
        pairs = (
            [(path, destination / path.relative_to(origin)) for path in _files_below(origin)]
            if origin.is_dir()
            else [(origin, destination)]
        )
        for old, new in pairs:
            new.parent.mkdir(parents=True, exist_ok=True)
            draft = self.incoming / new_uuid()
            try:
                _link_or_copy(old, draft)
                draft.replace(new)
            finally:
                draft.unlink(missing_ok=True)

    def delete(self, storage_path: str) -> None:
        """Delete an object, or a folder with all its objects. Raises NotFoundError."""
        target = self.existing(storage_path)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    def total_size(self) -> int:
        """Bytes of all objects."""
        return sum(path.stat().st_size for path in _files_below(self.root))

    def contents(self, folder: str, *, recursive: bool) -> list[StorageFile]:
        """What is in a folder (`/` is the root), named relative to it. Raises NotFoundError."""
        place = self.root if not folder.strip("/") else self.existing(folder)
        if not place.is_dir():
            raise NotFoundError(
                f"There is no folder “{folder}” in the storage.", "List its parent to see what there is."
            )
        paths = place.rglob("*") if recursive else place.iterdir()
        described = (_described(path, path.relative_to(place).as_posix()) for path in paths if not path.is_symlink())
        return [file for file in described if file is not None]


async def _write_stream(draft: Path, chunks: AsyncIterator[bytes]) -> int:
    size = 0
    with draft.open("xb", buffering=_WRITE_BYTES) as file:
        waiting = bytearray()
        async for chunk in chunks:
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                size += await asyncio.to_thread(file.write, waiting)
                waiting = bytearray()
        size += file.write(waiting)

        def settle() -> None:
            file.flush()
            os.fsync(file.fileno())

        await asyncio.to_thread(settle)
    return size


def _link_or_copy(old: Path, new: Path) -> None:
    try:
        new.hardlink_to(old)
    except OSError:
        shutil.copyfile(old, new)


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def _described(path: Path, name: str) -> StorageFile | None:
    """None if it has gone meanwhile."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    is_folder = stat.S_ISDIR(facts.st_mode)
    return StorageFile(
        name=f"{name}/" if is_folder else name,
        is_directory=is_folder,
        provider_id="LOCAL",
        region=STORAGE_REGION,
        size_bytes=None if is_folder else facts.st_size,
        creation_time=datetime.fromtimestamp(facts.st_mtime, UTC),
    )

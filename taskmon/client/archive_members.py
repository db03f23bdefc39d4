"""Many files out of a stored archive with few requests: what lies side by side in it comes in one go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from taskmon.client.archive_member import inflated, output_archive, packed_bytes
from taskmon.core.errors import NotFoundError, ServiceFailedError
from taskmon.core.storage import OUTPUT_FOLDER, ZipMember
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_GAP: Final = 64 * 1024
"""Bytes between two members that are read along rather than asked for anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member lies: `start` and `length` of its packed bytes in the archive. `size` None: not told."""

    name: str
    start: int
    length: int
    method: int
    size: int | None


class StoredOutputs:
    """The stored outputs of a task that has ended, and where each file lies in them."""

    def __init__(self, client: ServiceClient, task: Task, places: dict[str, Place]) -> None:
        self._client = client
        self._task = task
        self._places = places

    @classmethod
    async def look(cls, client: ServiceClient, task: Task) -> StoredOutputs:
        """Raises NotFoundError if there are no stored outputs."""
        archive = await client.zip_contents(output_archive(task), OUTPUT_FOLDER, recursive=True)
        return cls(client, task, {place.name: place for place in map(_place, archive.contents)})

    async def read(self, names: Iterable[str]) -> AsyncGenerator[tuple[str, bytes]]:
        """The files `names` (paths below the output folder), one after the other in the archive's order.

        Each comes as its name with a piece of it, at least once, and whole before the next begins. Raises NotFoundError
        before the first if one is not there; ServiceFailedError for a damaged one, or one larger than was told.
        """
        places = sorted((self._of(name) for name in names), key=lambda place: (place.start, place.length))
        url = await self._client.signed_url("download", output_archive(self._task), self._task.storage_region)
        for run in runs(places):
            async with aclosing(self._run(url, run)) as pieces:
                async for named in pieces:
                    yield named

    def _of(self, name: str) -> Place:
        if name not in self._places:
            raise NotFoundError(f"The task left no file “{name}”.", "List its files again.")
        return self._places[name]

    async def _run(self, url: str, run: Sequence[Place]) -> AsyncGenerator[tuple[str, bytes]]:
        last = run[-1]
        if last.start + last.length == run[0].start:  # nothing but empty files
            for place in run:
                yield place.name, b""
            return
        async with aclosing(packed_bytes(self._client, url, run[0].start, last.start + last.length - 1)) as packed:
            cursor = _Cursor(packed, run[0].start)
            for place in run:
                async with aclosing(_member(cursor, place)) as pieces:
                    async for piece in pieces:
                        yield place.name, piece


def runs(places: Sequence[Place]) -> Iterator[list[Place]]:
    """`places`, in the order of the archive, parted where they lie far from each other or overlap."""
    run: list[Place] = []
    for place in places:
        gap = place.start - (run[-1].start + run[-1].length) if run else 0
        if run and not 0 <= gap <= _GAP:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


async def _member(cursor: _Cursor, place: Place) -> AsyncGenerator[bytes]:
    yield b""
    if not place.length:
        return
    told = 0
    async with aclosing(inflated(cursor.take(place.start, place.length), place.name, place.method)) as pieces:
        async for piece in pieces:
            told += len(piece)
            if place.size is not None and told > place.size:
                raise ServiceFailedError(f"{place.name} is larger than the stored outputs say.", "It was not kept.")
            yield piece
    if place.size is not None and told < place.size:
        raise ServiceFailedError(f"{place.name} is cut short in the stored outputs.", "Try again.")


class _Cursor:
    """Parts of a stream of bytes by their offsets, which must ascend."""

    def __init__(self, packed: AsyncGenerator[bytes], start: int) -> None:
        self._packed = packed
        self._offset = start
        self._rest = memoryview(b"")

    async def take(self, start: int, length: int) -> AsyncGenerator[bytes]:
        """The `length` bytes from offset `start` on."""
        while length:
            if not self._rest:
                self._rest = memoryview(await anext(self._packed))
            skipped = min(start - self._offset, len(self._rest)) if start > self._offset else 0
            piece = bytes(self._rest[skipped : skipped + length])
            self._rest = self._rest[skipped + len(piece) :]
            self._offset += skipped + len(piece)
            if piece:
                length -= len(piece)
                start += len(piece)
                yield piece


def _place(member: ZipMember) -> Place:
    if member.range_start is None or member.compressed_size is None or member.compress_type is None:
        raise ServiceFailedError("The service does not tell where the files lie.", "Download all the outputs.")
    return Place(member.name, member.range_start, member.compressed_size, member.compress_type, member.size)

"""Packs a folder and sends it at the same time: threads deflate, the loop sends, nothing is stored in between."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.client.folder_scan import FolderScan
from taskmon.client.transfer import OnProgress, PacedProgress
from taskmon.client.zip_stream import Member, zip_chunks
from taskmon.core.storage import INPUT_FOLDER

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_PORTION: Final = 512 * 1024


async def upload_folder(
    client: ServiceClient, url: str, scan: FolderScan, on_progress: OnProgress | None = None
) -> None:
    """Send the files of `scan` as one archive to the signed address `url`.

    Raises InvalidInputError for a file that changed, vanished or cannot be read; the store then keeps nothing.
    """
    async with aclosing(pack_folder(scan, on_progress)) as portions:
        await client.upload(url, portions)


async def pack_folder(scan: FolderScan, on_progress: OnProgress | None = None) -> AsyncGenerator[bytes]:
    """The archive of `scan`, portion by portion. Close it (`aclosing`) to stop its threads early.

    Progress counts bytes of the folder, at most ten times a second and once at the end.
    """
    stop = threading.Event()
    portions = _portions(zip_chunks(_members(scan), stop))
    paced, sent = PacedProgress(on_progress), 0
    try:
        # Packing runs ahead in its own threads; this hop only waits for the next portion off the loop.
        while (portion := await asyncio.to_thread(next, portions, None)) is not None:
            data, covered = portion
            sent += covered
            paced.tell(sent, scan.total_size)
            yield data
        paced.finish()
    finally:
        stop.set()
        await asyncio.to_thread(_close, portions)


def _members(scan: FolderScan) -> list[Member]:
    top = f"{INPUT_FOLDER}/"
    return [
        Member(top),
        *(Member(top + folder) for folder in scan.empty_folders),
        *(Member(top + file.path, scan.folder / file.path, file.size) for file in scan.files),
    ]


def _portions(chunks: Iterator[tuple[bytes, int]]) -> Generator[tuple[bytes, int]]:
    """The same bytes in portions worth a hop between threads."""
    gathered: list[bytes] = []
    length, covered = 0, 0
    for data, source_bytes in chunks:
        gathered.append(data)
        length += len(data)
        covered += source_bytes
        if length >= _PORTION:
            yield b"".join(gathered), covered
            gathered, length, covered = [], 0, 0
    if gathered:
        yield b"".join(gathered), covered


def _close(portions: Generator[tuple[bytes, int]]) -> None:
    try:
        portions.close()
    except ValueError:
        # Another thread is inside it after a cancellation; it sees the stop event and closes by itself.
        return

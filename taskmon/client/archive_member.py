"""Single files out of a stored archive by byte ranges, without the rest of it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import ServiceFailedError
from taskmon.core.storage import OUTPUT_ARCHIVE, OUTPUT_FOLDER
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_STORED: Final = 0
_DEFLATED: Final = 8
_PIECE: Final = 256 * 1024
"""Most bytes inflated at once: a hostile archive can hold a thousand times its size, and the loop is waiting."""


def output_archive(task: Task) -> str:
    """Where the service stores the task's outputs."""
    return task.storage_output_path or f"{(task.storage_path or task.task_id).rstrip('/')}/{OUTPUT_ARCHIVE}"


async def read_output(client: ServiceClient, task: Task, name: str, offset: int = 0) -> AsyncGenerator[bytes]:
    """The bytes of the output file `name` (its path below the output folder) from `offset` on.

    Raises NotFoundError if there are no outputs, or no such file among them.
    """
    path = PurePosixPath(name)
    folder = str(PurePosixPath(OUTPUT_FOLDER) / path.parent)
    archive = output_archive(task)
    found = await client.zip_file_range(archive, folder, path.name)
    if found.range_end < found.range_start:
        return
    url = await client.signed_url("download", archive, task.storage_region)
    packed = packed_bytes(client, url, found.range_start, found.range_end)
    async with aclosing(packed), aclosing(inflated(packed, name, found.compress_type)) as pieces:
        async for piece in pieces:
            kept = piece[offset:]
            offset -= len(piece) - len(kept)
            if kept:
                yield kept


async def packed_bytes(client: ServiceClient, url: str, first: int, last: int) -> AsyncGenerator[bytes]:
    """Exactly the bytes `first` to `last` of the archive, also from a store that ignores ranges."""
    async with client.download(url, first, last) as incoming:
        skip = 0 if incoming.partial else first
        remaining = last - first + 1
        async for chunk in incoming.chunks:
            kept = chunk[skip : skip + remaining]
            skip -= min(skip, len(chunk))
            remaining -= len(kept)
            if kept:
                yield kept
            if not remaining:
                return
    if remaining:
        raise ServiceFailedError("The store sent less of the outputs than it announced.", "Try again.")


async def inflated(packed: AsyncGenerator[bytes], name: str, method: int) -> AsyncGenerator[bytes]:
    """What the member `name` holds, out of its `packed` bytes. Raises ServiceFailedError where that cannot be."""
    if method not in {_STORED, _DEFLATED}:
        raise ServiceFailedError(f"{name} is packed in a way that taskmon cannot read.", "Download all the outputs.")
    if method == _STORED:
        async for chunk in packed:
            yield chunk
        return
    stream = zlib.decompressobj(-15)
    try:
        async for chunk in packed:
            yield stream.decompress(chunk, _PIECE)
            while stream.unconsumed_tail:
                yield stream.decompress(stream.unconsumed_tail, _PIECE)
        yield stream.flush()
    except zlib.error as error:
        raise ServiceFailedError(f"{name} is damaged in the stored outputs.", "Download all the outputs.") from error
    if not stream.eof:
        raise ServiceFailedError(f"{name} is cut short in the stored outputs.", "Try again.")

"""A task's file as a stream of bytes: what is there, then what is written, until the task has ended and all has come.

Over the embedded service's extension while it runs: the bytes are those of the stored outputs, so an offset is all that
a cut connection leaves to remember. Services without it show lines while the task runs, see live_lines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.client.archive_member import output_archive, read_output
from taskmon.client.live_lines import Gap, follow_lines
from taskmon.client.live_webrtc import list_live
from taskmon.client.retrying import PASSING, retry_pause
from taskmon.core.errors import ConnectionFailedError, NotFoundError, RefusedError
from taskmon.core.extensions import Extension, TaskFile, TaskFiles
from taskmon.core.lifecycle import Status
from taskmon.core.storage import OUTPUT_FOLDER
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_log = logging.getLogger(__name__)
_RETRY_S: Final = (0.2, 10.0)
_EMPTY_FILE: Final = 416
"""A range of an empty file cannot be satisfied."""
_READ_FOR_TAIL: Final = 8 * 1024 * 1024
"""Bytes of a stored file that are inflated at most to see its end."""
_REWRITTEN: Final = Gap("the file was cut or written anew meanwhile; what stands above has some of it from before")

Sleep = Callable[[float], Awaitable[None]]


async def follow_file(
    client: ServiceClient, task_id: str, path: str, offset: int = 0, *, sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[bytes]:
    """The bytes of the file `path` (below the task's output folder) from `offset` on, without gap or repeat.

    A service without the extension shows lines, and what is missing between them is said in a line of its own. So is a
    file that turned out shorter than what was told of it: a program cut it or began it anew.

    Waits through interruptions of the service for as long as it is iterated; close it (`aclosing`) to stop. Ends when
    the task has ended and everything was told, or when the task was queued again, because its files then begin anew.
    Raises NotFoundError if the task, or after its end the file, does not exist, and NotAuthorizedError.
    """
    run: int | None = None
    failures, began = 0, offset
    while True:
        try:
            task = await client.task(task_id)
            run = task.num_retries if run is None else run
            if task.num_retries != run:
                return
            if not await client.offers(Extension.TASK_FILES):
                async with aclosing(follow_lines(client, task_id, path, offset, sleep=sleep)) as pieces:
                    async for piece in pieces:
                        yield piece.line() if isinstance(piece, Gap) else piece
                return
            async with aclosing(_live(client, task_id, path, offset)) as chunks:
                async for chunk in chunks:
                    offset += len(chunk)
                    failures = 0
                    yield chunk
            size = await _end_of_file(client, task_id, run, path, offset)
            if size is not None and offset >= size:
                if began < offset and size < offset:
                    yield _REWRITTEN.line()
                return
            raise ConnectionFailedError("The service stopped sending the file.", "It is asked again.")
        except PASSING as error:
            _log.debug("following %s of %s stopped at %d: %s", path, task_id, offset, error)
            failures += 1
            await sleep(retry_pause(failures, error, _RETRY_S))


async def list_files(client: ServiceClient, task: Task) -> TaskFiles:
    """The task's files: as they are written where the service offers it, else those in the stored outputs.

    Of a running task a service without extensions tells the names only, over a direct connection, which takes about a
    second. Raises NotFoundError if there are no stored outputs, ConnectionFailedError.
    """
    if await client.offers(Extension.TASK_FILES):
        return await client.task_files(task.task_id)
    if not task.is_terminated:
        computes = task.status is Status.COMPUTATION_STARTED
        return TaskFiles(files=await list_live(client, task.task_id) if computes else [], complete=False)
    archive = await client.zip_contents(output_archive(task), OUTPUT_FOLDER, recursive=True)
    files = [
        TaskFile(path=member.name, size=member.size, modified=member.creation_time)
        for member in archive.contents
        if not member.name.endswith("/")
    ]
    return TaskFiles(files=files, complete=True)


async def read_tail(client: ServiceClient, task_id: str, path: str, length: int) -> tuple[int, bytes]:
    """The size of a task's file and its last `length` bytes; (0, b"") while there is none, or no way to see it."""
    if not await client.offers(Extension.TASK_FILES):
        return await _stored_tail(client, task_id, path, length)
    try:
        async with client.task_file_tail(task_id, path, length) as incoming:
            tail = b"".join([chunk async for chunk in incoming.chunks])
            whole = incoming.headers.get("content-range", "").rpartition("/")[2]
            return int(whole) if whole.isdecimal() else len(tail), tail[-length:]
    except NotFoundError:
        return 0, b""
    except RefusedError as error:
        if error.status_code == _EMPTY_FILE:
            return 0, b""
        raise


async def _stored_tail(client: ServiceClient, task_id: str, path: str, length: int) -> tuple[int, bytes]:
    """The same out of the stored outputs, which have to be read from the file's beginning; of large ones the size."""
    try:
        task = await client.task(task_id)
        listed = await list_files(client, task) if task.is_terminated else TaskFiles(files=[], complete=False)
        size = {file.path: file.size for file in listed.files}.get(path)
    except NotFoundError:
        size = None
    if not size or size > _READ_FOR_TAIL:
        return size or 0, b""
    async with aclosing(read_output(client, task, path, max(0, size - length))) as pieces:
        return size, b"".join([piece async for piece in pieces])


async def _live(client: ServiceClient, task_id: str, path: str, offset: int) -> AsyncGenerator[bytes]:
    async with client.task_file(task_id, path, offset, follow=True) as incoming:
        async for chunk in incoming.chunks:
            yield chunk


async def _end_of_file(client: ServiceClient, task_id: str, run: int, path: str, offset: int) -> int | None:
    """The size of the whole file once a stream ended in good order; None while the file may still grow, because a
    service that is being stopped ends a stream early too. `offset` itself where the task was queued again."""
    task = await client.task(task_id)
    if task.num_retries != run:
        return offset
    if not task.is_terminated:
        return None
    sizes = {file.path: file.size for file in (await client.task_files(task_id)).files}
    if path not in sizes and not offset:
        raise NotFoundError(f"The task left no file {path}.", "Read its states to see how far it came.")
    return sizes.get(path) or 0

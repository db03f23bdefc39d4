"""A task's file as a stream of bytes: what is there, then what is written, until the task has ended and all has come.

Over the embedded service's extension while it runs; services without it give the file out of the stored outputs once
the task has ended. The bytes are the same either way, so an offset is all that a cut connection leaves to remember.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.client.archive_member import read_output
from taskmon.core.errors import BusyError, ConnectionFailedError, ServiceFailedError, TaskmonError
from taskmon.core.extensions import Extension

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_log = logging.getLogger(__name__)
_RETRY_S: Final = (0.2, 3.0)
_LOOK_S: Final = (0.5, 5.0)
_PASSING = (ConnectionFailedError, BusyError, ServiceFailedError)
"""Faults after which the same question is worth asking again."""

Sleep = Callable[[float], Awaitable[None]]


async def follow_file(
    client: ServiceClient, task_id: str, path: str, offset: int = 0, *, sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[bytes]:
    """The bytes of the file `path` (below the task's output folder) from `offset` on, without gap or repeat.

    Waits through interruptions of the service for as long as it is iterated; close it (`aclosing`) to stop. Raises
    NotFoundError if the task, or after its end the file, does not exist, and NotAuthorizedError.
    """
    failures = 0
    while True:
        try:
            reader = _live(client, task_id, path, offset) if await _has_extension(client) else None
            if reader is None:
                await _wait_for_end(client, task_id, sleep)
                reader = read_output(client, await client.task(task_id), path, offset)
            async with aclosing(reader) as chunks:
                async for chunk in chunks:
                    offset += len(chunk)
                    failures = 0
                    yield chunk
            await _check_whole(client, task_id, path, offset)
            return
        except _PASSING as error:
            _log.debug("following %s of %s stopped at %d: %s", path, task_id, offset, error)
            failures += 1
            await sleep(_retry_pause(failures, error))


async def _has_extension(client: ServiceClient) -> bool:
    offered = await client.capabilities()
    return offered is not None and Extension.TASK_FILES in offered.extensions


async def _live(client: ServiceClient, task_id: str, path: str, offset: int) -> AsyncGenerator[bytes]:
    async with client.task_file(task_id, path, offset, follow=True) as incoming:
        async for chunk in incoming.chunks:
            yield chunk


async def _check_whole(client: ServiceClient, task_id: str, path: str, offset: int) -> None:
    """A stream that ended in good order need not be the end: a service that is being stopped ends it early too.

    Raises ConnectionFailedError if there is more to come.
    """
    whole = (await client.task_status(task_id)).is_terminated
    if whole and await _has_extension(client):
        sizes = {file.path: file.size for file in (await client.task_files(task_id)).files}
        whole = offset >= sizes.get(path, 0)
    if not whole:
        raise ConnectionFailedError("The service stopped sending the file.", "It is asked again.")


async def _wait_for_end(client: ServiceClient, task_id: str, sleep: Sleep) -> None:
    pause, longest = _LOOK_S
    while not (await client.task_status(task_id)).is_terminated:
        await sleep(pause)
        pause = min(longest, pause * 1.3)


def _retry_pause(failures: int, error: TaskmonError) -> float:
    if isinstance(error, BusyError) and error.retry_after is not None:
        return error.retry_after
    first, longest = _RETRY_S
    return min(longest, first * 2.0 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads load

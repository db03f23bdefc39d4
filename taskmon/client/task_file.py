"""One file of a task as it is now, wherever it lies: beside the running program, or in the stored outputs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from taskmon.client.archive_member import read_output
from taskmon.core.errors import NotFoundError, RefusedError
from taskmon.core.extensions import Extension
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient


async def read_file(client: ServiceClient, task: Task, path: str, offset: int = 0) -> AsyncGenerator[bytes]:
    """The bytes of the file `path` (below the task's output folder) from `offset` on, as they are at this moment.

    Raises NotFoundError if there is no such file, RefusedError where the service gives files away only after the task
    has ended, ConnectionFailedError when the bytes stop coming.
    """
    live = await client.offers(Extension.TASK_FILES)
    if not live and not task.is_terminated:
        raise RefusedError(
            "This service hands out files only after the task has ended.", "Its text files can be read as a log now."
        )
    if task.is_terminated:
        try:
            async with aclosing(read_output(client, task, path, offset)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except NotFoundError:
            if not live:
                raise
    async with client.task_file(task.task_id, path, offset) as incoming:
        async for chunk in incoming.chunks:
            yield chunk

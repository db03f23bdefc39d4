"""Following a task from the terminal: its states as it enters them, its log as it is written."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from taskmon.cli import exit_code
from taskmon.cli.output import show_json, show_task_end, state_line
from taskmon.cli.terminal import say
from taskmon.core.errors import NotFoundError, RefusedError
from taskmon.core.lifecycle import Status
from taskmon.core.storage import STDOUT_FILE

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskDetail


async def end_of(client: ServiceClient, task_id: str, *, as_json: bool = False) -> int:
    """Waits for the task's end, telling each state as it is entered; the exit code says whether it succeeded."""
    from taskmon.client.task import TaskHandle

    told = 0

    def tell(task: TaskDetail) -> None:
        nonlocal told
        for entry in task.status_history[told:]:
            say(state_line(entry))
        told = len(task.status_history)

    task = await TaskHandle(client, task_id).wait(tell)
    if as_json:
        show_json(task)
    elif task.status is not Status.SUCCESS:
        show_task_end(task)
    return exit_code.OK if task.status is Status.SUCCESS else exit_code.TASK_FAILED


async def follow_to_end(client: ServiceClient, task_id: str) -> int:
    """As `end_of`, with the task's standard output on ours as it is written."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy_log(client, task_id))
            watching = group.create_task(end_of(client, task_id))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return watching.result()


async def _copy_log(client: ServiceClient, task_id: str) -> None:
    with suppress(NotFoundError):  # a task that never started has no log
        await copy_file(client, task_id, STDOUT_FILE)


async def copy_file(client: ServiceClient, task_id: str, path: str) -> None:
    """Copies a file of the task to standard output until the task has ended and everything was copied."""
    from taskmon.client.live_files import follow_file

    async with aclosing(follow_file(client, task_id, path)) as chunks:
        async for chunk in chunks:
            _write(chunk)


async def copy_what_is_there(client: ServiceClient, task_id: str, path: str) -> None:
    """Copies what the task has written to the file so far. Raises NotFoundError, RefusedError."""
    from taskmon.client.task_file import read_file

    task = await client.task(task_id)
    try:
        async with aclosing(read_file(client, task, path)) as chunks:
            async for chunk in chunks:
                _write(chunk)
    except NotFoundError as error:  # the task is there, so it is the file; the service may speak of its archive
        when = "taskmon download fetches all there are." if task.is_terminated else "It may not have been written yet."
        raise NotFoundError(f"The task has no file {path}.", when) from error
    except RefusedError as error:
        if task.is_terminated:
            raise
        raise RefusedError(
            "This service shows files only after the task has ended.", "Wait for it with --follow."
        ) from error


def _write(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()

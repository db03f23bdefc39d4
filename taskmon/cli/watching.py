"""Following a task from the terminal: its states as it enters them, its log as it is written."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.output import say, show_json, state_line
from taskmon.core.errors import BusyError, ConnectionFailedError, RefusedError
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import Status, facts
from taskmon.core.storage import STDOUT_FILE

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskDetail

_LOOK_S: Final = 0.5
_SLOWEST_LOOK_S: Final = 15.0


async def end_of(client: ServiceClient, task_id: str, *, as_json: bool = False) -> int:
    """Waits for the task's end, telling each state as it is entered; the exit code says whether it succeeded."""
    task = await _watch_states(client, task_id)
    if as_json:
        show_json(task)
    elif task.status is not Status.SUCCESS:
        known = facts(task.status)
        say(f"{known.what} {task.error_detail or known.why} {known.next_step}")
    return exit_code.OK if task.status is Status.SUCCESS else exit_code.TASK_FAILED


async def follow_to_end(client: ServiceClient, task_id: str, *, as_json: bool = False) -> int:
    """As `end_of`, with the task's standard output on ours as it is written."""
    async with asyncio.TaskGroup() as group:
        copying = group.create_task(copy_file(client, task_id, STDOUT_FILE))
        code = await end_of(client, task_id, as_json=as_json)
        if not (await client.task(task_id)).computation_start_time:
            copying.cancel()
    return code


async def copy_file(client: ServiceClient, task_id: str, path: str) -> None:
    """Copies a file of the task to standard output until the task has ended and everything was copied."""
    from taskmon.client.live_files import follow_file

    async with aclosing(follow_file(client, task_id, path)) as chunks:
        async for chunk in chunks:
            _write(chunk)


async def copy_what_is_there(client: ServiceClient, task_id: str, path: str) -> None:
    """Copies what the task has written to the file so far. Raises NotFoundError, RefusedError."""
    offered = await client.capabilities()
    if offered is not None and Extension.TASK_FILES in offered.extensions:
        async with client.task_file(task_id, path) as incoming:
            async for chunk in incoming.chunks:
                _write(chunk)
    elif (await client.task_status(task_id)).is_terminated:
        await copy_file(client, task_id, path)
    else:
        raise RefusedError("This service shows files only after the task has ended.", "Wait for it with --follow.")


def _write(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


async def _watch_states(client: ServiceClient, task_id: str) -> TaskDetail:
    """The task once it has ended for good; a service that is away for a while is waited for."""
    told, pause = 0, _LOOK_S
    while True:
        try:
            task = await client.task(task_id)
        except (ConnectionFailedError, BusyError) as error:
            if pause == _LOOK_S:
                say(f"{error.title} Trying again until it does.")
            pause = min(pause * 2, _SLOWEST_LOOK_S)
        else:
            pause = _LOOK_S
            for entry in task.status_history[told:]:
                say(state_line(entry))
            told = len(task.status_history)
            if _has_ended(task):
                return task
        await asyncio.sleep(pause)


def _has_ended(task: TaskDetail) -> bool:
    """A task that the service will queue again by itself has not ended, although its state is a final one."""
    known = facts(task.status)
    return (known.terminal or task.is_terminated) and not (known.may_auto_resubmit and task.resubmit_on_preemption)

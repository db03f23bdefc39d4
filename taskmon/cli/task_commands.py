"""`taskmon list`, `info`, `logs`, `wait`, `kill`, `download`: tasks that exist already."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.asking import confirmed
from taskmon.cli.connection import connected, run_to_end
from taskmon.cli.output import ELASTIC_TITLES, TASK_TITLES, show_json, show_table, show_task, task_row
from taskmon.cli.terminal import say, show
from taskmon.cli.watching import copy_file, copy_what_is_there, end_of
from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.lifecycle import FACTS, Status, can_kill, facts
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import Task

ACTIVE: Final = "active"
_PAGE: Final = 100


def list_tasks(arguments: Namespace) -> int:
    """Lists tasks, newest first."""

    async def run() -> int:
        async with connected(arguments) as client:
            tasks = await _tasks(client, arguments)
        if arguments.json:
            show_json(tasks)
        elif not tasks:
            say("No tasks. taskmon submit FOLDER makes one; taskmon example tries one out.")
        else:
            now = datetime.now(UTC)
            show_table(TASK_TITLES, [task_row(task, now) for task in tasks], elastic=ELASTIC_TITLES)
        return exit_code.OK

    return run_to_end(run())


async def _tasks(client: ServiceClient, arguments: Namespace) -> list[Task]:
    limit = arguments.limit or sys.maxsize
    found: list[Task] = []
    for status in _statuses(arguments.status):
        page, seen = 1, 0
        while seen < limit:
            answer = await client.tasks(page, _PAGE, status=status, project=arguments.project)
            found.extend(answer.tasks)
            seen += len(answer.tasks)
            page += 1
            if not answer.tasks or seen >= answer.total_size:
                break
    by_id = {task.task_id: task for task in found}
    newest_first = sorted(by_id.values(), key=_submitted, reverse=True)
    return newest_first[:limit]


def _submitted(task: Task) -> datetime:
    return task.create_time or datetime.min.replace(tzinfo=UTC)


def _statuses(wanted: str | None) -> list[Status | None]:
    """The states to ask for: one, all that live, or just everything. Raises InvalidInputError."""
    if wanted is None:
        return [None]
    if wanted.lower() == ACTIVE:
        return [status for status, known in FACTS.items() if not known.terminal]
    status = Status(wanted.lower())
    if not status.known:
        raise InvalidInputError(f"“{wanted}” is not a status.", f"Choose one of: {ACTIVE}, {', '.join(FACTS)}.")
    return [status]


def show_info(arguments: Namespace) -> int:
    """Shows a task, its states and what to do next."""

    async def run() -> int:
        async with connected(arguments) as client:
            task = await client.task(arguments.task)
        if arguments.json:
            show_json(task)
        else:
            show_task(task, datetime.now(UTC))
        return exit_code.OK

    return run_to_end(run())


def logs(arguments: Namespace) -> int:
    """Prints a file of a task, as bytes; with --follow to the end of the task."""

    async def run() -> int:
        path = arguments.file or (STDERR_FILE if arguments.stderr else STDOUT_FILE)
        async with connected(arguments) as client:
            copy = copy_file if arguments.follow else copy_what_is_there
            await copy(client, arguments.task, path)
        return exit_code.OK

    return run_to_end(run())


def wait(arguments: Namespace) -> int:
    """Waits for a task's end; the exit code says whether it succeeded. Interrupting leaves the task running."""

    async def run() -> int:
        async with connected(arguments) as client:
            return await end_of(client, arguments.task, as_json=arguments.json)

    return run_to_end(run())


def kill(arguments: Namespace) -> int:
    """Asks for the kill of every task given that can still be killed."""

    async def run() -> int:
        async with connected(arguments) as client:
            tasks = [await client.task(task_id) for task_id in dict.fromkeys(arguments.tasks)]
            killable = [task for task in tasks if can_kill(task.status)]
            for task in tasks:
                if task not in killable:
                    say(f"{task.task_id}: {facts(task.status).alias}; there is nothing to kill.")
            if not killable:
                return exit_code.OK
            if not confirmed(f"Kill {count_text(len(killable), 'task')}?", arguments.yes):
                return exit_code.INTERRUPTED
            results = await asyncio.gather(*(_kill(client, task.task_id) for task in killable))
            return exit_code.OK if all(results) else exit_code.SERVICE_PROBLEM

    return run_to_end(run())


async def _kill(client: ServiceClient, task_id: str) -> bool:
    try:
        answer = await client.kill(task_id)
    except TaskmonError as error:
        say(f"{task_id}: {error}")
        return False
    say(f"{task_id}: {facts(answer.status).alias}")
    return True


def download(arguments: Namespace) -> int:
    """Fetches and unpacks a task's outputs into a folder of their own in `--to`; prints where they are."""

    async def run() -> int:
        from taskmon.client.download import download_outputs

        async with connected(arguments) as client:
            task = await client.task(arguments.task)
            with _folder(arguments.to) as folder:
                show(str(await download_outputs(client, task, folder)))
        return exit_code.OK

    return run_to_end(run())


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """The folder `path`, made if need be; one that was made and stayed empty goes again. Raises InvalidInputError."""
    is_new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be a folder: {error.strerror or error}.", "Choose another one with --to."
        ) from error
    try:
        yield path
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty: the outputs are in it
                path.rmdir()


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {
    "list": list_tasks,
    "info": show_info,
    "logs": logs,
    "wait": wait,
    "kill": kill,
    "download": download,
}

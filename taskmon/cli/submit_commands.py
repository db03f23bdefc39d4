"""`taskmon submit`, `example`, `resubmit`: make a task, and stay with it if asked to."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.connection import connected, run_to_end
from taskmon.cli.output import show_json
from taskmon.cli.terminal import say, show
from taskmon.cli.watching import end_of, follow_to_end
from taskmon.core.submission import name_of_folder
from taskmon.core.task import TASK_NAME
from taskmon.core.units import count_text, size_text
from taskmon.resource_files import bundled_example, simulator_catalogue

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from taskmon.client.api import ServiceClient
    from taskmon.client.folder_scan import FolderScan
    from taskmon.client.submission import OnMade
    from taskmon.client.transfer import Progress
    from taskmon.core.machine import MachineGroup
    from taskmon.core.task import TaskRequest


def submit(arguments: Namespace) -> int:
    """Submits a folder; with --wait, --sync or --follow the exit code tells how the task ended."""

    async def run() -> int:
        async with connected(arguments) as client:
            return await _submit(client, arguments)

    return run_to_end(run())


def example(arguments: Namespace) -> int:
    """Submits the dam break where its simulator is installed, else the heat equation, which always runs."""
    chosen = bundled_example()
    arguments.folder, arguments.simulator = chosen.folder, chosen.simulator.key
    arguments.values, arguments.lines = chosen.values.items(), ()
    arguments.machine_group = arguments.project = arguments.ttl = None
    arguments.name = chosen.name
    arguments.resubmit_on_preemption = False
    return submit(arguments)


def resubmit(arguments: Namespace) -> int:
    """Runs a task again; its inputs are reused where they are stored."""

    async def run() -> int:
        from taskmon.client.submission import resubmit as submit_again

        async with connected(arguments) as client:
            bind = _binding(client) if arguments.sync else None
            submitted = await submit_again(client, await client.task(arguments.task), on_made=bind)
            return await _stay_with(client, submitted.id, arguments)

    return run_to_end(run())


async def _submit(client: ServiceClient, arguments: Namespace) -> int:
    from taskmon.client.folder_scan import scan_in_thread
    from taskmon.client.submission import submit_folder
    from taskmon.settings import load_settings, settings_path

    loaded = load_settings(settings_path())
    for problem in loaded.problems:
        say(str(problem))
    scan = await scan_in_thread(arguments.folder, loaded.settings.excludes)
    request = await _request(client, scan, arguments)
    say(f"Sending {count_text(len(scan.files), 'file')}, {size_text(scan.total_size)}.")
    if scan.excluded:
        say(f"Left out: {', '.join(f'{found.path} ({found.rule})' for found in scan.excluded[:10])}.")
    name = arguments.name or name_of_folder(scan.folder.name)
    submitted = await submit_folder(
        client,
        scan,
        request,
        metadata={TASK_NAME: name},
        on_progress=_progress_line if sys.stderr.isatty() else None,
        on_made=_binding(client) if arguments.sync else None,
    )
    return await _stay_with(client, submitted.id, arguments)


def _binding(client: ServiceClient) -> OnMade:
    """Binds a task to this program from the moment it is made, so that also a killed upload leaves no task."""
    from taskmon.client.lease import HeldTask

    async def bind(task_id: str) -> None:
        await HeldTask(client, task_id).begin()

    return bind


def _progress_line(progress: Progress) -> None:
    share = progress.sent / progress.total if progress.total else 1.0
    print(f"\rSent {share:4.0%}", end="" if share < 1 else "\n", file=sys.stderr, flush=True)


async def _request(client: ServiceClient, scan: FolderScan, arguments: Namespace) -> TaskRequest:
    from taskmon.client.task_request import build_request, choose_simulator, choose_values

    paths = [file.path for file in scan.files]
    simulator = choose_simulator(arguments.simulator, arguments.lines, paths, simulator_catalogue())
    group = await find_group(client, arguments.machine_group)
    return build_request(
        simulator,
        arguments.lines or choose_values(simulator, dict(arguments.values), paths),
        group.id or "",
        project=arguments.project,
        ttl_seconds=arguments.ttl,
        resubmit_on_preemption=arguments.resubmit_on_preemption,
    )


async def find_group(client: ServiceClient, wanted: str | None) -> MachineGroup:
    """The machine group of that name or id; without one this computer's, else the first that has started."""
    from taskmon.client.task_request import choose_group

    return choose_group(await client.machine_groups(), wanted)


async def _stay_with(client: ServiceClient, task_id: str, arguments: Namespace) -> int:
    """Prints the new task's id; then leaves, waits, or holds on to it, as asked."""
    staying = arguments.wait or arguments.sync or arguments.follow
    if arguments.json and not staying:
        show_json(await client.task(task_id))
    elif not arguments.json:
        show(task_id)
    if not staying:
        return exit_code.OK
    if not arguments.sync:
        return await _watch(client, task_id, arguments)
    from taskmon.client.task import TaskHandle

    try:
        async with TaskHandle(client, task_id).sync_context():
            return await _watch(client, task_id, arguments)
    except asyncio.CancelledError:
        say(f"Killed {task_id}.")
        raise


async def _watch(client: ServiceClient, task_id: str, arguments: Namespace) -> int:
    if arguments.follow:
        return await follow_to_end(client, task_id)
    return await end_of(client, task_id, as_json=arguments.json)


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {"submit": submit, "example": example, "resubmit": resubmit}

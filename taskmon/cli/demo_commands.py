"""`taskmon demo states`: every state of the diagram, live, in a service and a data folder of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.connection import run_to_end
from taskmon.cli.terminal import say, show
from taskmon.core.errors import ConnectionFailedError, TaskmonError
from taskmon.core.lifecycle import Status, facts
from taskmon.programs import command

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Callable

    from taskmon.cli.state_walk import Reached
    from taskmon.client.api import ServiceClient

_ENVIRONMENT: Final = {"TASKMON_KILL_GRACE_S": "3", "TASKMON_LEASE_S": "10", "TASKMON_SPOT": "on-request"}
"""Shorter patience than usual with programs that do not end and machines that fall silent: this is to be watched; and
spot machines that work however busy the computer is, until the story takes them away."""

_STOP_S: Final = 30.0


class DemoService:
    """A service of its own in a temporary folder; what it starts ends with it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.url = self.api_key = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *options: str) -> None:
        """Returns when it answers. Raises ConnectionFailedError with its words if it does not start."""
        words = ("serve", "--data-dir", str(self.data_dir), "--machines", "1", "--chaos", *options)
        self._process = await asyncio.create_subprocess_exec(
            *command(*words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT},
            start_new_session=True,  # Ctrl-C is ours: the service has to live until its tasks are killed
        )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise ConnectionFailedError("The demonstration's service did not start.", "Try: taskmon serve --chaos")
        ready = json.loads(line)
        self.url, self.api_key = ready["url"], ready["api_key"]

    async def stop(self) -> None:
        """In order; runners without a task go too."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._process = None

    async def restart(self, budget_hours: float) -> None:
        """On the same folder and port, while its tasks go on, with a budget."""
        await self.stop()
        await self.start("--budget-hours", f"{budget_hours:g}")


@contextlib.asynccontextmanager
async def _a_service(place: Path) -> AsyncIterator[tuple[DemoService, ServiceClient]]:
    from taskmon.client.api import ServiceClient

    service = DemoService(place / "service")
    await service.start()
    try:
        async with ServiceClient(service.url, service.api_key) as client:
            try:
                yield service, client
            finally:
                with contextlib.suppress(TaskmonError):
                    await _kill_the_rest(client)
    finally:
        await service.stop()


async def _kill_the_rest(client: ServiceClient) -> None:
    """What an interrupted demonstration has left; a service with nothing to do takes its runners along."""
    living = [task for task in (await client.tasks()).tasks if not task.is_terminated]
    for task in living:
        await client.kill(task.task_id)
    deadline = time.monotonic() + _STOP_S
    while living and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        living = [task for task in living if not (await client.task_status(task.task_id)).is_terminated]


def states(arguments: Namespace) -> int:
    """Walks real small tasks through all states; 0 only if every one was reached."""
    place = Path(tempfile.mkdtemp(prefix="taskmon-demo-"))
    try:
        return run_to_end(_walk(place, with_window=arguments.window))
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _walk(place: Path, *, with_window: bool) -> int:
    from taskmon.cli.state_walk import StateWalk, missing

    async with _a_service(place) as (service, client):
        window = await _open_window(service) if with_window else None
        try:
            if window is None:
                key_file = service.data_dir / "api_key"
                say(f"To watch, in another terminal: taskmon --url {service.url} --api-key-file {key_file}")
            say("Here spot machines give way on request only; elsewhere also to other programs, and on battery.")
            walk = StateWalk(client, place, _teller(), service.restart)
            try:
                await walk.play()
            except TaskmonError as error:
                say(str(error))
            left = missing(walk.reached)
            say(f"Not reached: {', '.join(left)}." if left else f"All {len(Status)} states were reached.")
            if window is not None:
                say("Close the window to end the demonstration.")
                await window.wait()
        finally:
            if window is not None and window.returncode is None:
                window.terminate()
                await window.wait()
    return exit_code.TASK_FAILED if left else exit_code.OK


async def _open_window(service: DemoService) -> asyncio.subprocess.Process:
    # By address and not by folder: a window that looks for its own service would start one while ours starts again.
    environment = {**os.environ, "TASKMON_URL": service.url, "TASKMON_API_KEY": service.api_key}
    return await asyncio.create_subprocess_exec(*command("open"), env=environment)


def _teller() -> Callable[[Reached], None]:
    began, count = time.monotonic(), 0

    def tell(reached: Reached) -> None:
        nonlocal count
        count += 1
        seconds = time.monotonic() - began
        show(f"{count:2}/{len(Status)} {seconds:4.0f} s  {facts(reached.status).alias:28} {reached.task.task_id}")
        show(f"              because {reached.deed}")
        show(f"              {reached.path}")

    return tell


def demo(arguments: Namespace) -> int:
    """The demonstration that was asked for."""
    return {"states": states}[arguments.what](arguments)


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {"demo": demo}

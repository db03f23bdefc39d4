"""What the stories share: a real service process with real runners, and short words for submit and wait."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import psutil

from taskmon.client.api import ServiceClient
from taskmon.client.submission import build_request, submit_folder
from taskmon.core.errors import TaskmonError
from taskmon.core.lifecycle import Status
from taskmon.core.task import TASK_NAME
from taskmon.programs import command
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from taskmon.core.task import TaskDetail

S = TypeVar("S", bound="Service")

PATIENCE_S = 90.0


@dataclass
class Service:
    """A service process of this test. `start` after `stop` or `kill` continues on the same data folder."""

    data_dir: Path
    machines: int = 1
    options: tuple[str, ...] = ()
    url: str = ""
    api_key: str = ""
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        arguments = ("serve", "--data-dir", str(self.data_dir), "--machines", str(self.machines), *self.options)
        self.process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.url, self.api_key = ready["url"], ready["api_key"]

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self._forget()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
            self._forget()

    def _forget(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def processes(self) -> list[psutil.Process]:
        """Everything alive that has this data folder on its command line or works in it."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [*process.cmdline(), process.cwd()]
                if process.pid != os.getpid() and any(str(self.data_dir) in word for word in words):
                    found.append(process)
        return found

    def running(self, word: str) -> list[psutil.Process]:
        """Those of them whose command line has this word; one that ends while it is looked at is not among them."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if word in process.cmdline():
                    found.append(process)
        return found

    def clean_up(self) -> None:
        if self.process is not None:
            self.stop()
        deadline = time.monotonic() + 30
        while (left := self.processes()) and time.monotonic() < deadline:
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.terminate()
            psutil.wait_procs(left, timeout=1)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def client(self) -> ServiceClient:
        return ServiceClient(self.url, self.api_key)


@contextmanager
def started(service: S) -> Iterator[S]:
    """Runs until the end of the `with`; then nothing of it is left, not even of a start that failed."""
    try:
        service.start()
        yield service
    finally:
        service.clean_up()


def files_named(name: str, folder: Path) -> list[str]:
    """The paths below `folder` that end in this name, while a service may be at work there and folders come and go."""
    return [os.path.join(place, name) for place, _, names in os.walk(folder) if name in names]


async def group_id(client: ServiceClient) -> str:
    groups = await client.machine_groups()
    return next(group.id for group in groups if group.started and group.id)


async def submit(
    client: ServiceClient, folder: Path, commands: Sequence[str], *, time_to_live_seconds: float | None = None
) -> str:
    """Submits `folder` with command lines of our own; returns the task id."""
    simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
    request = build_request(
        simulator,
        commands,
        await group_id(client),
        ttl_seconds=time_to_live_seconds,
    )
    submitted = await submit_folder(client, folder, request, metadata={TASK_NAME: folder.name})
    return submitted.id


async def wait_for(client: ServiceClient, task_id: str, *wanted: Status) -> TaskDetail:
    """The task once it is in one of `wanted`; fails at once when it has ended otherwise."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(TaskmonError):
            task = await client.task(task_id)
            if task.status in wanted:
                return task
            visited = [entry.status.value for entry in task.status_history]
            assert not task.is_terminated, f"ended as {task.status}: {visited} {task.error_detail}"
        assert time.monotonic() < deadline, f"task {task_id} did not come to {wanted}"
        await asyncio.sleep(0.05)

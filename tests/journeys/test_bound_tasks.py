"""A task that is bound to a window, a command or a script ends with it, also when that is killed without a word."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from tests.journeys.story import wait_for
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskmon.client.api import ServiceClient
    from tests.journeys.story import Service

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parents[2]
LEASE_S = 3.0
COUNT = "import itertools, time\nfor n in itertools.count():\n    print('line', n, flush=True)\n    time.sleep(0.01)\n"
SCRIPT = """
import sys, time, taskmon
task = taskmon.connect().submit(sys.argv[1], ["python3 -u count.py"])
with task.sync_context():
    print(task.id, flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def a_process(service: Service, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program and the first line that it printed, the id of its task."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "TASKMON_SYNC_LEASE_S": str(LEASE_S),
        "TASKMON_DATA_DIR": str(service.data_dir),
    }
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _window(service: Service, place: Path, folder: Path) -> tuple[str, ...]:
    return "-m", "tests.journeys.window_program", str(service.data_dir), str(place / "window"), str(folder)


def window_words(service: Service, place: Path, folder: Path) -> tuple[str, ...]:
    """A window in a process of its own that submits `folder`."""
    return "-m", "tests.journeys.window_program", str(service.data_dir), str(place), str(folder)


async def _goes_on(service: Service, client: ServiceClient, task_id: str) -> bool:
    """Whether the task still computes after two leases have passed, by its own count of hundredths of a second."""
    log = service.data_dir / "work" / task_id / "output" / "artifacts" / "stdout.txt"
    last = (log.read_text() if log.exists() else "").count("\n") + int(2 * LEASE_S / 0.01)
    await until_async(lambda: log.exists() and f"line {last}\n" in log.read_text(), 60, "the task goes on")
    return (await client.task_status(task_id)).status is Status.COMPUTATION_STARTED


async def test_a_killed_window_takes_the_task_with_it_that_was_to_stop_with_the_window(
    service: Service, client: ServiceClient, folder: Callable[..., Path], tmp_path: Path
) -> None:
    words = window_words(service, tmp_path / "w", folder(count_py=COUNT))
    with a_process(service, *words, "stop") as (window, task_id):
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        assert await _goes_on(service, client, task_id), "a living window renews its lease"
        window.kill()
        task = await wait_for(client, task_id, Status.KILLED)
        assert any("has gone" in entry.description for entry in task.status_history)


async def test_a_killed_window_leaves_every_other_task_running(
    service: Service, client: ServiceClient, folder: Callable[..., Path], tmp_path: Path
) -> None:
    words = window_words(service, tmp_path / "w", folder(count_py=COUNT))
    with a_process(service, *words, "stay") as (window, task_id):
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        window.kill()
        assert await _goes_on(service, client, task_id)
    await client.kill(task_id)
    await wait_for(client, task_id, Status.KILLED)


async def test_a_killed_command_that_was_in_sync_takes_its_task_with_it_also_if_the_service_was_away(
    service: Service, client: ServiceClient, folder: Callable[..., Path]
) -> None:
    words = ("-m", "taskmon", "submit", str(folder(count_py=COUNT)), "--command", "python3 -u count.py", "--sync")
    with a_process(service, *words) as (command, task_id):
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        service.kill()
        command.kill()
        service.start()
        async with service.client() as again:
            await wait_for(again, task_id, Status.KILLED)


async def test_a_killed_script_in_its_sync_context_takes_its_task_with_it(
    service: Service, client: ServiceClient, folder: Callable[..., Path]
) -> None:
    with a_process(service, "-c", SCRIPT, str(folder(count_py=COUNT))) as (script, task_id):
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        assert await _goes_on(service, client, task_id)
        script.kill()
        await wait_for(client, task_id, Status.KILLED)

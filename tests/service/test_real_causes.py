"""States that are reached by their real cause: real service, real runners, real commands."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil
import pytest

from taskmon.core.lifecycle import Status, can_follow
from tests.journeys.story import files_named, started, wait_for
from tests.service.real_engine import ENDLESS, RealEngine, a_folder, small_disk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskDetail

pytestmark = pytest.mark.journey

SHORT_LEASE = {"TASKMON_LEASE_S": "2", "TASKMON_KILL_GRACE_S": "1", "TASKMON_SPOT": "on-request"}
WORK = "import time\nprint('working', flush=True)\ntime.sleep(3)\nopen('result', 'w').write('whole')\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RealEngine]:
    with started(RealEngine(tmp_path / "service", environment=SHORT_LEASE)) as running:
        yield running


@pytest.fixture
async def client(engine: RealEngine) -> AsyncIterator[ServiceClient]:
    async with engine.client() as client:
        yield client


def visited(task: TaskDetail) -> list[Status]:
    """The states of a task, each of which must follow from the one before."""
    states = [entry.status for entry in task.status_history]
    assert all(can_follow(one, other) for one, other in zip([None, *states], states, strict=False)), states
    return states


async def test_a_runner_that_falls_silent_loses_its_task_and_its_commands(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    submitted = await engine.submit(a_folder(tmp_path), ENDLESS)
    await wait_for(client, submitted.id, Status.COMPUTATION_STARTED)
    await until_async(lambda: engine.commands("count.py"))
    [runner] = engine.runners()
    runner.suspend()
    task = await wait_for(client, submitted.id, Status.EXECUTER_TERMINATED)
    assert "silent" in task.status_history[-1].description
    await until_async(lambda: not engine.commands("count.py"), 30, "the commands of a silent runner go on")
    again = await engine.submit(a_folder(tmp_path, "next"), "python3 -c pass")
    await wait_for(client, again.id, Status.SUCCESS)


async def test_a_runner_that_comes_back_too_late_changes_nothing_and_stops_its_commands(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    group = engine.new_group(num_vms=None)
    first = engine.stray_runner(group, "first")
    folder = a_folder(tmp_path, solve_py=WORK)
    submitted = await engine.submit(folder, "python3 solve.py", group, resubmit_on_preemption=True)
    await wait_for(client, submitted.id, Status.COMPUTATION_STARTED)
    await until_async(lambda: engine.commands("solve.py"))
    first.send_signal(signal.SIGSTOP)
    await wait_for(client, submitted.id, Status.SUBMITTED)
    engine.stray_runner(group, "second")
    await wait_for(client, submitted.id, Status.COMPUTATION_STARTED)
    first.send_signal(signal.SIGCONT)
    task = await wait_for(client, submitted.id, Status.SUCCESS)
    assert task.num_retries == 1
    assert task.executer is not None
    assert task.executer.vm_name == "second"
    states = visited(task)
    assert states.count(Status.COMPUTATION_STARTED) == 2
    assert states.count(Status.EXECUTER_TERMINATED) == 1
    await until_async(lambda: first.poll() is not None, 30, "a runner that was given up must leave")
    assert not engine.commands("solve.py")
    assert visited(await client.task(submitted.id)) == states, "nothing was added by the one that came back"


async def test_a_task_is_queued_again_only_so_often(engine: RealEngine, client: ServiceClient, tmp_path: Path) -> None:
    submitted = await engine.submit(a_folder(tmp_path), ENDLESS, resubmit_on_preemption=True)
    for attempt in range(4):
        await until_async(lambda: engine.commands("count.py"), 30)
        assert (await client.task(submitted.id)).num_retries == attempt
        for runner in engine.runners():
            with contextlib.suppress(psutil.NoSuchProcess):
                runner.kill()

        async def over(attempt: int = attempt) -> bool:
            now = await client.task(submitted.id)
            return now.is_terminated or now.num_retries > attempt

        await until_async(over, 30)
    task = await wait_for(client, submitted.id, Status.EXECUTER_TERMINATED)
    assert task.is_terminated
    assert visited(task).count(Status.EXECUTER_TERMINATED) == 4


async def test_a_group_past_its_time_limit_ends_with_what_runs_and_waits(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    group = engine.new_group(auto_terminate_ts=(datetime.now(UTC) + timedelta(seconds=6)).isoformat())
    folder = a_folder(tmp_path)
    running, waiting = await engine.submit(folder, ENDLESS, group), await engine.submit(folder, ENDLESS, group)
    await wait_for(client, running.id, Status.COMPUTATION_STARTED)
    task = await wait_for(client, running.id, Status.EXECUTER_TERMINATED_TTL_EXCEEDED)
    assert Status.COMPUTATION_STARTED in visited(task)
    await wait_for(client, waiting.id, Status.ZOMBIE)
    await until_async(lambda: not engine.commands("count.py"), 30)


async def test_a_group_that_idles_for_too_long_ends(engine: RealEngine, tmp_path: Path) -> None:
    group = engine.new_group(max_idle_time=1.5, name="short")
    await until_async(lambda: group not in {found["id"] for found in engine.call("GET", "/compute/groups")}, 30)
    await until_async(lambda: not [runner for runner in engine.runners() if "short-1" in runner.cmdline()], 30)


async def test_a_used_up_budget_stops_the_machines_and_keeps_the_queue(tmp_path: Path) -> None:
    engine = RealEngine(tmp_path / "service", environment=SHORT_LEASE, arguments=("--budget-hours", "0.001"))
    engine.start()
    try:
        async with engine.client() as client:
            folder = a_folder(tmp_path)
            running, waiting = await engine.submit(folder, ENDLESS), await engine.submit(folder, "python3 -c pass")
            task = await wait_for(client, running.id, Status.EXECUTER_TERMINATED_CREDITS_EXHAUSTED)
            assert "0.001 machine hours" in (task.error_detail or "")
            await until_async(lambda: not engine.commands("count.py"), 30)
            assert (await client.task_status(waiting.id)).status is Status.SUBMITTED
        engine.stop()
        engine.arguments = ("--budget-hours", "5")
        engine.start()
        async with engine.client() as client:
            await wait_for(client, waiting.id, Status.SUCCESS)
    finally:
        engine.clean_up()


async def test_a_spot_group_gives_the_computer_back_and_resumes(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    spot = engine.new_group(spot=True)
    folder = a_folder(tmp_path, solve_py=WORK)
    resumes = await engine.submit(folder, "python3 solve.py", spot, resubmit_on_preemption=True)
    final = await engine.submit(folder, "python3 -c pass", spot)
    await wait_for(client, resumes.id, Status.COMPUTATION_STARTED)
    assert engine.call("POST", "/taskmon/reclaim") == {"reclaimed": True, "until": None}
    task = await client.task(resumes.id)
    assert visited(task)[-2:] == [Status.SPOT_INSTANCE_PREEMPTED, Status.SUBMITTED]
    await until_async(lambda: not engine.commands("solve.py"), 30)
    assert (await client.task_status(final.id)).status is Status.SUBMITTED
    assert engine.call("DELETE", "/taskmon/reclaim")["reclaimed"] is False
    task = await wait_for(client, resumes.id, Status.SUCCESS)
    assert task.num_retries == 1
    await wait_for(client, final.id, Status.SUCCESS)


async def test_a_kill_that_comes_too_late_leaves_the_natural_end(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    script = "import os\nfor n in range(12):\n    open(f'big-{n}', 'wb').write(os.urandom(16_000_000))\n"
    submitted = await engine.submit(a_folder(tmp_path, solve_py=script), "python3 solve.py")
    await wait_for(client, submitted.id, Status.COMPUTATION_ENDED)
    await client.kill(submitted.id)
    task = await wait_for(client, submitted.id, Status.SUCCESS)
    assert visited(task)[-3:] == [Status.COMPUTATION_ENDED, Status.PENDING_KILL, Status.SUCCESS]


async def test_a_failed_task_says_what_it_wrote_its_exit_code_and_command(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    folder = a_folder(tmp_path, solve_py="import sys\nsys.exit(3)\n", crash_py="import os\nos.kill(os.getpid(), 11)\n")
    failed = await engine.submit(folder, "python3 -u solve.py")
    assert (await wait_for(client, failed.id, Status.FAILED)).error_detail == "Exit code 3 from: python3 -u solve.py"
    spoken = (
        "import sys\nprint('error: not this stream')\nprint('\\x1b[31mValueError: no mesh\\x1b[0m', file=sys.stderr)\n"
    )
    failed = await engine.submit(a_folder(tmp_path, "spoken", solve_py=f"{spoken}sys.exit(1)\n"), "python3 solve.py")
    task = await wait_for(client, failed.id, Status.FAILED)
    assert task.error_detail == "ValueError: no mesh\nExit code 1 from: python3 solve.py"
    crashed = await engine.submit(folder, "python3 crash.py")
    task = await wait_for(client, crashed.id, Status.FAILED)
    assert task.error_detail == "Ended by signal SIGSEGV: python3 crash.py"


async def test_a_simulator_killed_from_outside_names_the_signal_and_keeps_its_outputs(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    script = "import time\nopen('half', 'w').write('so far')\nprint('working', flush=True)\ntime.sleep(600)\n"
    submitted = await engine.submit(a_folder(tmp_path, solve_py=script), "python3 solve.py")
    stored = engine.data_dir / "work" / submitted.id
    await until_async(lambda: files_named("half", stored) and engine.commands("solve.py"), 30)
    await wait_for(client, submitted.id, Status.COMPUTATION_STARTED)
    engine.commands("solve.py")[-1].kill()
    task = await wait_for(client, submitted.id, Status.FAILED)
    assert task.error_detail == "Ended by signal SIGKILL: python3 solve.py"
    assert {"half", "stdout.txt"} <= {file.path for file in (await client.task_files(submitted.id)).files}
    assert not engine.commands("solve.py")


@pytest.fixture
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


async def test_a_simulator_that_fills_the_disk_is_stopped_with_a_sentence(a_small_disk: Path, tmp_path: Path) -> None:
    engine = RealEngine(a_small_disk / "service", environment=SHORT_LEASE)
    engine.start()
    try:
        script = (
            "print('filling', flush=True)\nwith open('big', 'wb') as f:\n    while True: f.write(bytes(1_000_000))\n"
        )
        async with engine.client() as client:
            submitted = await engine.submit(a_folder(tmp_path, fill_py=script), "python3 fill.py")
            task = await wait_for(client, submitted.id, Status.EXECUTER_FAILED)
            assert "full" in (task.error_detail or ""), "who met it first, the simulator or its outputs, is chance"
            log = engine.data_dir / "work" / submitted.id / "output" / "artifacts" / "stdout.txt"
            assert b"filling" in await asyncio.to_thread(log.read_bytes)
            files = (await client.task_files(submitted.id)).files
            assert "stdout.txt" in {file.path for file in files}
    finally:
        engine.clean_up()

"""What the service lives through: other programs, disks, clocks, sleep and sudden death, with real runners at work."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from taskmon.core.errors import TaskmonError
from taskmon.core.lifecycle import Status, can_follow
from taskmon.service.machines.process import created_at, is_alive, start_detached
from tests.journeys.story import wait_for
from tests.service.real_engine import (
    RealEngine,
    WrongClocks,
    a_folder,
    full_disk,
    held_database,
    small_disk,
    write_protected,
)
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskDetail

pytestmark = pytest.mark.journey

SHORT_LEASE = {"TASKMON_LEASE_S": "2", "TASKMON_KILL_GRACE_S": "1"}
LONG_LEASE = {**SHORT_LEASE, "TASKMON_LEASE_S": "20"}
"""Where the service itself goes away: runners may take two seconds to try again."""
GATED = "import os, time\nprint('waits', flush=True)\nwhile not os.path.exists('{gate}'):\n    time.sleep(0.02)\n"
"""A simulation that ends once the file `gate` is there."""


@dataclass
class Gate:
    """Lets the waiting simulations of a test end."""

    path: Path

    def folder(self, place: Path, name: str = "case") -> Path:
        return a_folder(place, name, solve_py=GATED.format(gate=self.path))

    def open(self) -> None:
        self.path.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RealEngine]:
    made = RealEngine(tmp_path / "service", environment=SHORT_LEASE)
    yield made
    made.clean_up()


def assert_untroubled(task: TaskDetail) -> None:
    """It ran once, to its end, and its history is a legal one without a step back."""
    states = [entry.status for entry in task.status_history]
    assert all(can_follow(one, other) for one, other in zip([None, *states], states, strict=False)), states
    assert states.count(Status.COMPUTATION_STARTED) == 1, states
    assert task.num_retries == 0
    moments = [entry.timestamp for entry in task.status_history]
    assert moments == sorted(moments)


async def computing(engine: RealEngine, client: ServiceClient, folder: Path) -> str:
    """A task whose simulation runs and waits for its gate; its id."""
    task_id = (await engine.submit(folder, "python3 solve.py")).id
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    await until_async(lambda: engine.commands("solve.py"))
    return task_id


async def lasts(seconds: float) -> None:
    """The fault goes on for so long, which is what the test is about."""
    end = time.monotonic() + seconds
    await until_async(lambda: time.monotonic() > end, seconds + 5)


async def test_another_program_cannot_take_the_database_from_a_running_service(engine: RealEngine, gate: Gate) -> None:
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
        with pytest.raises(sqlite3.OperationalError, match="locked"), held_database(engine.data_dir / "taskmon.db"):
            pass
        gate.open()
        assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))


def test_a_database_that_another_program_has_open_is_said_at_the_start(tmp_path: Path) -> None:
    engine = RealEngine(tmp_path / "service")
    engine.start()
    engine.stop()
    with held_database(engine.data_dir / "taskmon.db"):
        refused = subprocess.run(engine.argv(), capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    [sentence] = refused.stderr.splitlines()
    assert "open in another program" in sentence


async def test_a_stopped_service_does_not_blame_the_machines_for_its_sleep(engine: RealEngine, gate: Gate) -> None:
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
        assert engine.process is not None
        engine.process.send_signal(signal.SIGSTOP)
        await lasts(4.0)
        engine.process.send_signal(signal.SIGCONT)
        gate.open()
        assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))


async def test_a_computer_that_slept_goes_on_where_it_was(engine: RealEngine, gate: Gate) -> None:
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
        everything = [*engine.processes(), *engine.commands("solve.py")]
        for process in everything:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        await lasts(4.0)
        for process in reversed(everything):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        gate.open()
        assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))


@pytest.mark.parametrize("jump_s", [7200.0, -7200.0])
async def test_a_clock_that_is_set_harms_no_task_and_no_group(tmp_path: Path, gate: Gate, jump_s: float) -> None:
    engine = WrongClocks(tmp_path / "service", environment=SHORT_LEASE)
    engine.start()
    try:
        async with engine.client() as client:
            idle = engine.new_group(max_idle_time=1800, name="idle")
            task_id = await computing(engine, client, gate.folder(tmp_path))
            engine.set_clock(jump_s)
            await lasts(3.0)
            gate.open()
            task = await wait_for(client, task_id, Status.SUCCESS)
            assert_untroubled(task)
            assert task.metrics is not None and (task.metrics.computation_seconds or 0) < 60
            assert idle in {group["id"] for group in engine.call("GET", "/compute/groups")}, "it was idle for seconds"
            [runner] = [runner for runner in engine.runners() if "idle-1" in runner.cmdline()]
            runner.suspend()
            await until_async(lambda: not runner.is_running(), 30, "a silent machine is noticed by the new time too")
    finally:
        engine.clean_up()


def test_a_process_is_the_same_one_after_the_clock_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = start_detached([sys.executable, "-c", "import signal; signal.pause()"], {}, tmp_path / "log")
    try:
        known = created_at(pid)
        monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: 1.0)  # what a set clock does to psutil
        monkeypatch.setattr(psutil, "boot_time", lambda: 1.0)
        assert created_at(pid) == known
        assert is_alive(pid, known)
        assert not is_alive(pid, known + 1)
    finally:
        psutil.Process(pid).kill()
        psutil.Process(pid).wait(5)
    assert not is_alive(pid, known)


async def test_a_service_that_lost_its_port_is_found_by_its_runners(engine: RealEngine, gate: Gate) -> None:
    engine.environment = LONG_LEASE
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
    before = engine.url
    engine.kill()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", int(before.rpartition(":")[2])))
        thief.listen()
        engine.start()
        assert engine.url != before
        gate.open()
        async with engine.client() as client:
            assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))


async def test_runners_that_were_not_written_down_are_adopted(engine: RealEngine, gate: Gate) -> None:
    engine.environment = LONG_LEASE
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
    [runner] = engine.runners()
    engine.kill()
    with contextlib.closing(sqlite3.connect(engine.data_dir / "taskmon.db")) as database:
        database.execute("DELETE FROM runners")  # as if it had been killed between starting and writing down
        database.commit()
    engine.start()
    await until_async(lambda: engine.runners())
    assert [found.pid for found in engine.runners()] == [runner.pid], "no second one takes its place"
    gate.open()
    async with engine.client() as client:
        assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))
        again = await engine.submit(a_folder(engine.data_dir.parent, "next"), "python3 -c pass")
        await wait_for(client, again.id, Status.SUCCESS)


async def test_a_removed_database_is_a_new_beginning_whatever_still_runs(engine: RealEngine, gate: Gate) -> None:
    engine.environment = LONG_LEASE
    engine.start()
    async with engine.client() as client:
        await computing(engine, client, gate.folder(engine.data_dir.parent))
    [runner] = engine.runners()
    engine.kill()
    for file in engine.data_dir.glob("taskmon.db*"):
        file.unlink()
    engine.start()
    await until_async(lambda: not runner.is_running() and not engine.commands("solve.py"))
    async with engine.client() as client:
        assert (await client.tasks(1, 10)).total_size == 0
        again = await engine.submit(a_folder(engine.data_dir.parent, "next"), "python3 -c pass")
        await wait_for(client, again.id, Status.SUCCESS)


async def test_a_deleted_work_folder_is_an_honest_end_and_not_the_end_of_work(engine: RealEngine, gate: Gate) -> None:
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
        shutil.rmtree(engine.data_dir / "work")
        task = await wait_for(client, task_id, Status.EXECUTER_FAILED)
        assert "work folder of the task was deleted" in (task.error_detail or "")
        await until_async(lambda: not engine.commands("solve.py"))
        gate.open()
        again = await engine.submit(gate.folder(engine.data_dir.parent, "next"), "python3 solve.py")
        await wait_for(client, again.id, Status.SUCCESS)
        for runner in engine.runners():
            runner.kill()
        shutil.rmtree(engine.data_dir / "work")
        third = await engine.submit(gate.folder(engine.data_dir.parent, "third"), "python3 solve.py")
        await wait_for(client, third.id, Status.SUCCESS)


async def test_a_data_folder_that_becomes_read_only_is_said_and_lived_through(engine: RealEngine, gate: Gate) -> None:
    engine.start()
    async with engine.client() as client:
        task_id = await computing(engine, client, gate.folder(engine.data_dir.parent))
        queued = (await engine.submit(gate.folder(engine.data_dir.parent, "queued"), "python3 solve.py")).id
        with write_protected(engine.data_dir):
            with pytest.raises(TaskmonError, match="Read-only file system"):
                await engine.submit(gate.folder(engine.data_dir.parent, "refused"), "python3 solve.py")
            gate.open()
            task = await wait_for(client, queued, Status.EXECUTER_FAILED)
            assert "cannot be written" in (task.error_detail or "")
        assert (await client.task(task_id)).is_terminated
        again = await engine.submit(gate.folder(engine.data_dir.parent, "again"), "python3 solve.py")
        await wait_for(client, again.id, Status.SUCCESS)


def test_a_read_only_folder_is_refused_at_the_start_in_a_sentence(tmp_path: Path) -> None:
    engine = RealEngine(tmp_path / "service")
    engine.start()
    engine.stop()
    with write_protected(engine.data_dir):
        refused = subprocess.run(engine.argv(), capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 1
    assert refused.stdout == ""
    [sentence] = refused.stderr.splitlines()
    assert "cannot be" in sentence and "Read-only" in sentence


async def test_a_full_data_folder_refuses_new_work_and_recovers(tmp_path: Path, gate: Gate) -> None:
    with small_disk(tmp_path / "disk") as disk:
        engine = RealEngine(disk / "service", environment=SHORT_LEASE)
        engine.start()
        try:
            await _fill_and_free(engine, gate, disk, tmp_path)
        finally:
            engine.clean_up()


async def _fill_and_free(engine: RealEngine, gate: Gate, disk: Path, place: Path) -> None:
    async with engine.client() as client:
        running = await computing(engine, client, gate.folder(place))
        resting = engine.new_group(start=False)
        queued = (await engine.submit(gate.folder(place, "queued"), "python3 solve.py", resting)).id
        with full_disk(disk):
            task = await wait_for(client, running, Status.EXECUTER_FAILED)
            assert "ran full" in (task.error_detail or "")
            with pytest.raises(TaskmonError, match="full"):
                await engine.submit(gate.folder(place, "refused"), "python3 solve.py")
            assert engine.call("GET", "/tasks")["total_size"] == 2, "reading goes on, and what was refused is not there"
            assert engine.call("GET", "/compute/groups"), "also of machines"
            engine.call("POST", "/compute/group/start", params={"machine_group_id": resting})
            task = await wait_for(client, queued, Status.EXECUTER_FAILED)
            assert "disk" in (task.error_detail or ""), task.error_detail
        gate.open()
        again = await engine.submit(gate.folder(place, "again"), "python3 solve.py")
        await wait_for(client, again.id, Status.SUCCESS)
    engine.stop()
    assert _integrity(engine.data_dir / "taskmon.db") == "ok"


def _integrity(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])


RUNS = """import os
open('out', 'wb').write(os.urandom(2_000_000))
with open({runs!r}, 'a') as file:
    file.write(os.environ['TASKMON_TASK_ID'] + '\\n')
"""


def _is_terminated(engine: RealEngine, task_id: str) -> bool:
    return bool(engine.call("GET", f"/tasks/{task_id}")["is_terminated"])


async def test_a_service_killed_at_any_moment_loses_and_doubles_no_task(engine: RealEngine, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    engine.environment = LONG_LEASE
    runs = tmp_path / "runs"
    folder = a_folder(tmp_path, solve_py=RUNS.format(runs=str(runs)))
    (folder / "mesh").write_bytes(chance.randbytes(2_000_000))
    engine.start()
    over = asyncio.Event()
    submitted: list[str] = []

    async def submit_until_over() -> None:
        while not over.is_set():
            with contextlib.suppress(TaskmonError, httpx.HTTPError):
                submitted.append((await engine.submit(folder, "python3 solve.py", group)).id)

    group = engine.new_group(num_vms=2)
    async with asyncio.TaskGroup() as work:
        for _ in range(2):
            work.create_task(submit_until_over())
        for _ in range(6):
            wanted = len(submitted) + 2

            def enough(wanted: int = wanted) -> bool:
                return len(submitted) >= wanted

            await until_async(enough, 30)
            await asyncio.sleep(chance.random() * 0.3)
            await asyncio.to_thread(engine.kill)
            await asyncio.to_thread(engine.start)
        over.set()
    async with engine.client() as client:
        for task_id in submitted:
            assert_untroubled(await wait_for(client, task_id, Status.SUCCESS))
        known = {task["task_id"]: task for task in engine.call("GET", "/tasks", params={"per_page": 500})["tasks"]}
        for task_id, task in known.items():
            if task["status"] != Status.PENDING_INPUT:  # its upload was cut off, which is what this state says
                await until_async(partial(_is_terminated, engine, task_id))
    assert set(submitted) <= set(known)
    ran = Counter(runs.read_text().split())
    assert set(ran.values()) == {1}, f"doubled: {[task for task, count in ran.items() if count > 1]}"
    assert set(submitted) <= set(ran)
    engine.stop()
    assert _integrity(engine.data_dir / "taskmon.db") == "ok"
    assert list((engine.data_dir / "incoming").iterdir()) == []

"""Random work and random faults for some minutes: `python tests/soak/soak.py [MINUTES] [SEED]`.

Over a line that loses, breaks off and refuses some answers: submits, kills, cuts uploads, ends machine groups, takes
the computer back from spot machines, stops the service for a while, and kills runners, simulators, windows and the
service by force. Afterwards every task must have ended once, on a path that the lifecycle knows, and nothing may have
run twice; every success must have its outputs with the right checksum; no process, file or growing memory may be left
behind. Prints the figures; the exit code is 1 if anything does not hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx
import psutil

from taskmon.client.api import ServiceClient
from taskmon.client.download import download_outputs
from taskmon.core.errors import TaskmonError
from taskmon.core.extensions import Faults
from taskmon.core.lifecycle import Status, can_follow
from taskmon.core.task import TaskDetail
from taskmon.programs import command
from tests.service.real_engine import RealEngine

SETTLE_S = 180.0
GROWTH_MB = {"service": 60, "runner": 40, "window": 80}
"""What memory may grow from the first to the last quarter, in MB: caches fill in the first minutes."""
CHAOS = ("--chaos", "lost=0.03,half=0.03,busy=0.02,broken=0.02")
SOLVE = """
import hashlib, os, random, subprocess, sys, time
kind = int(sys.argv[1])
data = os.urandom(random.randrange(1, 2_000_000))
open('data.bin', 'wb').write(data)
open('sum.txt', 'w').write(hashlib.sha256(data).hexdigest())
print('x' * 1000, flush=True)
time.sleep(random.random() * 2)
if kind == 1: sys.exit(3)
if kind == 2: subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
if kind == 3: os.symlink('/etc', 'leads-out')
"""


@dataclass
class Soak:
    """One run over one data folder."""

    engine: RealEngine
    folder: Path
    chance: random.Random
    tasks: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    memory: dict[str, list[int]] = field(default_factory=lambda: {"service": [], "runner": [], "window": []})
    spare: str = ""
    spot: str = ""
    window: subprocess.Popen[bytes] | None = None
    number: int = 0

    async def act(self) -> None:
        """One random deed; a service that is not there for a moment is part of the game."""
        deeds = [self.submit] * 12 + [self.kill_task] * 4 + [self.kill_runner] * 2 + [self.kill_simulator] * 2
        deeds += [self.kill_service, self.stop_service, self.pause_runner, self.end_group]
        deeds += [self.reclaim, self.release, self.pause_service, self.cut_upload]
        if self.chance.random() < 0.01 or self.window is None:
            deeds = [self.kill_window]
        deed = self.chance.choice(deeds)
        with contextlib.suppress(TaskmonError, AssertionError, httpx.HTTPError, psutil.Error):
            await deed()
            self.done[deed.__name__] += 1
        await asyncio.sleep(self.chance.random() * 0.4)

    async def submit(self) -> None:
        """A task of any kind, sometimes one that comes back by itself, sometimes on a group that will be ended."""
        spare = self.chance.random() < 0.15
        if spare and not self.spare:
            self.spare = self.engine.new_group()
        if not self.spot:
            self.spot = self.engine.new_group(spot=True)
        group = self.spare if spare else self.spot if self.chance.random() < 0.15 else None
        self.number += 1
        submitted = await self.engine.submit(
            self.folder,
            f"python3 solve.py {self.chance.randrange(6)} {self.number}",
            group,
            resubmit_on_preemption=self.chance.random() < 0.5,
        )
        self.tasks.append(submitted.id)

    async def cut_upload(self) -> None:
        """A command that is killed while it submits a large folder, bound to it or not."""
        bound = ["--sync"] if self.chance.random() < 0.5 else []
        words = ("submit", str(self.folder.parent / "large"), "--command", "python3 -c pass", *bound)
        program = subprocess.Popen(
            command(*words), env=self.environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        await asyncio.sleep(0.3 + self.chance.random() * 2)
        program.kill()
        program.wait()

    async def reclaim(self) -> None:
        """The person needs the computer."""
        self.engine.call("POST", "/taskmon/reclaim")

    async def release(self) -> None:
        """And does not need it any more."""
        self.engine.call("DELETE", "/taskmon/reclaim")

    async def pause_service(self) -> None:
        """For a while, sometimes for longer than a lease."""
        assert self.engine.process is not None
        self.engine.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.random() * 6)
        self.engine.process.send_signal(signal.SIGCONT)

    async def kill_window(self) -> None:
        """And open another one."""
        self.close_window(signal.SIGKILL)
        self.window = subprocess.Popen(command("open"), env=self.environment(), stderr=subprocess.DEVNULL)

    def close_window(self, number: signal.Signals) -> None:
        """By force, or in order."""
        if self.window is not None:
            self.window.send_signal(number)
            self.window.wait(60)
            self.window = None

    def environment(self) -> dict[str, str]:
        """A window's or command's: it is told the address, so that it does not start a service of its own."""
        own = self.folder.parent / "window"
        folders = {name: str(own / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        address = {"TASKMON_URL": self.engine.url, "TASKMON_API_KEY": self.engine.api_key}
        return {**os.environ, **folders, **address, "QT_QPA_PLATFORM": "offscreen", "TASKMON_SYNC_LEASE_S": "4"}

    async def kill_task(self) -> None:
        """Any task of the last ones."""
        async with self.engine.client() as client:
            await client.kill(self.chance.choice(self.tasks[-8:] or [""]))

    async def kill_runner(self) -> None:
        """Without a word."""
        for runner in self.engine.runners()[:1]:
            runner.kill()

    async def pause_runner(self) -> None:
        """For longer than its lease."""
        for runner in self.engine.runners()[:1]:
            runner.suspend()

    async def kill_simulator(self) -> None:
        """The process that computes."""
        for process in self.engine.commands("solve.py")[:1]:
            process.kill()

    async def kill_service(self) -> None:
        """And start it again."""
        self.engine.kill()
        self.engine.start()

    async def stop_service(self) -> None:
        """In order, and start it again."""
        self.engine.stop()
        self.engine.start()

    async def end_group(self) -> None:
        """With everything on it."""
        if self.spare:
            group, self.spare = self.spare, ""
            async with self.engine.client() as client:
                await client.terminate_machine_group(group)

    def note_memory(self) -> None:
        """Resident bytes of the service and of the largest runner."""
        with contextlib.suppress(psutil.Error):
            assert self.engine.process is not None
            self.memory["service"].append(psutil.Process(self.engine.process.pid).memory_info().rss)
            runners = [runner.memory_info().rss for runner in self.engine.runners()]
            self.memory["runner"].append(max(runners, default=0))
            if self.window is not None:
                self.memory["window"].append(psutil.Process(self.window.pid).memory_info().rss)

    async def settle(self) -> list[str]:
        """Wait for every task to end; what is wrong with them."""
        deadline = time.monotonic() + SETTLE_S
        wrong = []
        commands: list[str] = []
        with tempfile.TemporaryDirectory() as place:
            for task_id in await self._all_tasks():
                task = await self._ended(task_id, deadline)
                wrong += _faults(task)
                solved = [str(line["cmd"]) for line in task.extra_params["commands"] if "solve.py" in line["cmd"]]
                commands += solved
                if task.status is Status.SUCCESS and solved:
                    async with self.engine.client() as client:
                        outputs = await download_outputs(client, task, Path(place) / task_id)
                    data = hashlib.sha256((outputs / "data.bin").read_bytes()).hexdigest()
                    if data != (outputs / "sum.txt").read_text():
                        wrong.append(f"{task_id}: the outputs are not what was written")
                self.done[f"ended as {task.status}"] += 1
        wrong += [f"submitted twice: {line}" for line, count in Counter(commands).items() if count > 1]
        wrong += [f"{task_id}: lost" for task_id in set(self.tasks) - set(await self._all_tasks())]
        return wrong

    async def _all_tasks(self) -> list[str]:
        """Everything there is, over a good line; what waits for the input of a killed command is killed."""
        async with self.engine.client() as client:
            await client.set_faults(Faults())
            await client.reclaim(wanted=False)
            found, page = [], 1
            while tasks := (await client.tasks(page, 200)).tasks:
                found += tasks
                page += 1
            for task in found:
                if task.status is Status.PENDING_INPUT:
                    await client.kill(task.task_id)
        return [task.task_id for task in found]

    async def _waits_on_spot(self, client: ServiceClient) -> bool:
        tasks = (await client.tasks(1, 200)).tasks
        return any(task.machine_group_id == self.spot and not task.is_terminated for task in tasks)

    async def end_spot(self) -> None:
        """Other load than ours may hold it back for as long as it likes: what still waits there ends with it."""
        if self.spot:
            deadline = time.monotonic() + SETTLE_S / 3
            async with self.engine.client() as client:
                while time.monotonic() < deadline and await self._waits_on_spot(client):
                    await asyncio.sleep(0.5)
                await client.terminate_machine_group(self.spot)

    async def _ended(self, task_id: str, deadline: float) -> TaskDetail:
        while True:
            async with self.engine.client() as client:
                task = await client.task(task_id)
            if task.is_terminated or time.monotonic() > deadline:
                return task
            await asyncio.sleep(0.2)


def _faults(task: TaskDetail) -> list[str]:
    """What is wrong with the history of a task that should have ended."""
    states = [entry.status for entry in task.status_history]
    wrong = []
    if not task.is_terminated:
        wrong.append(f"{task.task_id}: has not ended: {states}")
    if not all(can_follow(one, other) for one, other in zip([None, *states], states, strict=False)):
        wrong.append(f"{task.task_id}: an impossible path: {states}")
    return wrong


def _left_behind(engine: RealEngine, data_dir: Path) -> list[str]:
    """What may not be there after an orderly stop."""
    deadline = time.monotonic() + 20
    while engine.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    wrong = [f"a process is left: {process.cmdline()}" for process in engine.processes()]
    wrong += [f"a half upload is left: {path.name}" for path in (data_dir / "incoming").iterdir()]
    wrong += [f"a temporary file is left: {path}" for path in (data_dir.parent / "tmp").iterdir()]
    if (data_dir / "service.json").exists():
        wrong.append("the handshake file is left")
    with contextlib.closing(sqlite3.connect(data_dir / "taskmon.db")) as database:
        [(verdict,)] = database.execute("PRAGMA integrity_check").fetchall()
    return wrong if verdict == "ok" else [*wrong, f"the database is damaged: {verdict}"]


async def run(minutes: float, seed: int, place: Path) -> int:
    """The whole run; the exit code."""
    folder = place / "case"
    folder.mkdir()
    (folder / "solve.py").write_text(SOLVE)
    (place / "large").mkdir()
    for number in range(40):
        (place / "large" / f"{number}.bin").write_bytes(os.urandom(1_000_000))
    (place / "tmp").mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(place / "tmp")
    environment = {"TASKMON_LEASE_S": "4", "TASKMON_KILL_GRACE_S": "1"}
    engine = RealEngine(place / "service", machines=2, environment=environment, arguments=CHAOS)
    engine.start()
    soak = Soak(engine, folder, random.Random(seed))
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end:
            await soak.act()
            soak.note_memory()
        async with engine.client() as client:
            await client.set_faults(Faults())
        await soak.end_spot()
        wrong = await soak.settle()
        soak.close_window(signal.SIGTERM)
        engine.stop()
        wrong += _left_behind(engine, engine.data_dir)
    finally:
        soak.close_window(signal.SIGKILL)
        engine.clean_up()
    wrong += _growth(soak)
    _tell(soak, wrong, minutes, seed)
    return 1 if wrong else 0


def _quarters(sizes: list[int]) -> tuple[float, float]:
    """The medians of the first and the last quarter, in MB."""
    quarter = max(1, len(sizes) // 4)
    return sorted(sizes[:quarter])[quarter // 2] / 1e6, sorted(sizes[-quarter:])[quarter // 2] / 1e6


def _growth(soak: Soak) -> list[str]:
    grown = {name: last - first for name, sizes in soak.memory.items() for first, last in [_quarters(sizes)]}
    return [f"the memory of the {name} grew by {mb:.0f} MB" for name, mb in grown.items() if mb > GROWTH_MB[name]]


def _tell(soak: Soak, wrong: list[str], minutes: float, seed: int) -> None:
    print(f"{minutes:g} minutes, seed {seed}, {len(soak.tasks)} tasks")
    for name, count in sorted(soak.done.items()):
        print(f"  {name:<44}{count:6}")
    for name, sizes in soak.memory.items():
        first, last = _quarters(sizes)
        print(f"  memory of the {name}: {first:.0f} MB in the first quarter, {last:.0f} MB in the last")
    print("\n".join(wrong) or "every invariant holds")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    with tempfile.TemporaryDirectory() as where:
        sys.exit(asyncio.run(run(duration, chosen, Path(where))))

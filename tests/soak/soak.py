"""Random work and random faults for some minutes: `python tests/soak/soak.py [MINUTES] [SEED]`.

Submits, kills, ends machine groups, kills runners, simulators and the service by force and starts it again. Afterwards
every task must have ended once, on a path that the lifecycle knows; every success must have its outputs with the right
checksum; nothing may be left behind. Prints the figures; the exit code is 1 if anything does not hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil

from taskmon.client.download import download_outputs
from taskmon.core.errors import TaskmonError
from taskmon.core.lifecycle import Status, can_follow
from taskmon.core.task import TaskDetail
from tests.service.real_engine import RealEngine

SETTLE_S = 180.0
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
    memory: dict[str, list[int]] = field(default_factory=lambda: {"service": [], "runner": []})
    spare: str = ""

    async def act(self) -> None:
        """One random deed; a service that is not there for a moment is part of the game."""
        deeds = [self.submit] * 12 + [self.kill_task] * 4 + [self.kill_runner] * 2 + [self.kill_simulator] * 2
        deeds += [self.kill_service, self.stop_service, self.pause_runner, self.end_group]
        deed = self.chance.choice(deeds)
        with contextlib.suppress(TaskmonError, AssertionError, psutil.Error):
            await deed()
            self.done[deed.__name__] += 1
        await asyncio.sleep(self.chance.random() * 0.4)

    async def submit(self) -> None:
        """A task of any kind, sometimes one that comes back by itself, sometimes on a group that will be ended."""
        spare = self.chance.random() < 0.15
        if spare and not self.spare:
            self.spare = self.engine.new_group()
        submitted = await self.engine.submit(
            self.folder,
            f"python3 solve.py {self.chance.randrange(6)}",
            self.spare if spare else None,
            resubmit_on_preemption=self.chance.random() < 0.5,
        )
        self.tasks.append(submitted.id)

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

    async def settle(self) -> list[str]:
        """Wait for every task to end; what is wrong with them."""
        deadline = time.monotonic() + SETTLE_S
        wrong = []
        with tempfile.TemporaryDirectory() as place:
            for task_id in self.tasks:
                task = await self._ended(task_id, deadline)
                wrong += _faults(task)
                if task.status is Status.SUCCESS:
                    async with self.engine.client() as client:
                        outputs = await download_outputs(client, task, Path(place) / task_id)
                    data = hashlib.sha256((outputs / "data.bin").read_bytes()).hexdigest()
                    if data != (outputs / "sum.txt").read_text():
                        wrong.append(f"{task_id}: the outputs are not what was written")
                self.done[f"ended as {task.status}"] += 1
        return wrong

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
    environment = {"TASKMON_LEASE_S": "4", "TASKMON_KILL_GRACE_S": "1"}
    engine = RealEngine(place / "service", machines=2, environment=environment)
    engine.start()
    soak = Soak(engine, folder, random.Random(seed))
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end:
            await soak.act()
            soak.note_memory()
        wrong = await soak.settle()
        engine.stop()
        wrong += _left_behind(engine, engine.data_dir)
    finally:
        engine.clean_up()
    _tell(soak, wrong, minutes, seed)
    return 1 if wrong else 0


def _tell(soak: Soak, wrong: list[str], minutes: float, seed: int) -> None:
    print(f"{minutes:g} minutes, seed {seed}, {len(soak.tasks)} tasks")
    for name, count in sorted(soak.done.items()):
        print(f"  {name:<44}{count:6}")
    for name, sizes in soak.memory.items():
        quarter = max(1, len(sizes) // 4)
        first, last = sorted(sizes[:quarter])[quarter // 2], sorted(sizes[-quarter:])[quarter // 2]
        print(f"  memory of the {name}: {first / 1e6:.0f} MB in the first quarter, {last / 1e6:.0f} MB in the last")
    print("\n".join(wrong) or "every invariant holds")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    with tempfile.TemporaryDirectory() as where:
        sys.exit(asyncio.run(run(duration, chosen, Path(where))))

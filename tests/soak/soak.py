"""Random work and random faults for some minutes: `python tests/soak/soak.py [MINUTES] [SEED]`.

Over a line that loses, breaks off and refuses some answers: submits, kills, cuts uploads, ends machine groups, takes
the computer back from spot machines, fills the disk (as root), sets the clock, stops the service
for a while, and kills runners, simulators, windows and the service by force. Afterwards every task must have ended
once, on a path that the lifecycle knows, and nothing may have run twice; every success must have its outputs with the
right checksum; no process, file, port or growing memory may be left behind. Prints the figures; the exit code is 1 if
anything does not hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


from taskmon.client.api import ServiceClient
from taskmon.client.download import download_outputs
from taskmon.core.extensions import Faults
from taskmon.core.lifecycle import Status, can_follow
from taskmon.core.task import TaskDetail
from tests.service.real_engine import RealEngine, WrongClocks, small_disk
from tests.soak.deeds import SOLVE, Deeds

SETTLE_S = 180.0
KEPT = Path("build/soak")
GROWTH_MB = {"service": 60, "runner": 40, "window": 80}
"""What memory may grow from the first to the last quarter, in MB: caches fill in the first minutes."""
CHAOS = {"lost": 0.03, "half": 0.03, "busy": 0.02, "broken": 0.02}
DISK = "size=4g"


@dataclass
class Soak(Deeds):
    """One run, and what must hold at its end."""

    async def settle(self) -> list[str]:
        """Wait for every task to end; what is wrong with them."""
        deadline = time.monotonic() + SETTLE_S
        wrong = []
        commands: list[str] = []
        with tempfile.TemporaryDirectory() as place:
            for task_id in await self._all_tasks():
                task = await self._ended(task_id, deadline)
                wrong += _faults(task)
                solved = [
                    str(line["cmd"]) for line in (task.extra_params or {})["commands"] if "solve.py" in line["cmd"]
                ]
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

    async def end_unstarted(self) -> None:
        """Groups whose start was lost on the way never work: what waits there ends with them."""
        async with self.engine.client() as client:
            for group in await client.machine_groups():
                if group.id and not group.started:
                    await client.terminate_machine_group(group.id)

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
    wrong += [f"a temporary file is left: {path}" for path in Path(tempfile.gettempdir()).iterdir()]
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(engine.url.rpartition(":")[2]))) == 0:
            wrong.append("somebody still listens at the port")
    if (data_dir / "service.json").exists():
        wrong.append("the handshake file is left")
    with contextlib.closing(sqlite3.connect(data_dir / "taskmon.db")) as database:
        [(verdict,)] = database.execute("PRAGMA integrity_check").fetchall()
    return wrong if verdict == "ok" else [*wrong, f"the database is damaged: {verdict}"]


def _keep(data_dir: Path, seed: int) -> None:
    """What tells why: the database and every log of service and runners."""
    place = KEPT / str(seed)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for file in (*data_dir.glob("*.db*"), *data_dir.glob("*.log*"), *(data_dir / "work").glob("*.log")):
        shutil.copy(file, place)
    print(f"database and logs are kept in {place}")


async def run(minutes: float, seed: int, place: Path, disk: Path | None) -> int:
    """The whole run; the exit code. `disk` may be filled."""
    folder = place / "case"
    folder.mkdir()
    (folder / "solve.py").write_text(SOLVE)
    (place / "large").mkdir()
    for number in range(40):
        (place / "large" / f"{number}.bin").write_bytes(os.urandom(1_000_000))
    (place / "tmp").mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(place / "tmp")
    environment = {"TASKMON_LEASE_S": "4", "TASKMON_KILL_GRACE_S": "1", "TASKMON_SPOT": "on-request"}
    engine = WrongClocks((disk or place) / "service", machines=2, environment=environment, faults=CHAOS)
    engine.start()
    soak = Soak(engine, folder, disk, random.Random(seed))
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end:
            await soak.act()
            soak.note_memory()
        async with engine.client() as client:
            await client.set_faults(Faults())
        await soak.end_spot()
        await soak.end_unstarted()
        wrong = await soak.settle()
        soak.close_window(signal.SIGTERM)
        engine.stop()
        wrong += _left_behind(engine, engine.data_dir)
        if wrong:
            _keep(engine.data_dir, seed)
    finally:
        soak.close_window(signal.SIGKILL)
        engine.clean_up()
    wrong += _growth(soak)
    _tell(soak, wrong, minutes, seed)
    return 1 if wrong else 0


@contextlib.contextmanager
def _own_disk(place: Path) -> Iterator[Path | None]:
    """A small disk for root; None for others, who cannot have one."""
    if os.geteuid():
        print("only root may fill a disk: this fault is left out")
        yield None
        return
    with small_disk(place, DISK) as disk:
        yield disk


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
    with tempfile.TemporaryDirectory() as where, _own_disk(Path(where) / "disk") as own:
        code = asyncio.run(run(duration, chosen, Path(where), own))
    sys.exit(code)

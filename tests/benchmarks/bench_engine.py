"""The engine against a bare spawn loop: `python tests/benchmarks/bench_engine.py [TASKS]`.

Many tiny tasks on two machines of this computer, each with its folder, log files, exit code and state changes on disk.
Two figures, kept apart: whole tasks through the Web API (submit, upload, run, outputs, ended), and the engine's own
share (all of them queued before, so that no client is in the way). Beside them, in the same run: two processes alive
from a bare posix_spawn loop (the floor), GNU parallel and task-spooler where they are installed. The speeds of one
computer wander; the ratios are what counts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.engine_client import Engine, EngineClient

MACHINES = 2
WAIT_100_MS = "sleep 0.1"
"""A task that takes its time without taking the cores."""


def spawn_floor(argv: Sequence[str], count: int) -> float:
    """Tasks per second of a loop that keeps two processes alive and does nothing else."""
    program = shutil.which(argv[0]) or argv[0]
    began, alive, started = time.perf_counter(), 0, 0
    while started < count or alive:
        if started < count and alive < MACHINES:
            os.posix_spawn(program, list(argv), os.environ)
            started, alive = started + 1, alive + 1
            continue
        os.wait()
        alive -= 1
    return count / (time.perf_counter() - began)


def gnu_parallel(argv: Sequence[str], count: int, folder: Path) -> float | None:
    """Tasks per second of GNU parallel with a log of its jobs and their outputs in files."""
    if shutil.which("parallel") is None:
        return None
    words = ["parallel", "-j", str(MACHINES), "-N0", "--joblog", str(folder / "joblog"), "--results", str(folder)]
    began = time.perf_counter()
    subprocess.run(
        [*words, *argv], input="\n".join(map(str, range(count))), text=True, check=True, stdout=subprocess.DEVNULL
    )
    return count / (time.perf_counter() - began)


def task_spooler(argv: Sequence[str], count: int, folder: Path) -> float | None:
    """Tasks per second of task-spooler with two slots and a log file per task."""
    if shutil.which("tsp") is None:
        return None
    environment = {
        **os.environ,
        "TS_SOCKET": str(folder / "socket"),
        "TMPDIR": str(folder),
        "TS_SLOTS": str(MACHINES),
        "TS_MAXFINISHED": "100000",
    }
    began = time.perf_counter()
    for _ in range(count):
        subprocess.run(["tsp", *argv], env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["tsp", "-w"], env=environment, check=False, stdout=subprocess.DEVNULL)
    speed = count / (time.perf_counter() - began)
    subprocess.run(["tsp", "-K"], env=environment, check=False, stdout=subprocess.DEVNULL)
    return speed


def whole_tasks(client: EngineClient, group: str, command: str, count: int) -> float:
    """Tasks per second from the first submission to the last end, submitted by two clients at a time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        tasks = list(pool.map(lambda _: client.submit(group, command), range(count)))
    client.wait_for_all(tasks)
    return count / (time.perf_counter() - began)


def own_share(client: EngineClient, command: str, count: int) -> float:
    """Tasks per second between the first pick-up and the last end of tasks that were all queued before."""
    group = client.new_group(MACHINES)
    with ThreadPoolExecutor(2) as pool:
        tasks = list(pool.map(lambda _: client.submit(group, command), range(count)))
    client.start_group(group)
    client.wait_for_all(tasks)
    times = [client.task(task) for task in tasks]
    began = min(task["start_time"] for task in times)
    ended = max(task["end_time"] for task in times)
    client.end_group(group)
    return count / client.seconds_between(began, ended)


def show(name: str, speed: float | None, floor: float) -> None:
    """One line of the table."""
    print(f"  {name:<44}" + ("not installed" if speed is None else f"{speed:8.1f} /s   {speed / floor:6.3f} x floor"))


def compare(engine: Engine, command: str, count: int) -> None:
    """The table for one kind of task."""
    argv, client = command.split(), EngineClient(engine)
    peers: dict[str, Callable[[Path], float | None]] = {
        "GNU parallel": lambda folder: gnu_parallel(argv, count, folder),
        "task-spooler": lambda folder: task_spooler(argv, count, folder),
    }
    print(f"{count} tasks of `{command}`, {MACHINES} at a time")
    floor = spawn_floor(argv, count)
    show("bare posix_spawn loop (floor)", floor, floor)
    for name, run in peers.items():
        with tempfile.TemporaryDirectory() as folder:
            show(name, run(Path(folder)), floor)
    show("taskmon (b) the engine's own share", own_share(client, command, count), floor)
    group = client.new_group(MACHINES)
    client.start_group(group)
    client.wait_for_all([client.submit(group, "true") for _ in range(MACHINES)])
    show("taskmon (a) whole tasks by the Web API", whole_tasks(client, group, command, count), floor)
    client.end_group(group)


def main(count: int) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)) as engine:
        compare(engine, "true", count)
        compare(engine, WAIT_100_MS, count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

"""The first load of a long list from a real service: `python tests/benchmarks/bench_first_load.py [TASKS]`.

A `taskmon serve` process knows the tasks (its database was filled before); the real window connects to it and loads
them all into its table, while a heartbeat of 4 ms on its event loop measures how late it comes. Before, a bare loop
fetches the same pages over one kept connection and throws them away: what the service alone can do. Prints tasks per
second of both and their ratio, the window's stalls, and its processor time per task.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from taskmon.client.task_watch import PAGE_SIZE
from taskmon.gui.app import SWITCH_S, clock
from taskmon.gui.background import Background
from taskmon.gui.crash import crash_reporter
from taskmon.gui.desk import Desk
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.list_desk import ListDesk
from taskmon.gui.session import here
from taskmon.gui.shell import Folders, Shell
from tests.benchmarks.seeded_service import seeded_service
from tests.benchmarks.table_designs import Heartbeat, share

if TYPE_CHECKING:
    from tests.journeys.story import Service

GOAL = 10_000
LONGEST_S = 150.0


def bare_rate(service: Service, tasks: int) -> float:
    """Tasks per second of a loop that fetches every page and does nothing with it."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
    began = time.perf_counter()
    for page in range(1, tasks // PAGE_SIZE + 1):
        connection.request("GET", f"/tasks?page={page}&per_page={PAGE_SIZE}", headers={"x-api-key": service.api_key})
        connection.getresponse().read()
    connection.close()
    return tasks / (time.perf_counter() - began)


async def load(application: QApplication, service: Service, root: Path, tasks: int) -> str:
    """Opens the window on the service; returns what was measured until it had all tasks."""
    shell = Shell(application, clock, Folders(state=root / "state", cache=root / "cache", config=root / "config"))
    shell.window.show()
    async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
        desk = Desk(ListDesk(shell, background))
        background.watch(desk.connection.connect_forever(), "connection")
        desk.connections.begin(here(service.data_dir))
        until = time.perf_counter() + LONGEST_S
        while not desk.model.rowCount() and time.perf_counter() < until:
            await asyncio.sleep(0.005)
        heart, began, first = Heartbeat(), time.perf_counter(), desk.model.rowCount()
        spent = time.thread_time()
        while desk.model.rowCount() < tasks and time.perf_counter() < until:
            await asyncio.sleep(0.05)
        took, spent = time.perf_counter() - began, time.thread_time() - spent
        heart.stop()
        loaded = desk.model.rowCount() - first
        desk.put_away()
    late = heart.all_late()
    return (
        f"{loaded:,} tasks in {took:.1f} s: {loaded / took:,.0f} tasks/s (goal {GOAL:,}), stall p50"
        f" {share(late, 50):.1f} ms, p99 {share(late, 99):.1f} ms (goal 16), worst {max(late):.1f} ms; the window's"
        f" thread used {spent / loaded * 1e6:.0f} µs of processor time per task|{loaded / took}"
    )


def main() -> None:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.setswitchinterval(SWITCH_S)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        with seeded_service(Path(folder) / "data", tasks) as service:
            bare = bare_rate(service, tasks)
            print(f"service alone, pages of {PAGE_SIZE} thrown away: {bare:,.0f} tasks/s", flush=True)
            application = QApplication(["taskmon"])
            garbage = GarbageCollection()
            with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
                told, rate = runner.run(load(application, service, Path(folder), tasks)).split("|")
            garbage.end()
            print(f"window, first load: {told}; {float(rate) / bare:.2f} times the service alone", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()

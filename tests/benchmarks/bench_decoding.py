"""What the window feels while a poll of many tasks arrives: `bench_decoding.py [TASKS] [ROUNDS]`.

Another process sends the same tasks of 2.2 kB, all of them changed, in each round. The real poller fetches them over
HTTP on the window's loop, decodes them and takes them over into its store; the baseline is `json.loads` of all of them
in a worker thread, their bytes already at hand. A heartbeat of 4 ms on the loop measures by how much it comes late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from taskmon.client.api import ServiceClient
from taskmon.client.task_store import TaskStore
from taskmon.client.task_watch import PAGE_SIZE, ListWatch
from taskmon.core.task import TaskPage
from taskmon.gui.app import SWITCH_S
from taskmon.gui.garbage import GarbageCollection
from tests.benchmarks.full_tasks import full_task
from tests.benchmarks.table_designs import Heartbeat, share

GOAL = 40


def body(tasks: int, round_: int, page: int) -> bytes:
    """A page of the list; in each round every task has other measurements."""
    chance = random.Random(f"{round_} {page}")
    numbers = range((page - 1) * PAGE_SIZE, min(tasks, page * PAGE_SIZE))
    return msgspec.json.encode(TaskPage(total_size=tasks, tasks=[full_task(number, chance) for number in numbers]))


def serve(tasks: int, rounds: int) -> None:
    """Answers `GET /tasks`, in each round with other values, until it is killed; prints its port."""
    pages = -(-tasks // PAGE_SIZE)
    bodies = [[body(tasks, round_, page) for page in range(1, pages + 1)] for round_ in range(rounds)]
    served = [0] * (pages + 1)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
            content = bodies[served[page] % rounds][page - 1]
            served[page] += 1
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(server.server_address[1], flush=True)
    server.serve_forever()


@contextlib.contextmanager
def sender(tasks: int, rounds: int) -> Iterator[str]:
    """The address of a process that serves the tasks."""
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(tasks), str(rounds)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


async def felt(job: Callable[[], Awaitable[object]], rounds: int) -> tuple[list[float], float]:
    """By how much [ms] each beat came late while `job` ran `rounds` times, and the seconds of one of them."""
    await job()
    await asyncio.sleep(0.5)
    late: list[float] = []
    took = 0.0
    for _ in range(rounds):
        heart, began = Heartbeat(), time.perf_counter()
        await asyncio.sleep(0.01)
        await job()
        took += time.perf_counter() - began
        await asyncio.sleep(0.02)
        heart.stop()
        late += heart.all_late()
    return late, took / rounds


async def compare(tasks: int, rounds: int, url: str, garbage: GarbageCollection) -> None:
    every = [msgspec.json.encode(full_task(number, random.Random(number))) for number in range(tasks)]
    whole = b"[" + b",".join(every) + b"]"
    baseline, decoding = await felt(partial(asyncio.to_thread, json.loads, whole), rounds)
    client, store = ServiceClient(url, "key"), TaskStore()
    garbage.watch(store)
    watch = ListWatch(client, store)
    ours, polling = await felt(lambda: watch.start(lambda _loaded, _total: None), rounds)
    assert len(store) == tasks
    await client.close()
    for what, late, took in (("json.loads in a thread", baseline, decoding), ("our poller", ours, polling)):
        print(
            f"{what}, {tasks:,} tasks in {took * 1e3:.0f} ms: stall p50 {share(late, 50):.1f} ms,"
            f" p99 {share(late, 99):.1f} ms, worst {max(late):.1f} ms"
        )
    print(
        f"stall of our poller: p99 1/{share(baseline, 99) / share(ours, 99):.0f} (goal 1/{GOAL}),"
        f" worst 1/{max(baseline) / max(ours):.0f}"
    )


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), int(sys.argv[3]))
        return
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    sys.setswitchinterval(SWITCH_S)
    with sender(tasks, 3) as url:
        application = QApplication([])
        garbage = GarbageCollection()
        with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
            runner.run(compare(tasks, rounds, url, garbage))
        garbage.end()
    os._exit(0)


if __name__ == "__main__":
    main()

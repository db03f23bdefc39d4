"""From a submission to In Progress, and what 10,000 queued tasks cost: `bench_engine_latency.py [QUEUED]`.

The client is a real one that uploads a folder of three small files and waits on the feed of changes. The second table
repeats listing, submitting and picking up with a full queue beside it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from taskmon.client.api import ServiceClient
from taskmon.client.submission import build_request, submit_folder
from taskmon.core.lifecycle import Status
from taskmon.resource_files import simulator_catalogue
from tests.benchmarks.engine_client import Engine, EngineClient
from tests.waiting import until

ROUNDS = 20
_WAITING = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED)


async def seconds_to_progress(client: ServiceClient, folder: Path, group: str) -> float:
    """From the wish to submit to the first news that the commands run, or have run."""
    simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
    request = build_request(simulator, ["sleep 0.05"], group)
    cursor = (await client.changes()).cursor
    began = time.perf_counter()
    task_id = (await submit_folder(client, folder, request)).id
    while True:
        changes = await client.changes(cursor, wait_s=10)
        cursor = changes.cursor
        if any(task.task_id == task_id and task.status not in _WAITING for task in changes.tasks):
            return time.perf_counter() - began


async def latencies(engine: Engine, folder: Path, group: str) -> list[float]:
    """One task after the other, in milliseconds."""
    found = []
    async with ServiceClient(engine.url, engine.key) as client:
        for _ in range(ROUNDS):
            found.append(1000 * await seconds_to_progress(client, folder, group))
            await asyncio.sleep(0.2)
    return sorted(found)


def costs(client: EngineClient, group: str) -> dict[str, float]:
    """Medians in milliseconds."""
    listing, submitting = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.call("GET", "/tasks?per_page=100")
        listed = time.perf_counter()
        client.submit(group, "true")
        listing.append(1000 * (listed - began))
        submitting.append(1000 * (time.perf_counter() - listed))
    return {"list 100": statistics.median(listing), "submit and upload": statistics.median(submitting)}


def runners_in(place: str) -> list[list[str]]:
    """The command lines of the living runners of the service below `place`."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if "runner" in line and any(place in word for word in line)]


def main(queued: int) -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as place, Engine(Path(place) / "service") as engine:
        folder = Path(place) / "case"
        folder.mkdir()
        for number in range(3):
            (folder / f"input-{number}.txt").write_text("1 2 3\n")
        client = EngineClient(engine)
        group, resting = client.new_group(2), client.new_group(2)
        client.start_group(group)
        client.wait_for_all([client.submit(group, "true") for _ in range(110)])
        empty, empty_costs = asyncio.run(latencies(engine, folder, group)), costs(client, resting)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: client.submit(resting, "true"), range(queued)))
        os.sync()  # what was just written must not be in the way of what is measured
        full, full_costs = asyncio.run(latencies(engine, folder, group)), costs(client, resting)
        client.end_group(group)  # a service that stops leaves its runners to the tasks that still wait
        until(lambda: not runners_in(place), 30, "the runners of an ended group must leave")
    print(f"submit to In Progress, seen by a client, ms: p50 {statistics.median(empty):.0f}, worst {empty[-1]:.0f}")
    print(f"the same with {queued} tasks queued:          p50 {statistics.median(full):.0f}, worst {full[-1]:.0f}")
    for name, cost in empty_costs.items():
        print(f"{name:<20} {cost:6.1f} ms empty {full_costs[name]:6.1f} ms full, x {full_costs[name] / cost:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

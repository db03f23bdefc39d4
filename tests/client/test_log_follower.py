"""A task's log as it is written, against the real service: nothing lost, nothing twice, wherever it lies."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.live_files import follow_file
from taskmon.client.local_service import ServiceAddress, ensure_local_service
from taskmon.client.log_follower import LogFollower, own_data_folder
from taskmon.client.log_spool import LogSpool, SpoolState
from taskmon.client.submission import build_request, submit_folder
from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import Status
from tests.builders import a_task
from tests.client.fake_service import FakeService, unreachable
from tests.client.own_service import COMMANDS, serve
from tests.waiting import until_async

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys, time
from pathlib import Path
number = 0
while not Path("stop").exists() or number < 3000:
    sys.stdout.write("step %d of the run\\r\\n" % number + "x" * (number % 300) + "\\n")
    if number % 50 == 0:
        sys.stdout.flush()
        time.sleep(0.005)
    number += 1
sys.stdout.write("the last line has no newline")
"""


async def submit(client: ServiceClient, folder: Path) -> str:
    folder.mkdir()
    (folder / "write.py").write_text(WRITER)
    group = next(group.id for group in await client.machine_groups() if group.started and group.id)
    request = build_request(COMMANDS, ["python3 write.py"], group)
    return (await submit_folder(client, folder, request)).id


async def running(client: ServiceClient, task_id: str) -> None:
    async def runs() -> bool:
        return (await client.task(task_id)).status is Status.COMPUTATION_STARTED

    await until_async(runs, 30, "the task runs")


def stop_file(data: Path, task_id: str) -> Path:
    """Tells the writer to end."""
    return data / "work" / task_id / "output" / "artifacts" / "stop"


async def follow(follower: LogFollower, seen: list[SpoolState]) -> None:
    async with aclosing(follower.states()) as states:
        seen.extend([state async for state in states])


async def stored(client: ServiceClient, task_id: str) -> bytes:
    async with aclosing(follow_file(client, task_id, "stdout.txt")) as chunks:
        return b"".join([chunk async for chunk in chunks])


def digest(spool: LogSpool, tmp_path: Path) -> str:
    spool.copy_to(tmp_path / "copy")
    return hashlib.sha256((tmp_path / "copy").read_bytes()).hexdigest()


async def test_the_own_file_is_read_in_place_and_to_its_end(client: ServiceClient, data: Path, tmp_path: Path) -> None:
    task_id = await submit(client, tmp_path / "case")
    await running(client, task_id)
    follower = LogFollower(client, await client.task(task_id), "stdout.txt", tmp_path / "copies")
    seen: list[SpoolState] = []
    following = asyncio.create_task(follow(follower, seen))
    await until_async(lambda: follower.spool.size > 20_000, 30, "it grows")
    assert follower.spool.path.is_relative_to(data)
    stop_file(data, task_id).touch()
    await asyncio.wait_for(following, 30)
    whole = await stored(client, task_id)
    assert not follower.spool.path.exists(), "the outputs have moved into their archive"
    assert digest(follower.spool, tmp_path) == hashlib.sha256(whole).hexdigest()
    assert b"the last line has no newline" in whole
    assert not (tmp_path / "copies").exists()
    assert not any(state.replaced for state in seen)
    follower.close()


async def test_an_ended_task_is_copied_once_and_resumed(client: ServiceClient, data: Path, tmp_path: Path) -> None:
    task_id = await submit(client, tmp_path / "case")
    await running(client, task_id)
    stop_file(data, task_id).touch()
    whole = await stored(client, task_id)
    task = await client.task(task_id)
    for _ in range(2):
        follower = LogFollower(client, task, "stdout.txt", tmp_path / "copies")
        await asyncio.wait_for(follow(follower, []), 30)
        assert digest(follower.spool, tmp_path) == hashlib.sha256(whole).hexdigest()
        follower.close()
    missing = LogFollower(client, task, "no-such.txt", tmp_path / "copies")
    with pytest.raises(NotFoundError):
        await follow(missing, [])
    missing.close()


@pytest.mark.parametrize("in_place", [True, False])
async def test_a_killed_service_loses_and_repeats_nothing(
    address: ServiceAddress, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    found = await ensure_local_service(data, serve(data))
    async with ServiceClient(found.url, found.api_key) as client:
        task_id = await submit(client, tmp_path / "case")
        await running(client, task_id)
        task = await client.task(task_id)
        follower = LogFollower(client, task, "stdout.txt", tmp_path / "copies")
        seen: list[SpoolState] = []
        if not in_place:
            monkeypatch.setattr("os.getuid", lambda: -2)  # as if the folder were somebody else's
        following = asyncio.create_task(follow(follower, seen))
        await until_async(lambda: follower.spool.size > 20_000, 30, "it grows")
        assert follower.spool.path.is_relative_to(data) is in_place
        os.kill(found.pid, signal.SIGKILL)
        size = follower.spool.size
        if in_place:
            await until_async(lambda: follower.spool.size > size + 10_000, 30, "it grows without the service")
        again = await ensure_local_service(data, serve(data))
        assert again.url == found.url
        stop_file(data, task_id).touch()
        await asyncio.wait_for(following, 60)
        whole = await stored(client, task_id)
        assert digest(follower.spool, tmp_path) == hashlib.sha256(whole).hexdigest()
        follower.close()


async def test_a_folder_of_a_service_at_another_address_is_not_ours(
    client: ServiceClient, address: ServiceAddress, data: Path
) -> None:
    assert await own_data_folder(client) == data
    async with ServiceClient(client.url.replace("127.0.0.1", "localhost"), address.api_key) as tunnel:
        assert await own_data_folder(tunnel) is None


async def test_a_log_that_is_opened_while_the_service_is_away_is_followed_when_it_is_back(tmp_path: Path) -> None:
    service, pauses = FakeService(), list[float]()
    task = a_task(status=Status.COMPUTATION_STARTED)
    service.put(task)
    service.live[f"{task.task_id}/stdout.txt"] = b"one line\n"
    service.faults += [unreachable] * 3

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with service.client() as client:
        follower = LogFollower(client, task, "stdout.txt", tmp_path, sleep=sleep)
        async with aclosing(follower.states()) as states:
            await anext(states)
        follower.close()
    assert len(pauses) == 3 and not service.faults

"""The client against the real service with a real runner: nothing in between is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.download import download_file
from taskmon.client.live_files import follow_file, list_files, read_tail
from taskmon.client.local_service import ServiceAddress, ensure_local_service
from taskmon.client.poller import Freshness, Poller
from taskmon.client.submission import build_request, resubmit, submit_folder
from taskmon.client.task import TaskHandle
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import NotAuthorizedError, NotFoundError, RefusedError
from taskmon.core.lifecycle import Status
from taskmon.core.task import RESUBMITTED_FROM, TASK_NAME
from tests.client.own_service import COMMANDS, end, serve
from tests.waiting import until_async

COUNTING = """
import sys, time
for number in range(int(sys.argv[1])):
    print("line", number, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    case = tmp_path / "case"
    case.mkdir()
    (case / "count.py").write_text(COUNTING)
    (case / "in.txt").write_text("input\n" * 1000)
    return case


async def submit(client: ServiceClient, folder: Path, commands: Sequence[str], name: str = "case") -> TaskHandle:
    (group, *_) = [group for group in await client.machine_groups() if group.started]
    assert group.id is not None
    request = build_request(COMMANDS, list(commands), group.id)
    submitted = await submit_folder(client, folder, request, metadata={TASK_NAME: name})
    return TaskHandle(client, submitted.id)


def count(lines: int, pause_s: float) -> str:
    return f"{sys.executable} count.py {lines} {pause_s}"


@asynccontextmanager
async def polled(client: ServiceClient) -> AsyncIterator[tuple[TaskStore, list[Freshness]]]:
    store, told = TaskStore(), list[Freshness]()
    poller = Poller(client, store, clock=lambda: datetime.now(UTC), on_freshness=told.append)
    watching = asyncio.create_task(poller.watch_forever())
    try:
        await until_async(lambda: told and told[-1].connected and told[-1].loaded == told[-1].total)
        yield store, told
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_everything_the_service_says_can_be_read(client: ServiceClient) -> None:
    assert (await client.check_version()).is_valid
    assert (await client.user()).username
    assert await client.quotas()
    assert (await client.capabilities()) is not None
    assert [group.name for group in await client.machine_groups()] == ["this-computer"]
    assert "default" in [project.name for project in await client.projects()]
    assert (await client.create_project("dams")).name == "dams"
    assert await client.available_simulators()
    with pytest.raises(NotFoundError):
        await client.task("nothing")
    with pytest.raises(RefusedError) as raised:
        await client.changes("made up", 0)
    assert raised.value.status_code == 410


async def test_no_proxy_stands_between_this_computer_and_itself(
    address: ServiceAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with ServiceClient(address.url, address.api_key) as client:
        assert (await client.user()).username


async def test_another_key_is_refused(address: ServiceAddress) -> None:
    async with ServiceClient(address.url, "another") as stranger:
        with pytest.raises(NotAuthorizedError):
            await stranger.tasks()


async def test_a_folder_becomes_a_task_whose_log_and_outputs_arrive(
    client: ServiceClient, folder: Path, tmp_path: Path
) -> None:
    async with polled(client) as (store, _):
        handle = await submit(client, folder, [count(20, 0.02), "cp in.txt out.txt"], "dam")
        log = b"".join([chunk async for chunk in follow_file(client, handle.id, "stdout.txt")])
        detail = await handle.wait()
        await until_async(lambda: (task := store.get(handle.id)) is not None and task.status is Status.SUCCESS)
    assert detail.status is Status.SUCCESS
    assert [log.count(b"line %d\n" % number) for number in range(20)] == [1] * 20
    made = await handle.download_outputs(tmp_path / "outputs")
    assert (made / "stdout.txt").read_bytes() == log
    assert (made / "out.txt").read_text() == "input\n" * 1000
    alone = await download_file(client, detail, "out.txt", tmp_path)
    assert alone.read_text() == "input\n" * 1000
    listing = await list_files(client, detail)
    assert {"stdout.txt", "stderr.txt", "out.txt"} <= {file.path for file in listing.files}
    assert await read_tail(client, handle.id, "out.txt", 6) == (6000, b"input\n")


async def test_a_task_runs_again_on_the_same_inputs(client: ServiceClient, folder: Path) -> None:
    handle = await submit(client, folder, ["cat in.txt"], "dam")
    parent = await handle.wait()
    child = TaskHandle(client, (await resubmit(client, parent)).id)
    end_of_child = await child.wait()
    assert end_of_child.status is parent.status is Status.SUCCESS
    assert child != handle
    assert end_of_child.parent_id == parent.task_id
    assert end_of_child.task_metadata == {TASK_NAME: "dam", RESUBMITTED_FROM: parent.task_id}
    assert (await read_tail(client, child.id, "stdout.txt", 100_000))[1].count(b"input\n") == 1000


async def test_leaving_a_sync_context_kills_and_leaving_a_wait_does_not(client: ServiceClient, folder: Path) -> None:
    handle = await submit(client, folder, [count(1000, 0.1)])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await handle.wait()
    assert not (await handle.status()).is_terminated
    with pytest.raises(TimeoutError):
        async with handle.sync_context(), asyncio.timeout(0.1):
            await handle.wait()
    assert (await handle.wait()).status is Status.KILLED


async def test_store_and_log_survive_the_death_of_the_service(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = await ensure_local_service(data, serve(data))
    async with ServiceClient(first.url, first.api_key) as client, polled(client) as (store, told):
        handle = await submit(client, folder, [count(60, 0.05)])
        following = follow_file(client, handle.id, "stdout.txt")
        log = await anext(following)
        os.kill(first.pid, signal.SIGKILL)
        await until_async(lambda: not told[-1].connected)
        second = await ensure_local_service(data, serve(data))
        try:
            assert (second.url, second.api_key) == (first.url, first.api_key)
            log += b"".join([chunk async for chunk in following])
            await handle.wait()
            await until_async(lambda: (task := store.get(handle.id)) is not None and task.is_terminated)
            assert told[-1].connected
        finally:
            end(second, data)
    assert [log.count(b"line %d\n" % number) for number in range(60)] == [1] * 60


async def test_a_service_without_extensions_serves_the_same_story(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    address = await ensure_local_service(data, serve(data, "--no-extensions"))
    try:
        async with ServiceClient(address.url, address.api_key) as client, polled(client) as (store, _):
            assert await client.capabilities() is None
            handle = await submit(client, folder, [count(3, 0)])
            log = b"".join([chunk async for chunk in follow_file(client, handle.id, "stdout.txt")])
            assert b"line 2\n" in log
            await until_async(lambda: (task := store.get(handle.id)) is not None and task.status is Status.SUCCESS)
            assert "stdout.txt" in [file.path for file in (await list_files(client, store.tasks[handle.id])).files]
    finally:
        end(address, data)

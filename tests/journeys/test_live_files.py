"""A running task's files over a direct connection, with a real service, runner and file peer."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from taskmon.client.live_files import follow_file
from taskmon.client.live_webrtc import ask, tail
from taskmon.core.errors import ConnectionFailedError, NotFoundError
from taskmon.core.file_tracking import FileQuestion, FileRequest
from taskmon.core.lifecycle import Status
from tests.journeys.story import Service, started, submit, wait_for
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from taskmon.client.api import ServiceClient

pytestmark = pytest.mark.journey

COUNT = """
import sys, time
for number in range(100):
    print("line", number, flush=True)
    time.sleep(0.06)
sys.stdout.write("no end")
"""
LONG = (
    "import time\nfor number in range(10_000): print('line', number, 'x' * 100)\n"
    "print('all is written', flush=True)\ntime.sleep(1000)\n"
)
FOREVER = "import time\nprint('begun', flush=True)\ntime.sleep(1000)\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with started(Service(tmp_path / "service", options=("--no-extensions",))) as running:
        yield running


@pytest.fixture
def run(client: ServiceClient, folder: Callable[..., Path]) -> Callable[..., Any]:
    async def submitted(program: str) -> str:
        return await submit(client, folder(work_py=program), ["python work.py"])

    return submitted


async def answer(client: ServiceClient, task_id: str, kind: str, **args: Any) -> Any:
    async with aclosing(ask(client, task_id, FileRequest(type=kind, args=args))) as answers:
        return await anext(answers)


def file_peers(service: Service) -> list[psutil.Process]:
    return [process for process in service.processes() if "taskmon.runner.file_peer" in process.cmdline()]


async def test_a_log_is_followed_without_extensions_and_ends_as_it_is_stored(
    client: ServiceClient, run: Callable[..., Any]
) -> None:
    task_id = await run(COUNT)
    shown = bytearray()
    seen_live: list[int] = []
    async with aclosing(follow_file(client, task_id, "stdout.txt")) as chunks:
        async for chunk in chunks:
            shown += chunk
            if not (await client.task_status(task_id)).is_terminated:
                seen_live.append(len(shown))
    assert len(seen_live) > 3, f"hardly anything came before the end: {seen_live}"
    stored = bytearray()
    async with aclosing(follow_file(client, task_id, "stdout.txt")) as chunks:
        async for chunk in chunks:
            stored += chunk
    assert bytes(shown) == bytes(stored)
    assert b"line 99\nno end" in stored


async def test_a_long_history_comes_live_although_it_is_one_large_message(
    client: ServiceClient, run: Callable[..., Any]
) -> None:
    task_id = await run(LONG)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    shown = bytearray()
    async with aclosing(follow_file(client, task_id, "stdout.txt")) as chunks:
        async for chunk in chunks:
            shown += chunk
            if b"all is written\n" in shown:
                break
    assert len(shown) > 1_000_000
    assert not (await client.task_status(task_id)).is_terminated


async def test_a_cut_connection_is_joined_again(
    client: ServiceClient, run: Callable[..., Any], service: Service
) -> None:
    task_id = await run(COUNT)
    shown = bytearray()
    killed = False
    async with aclosing(follow_file(client, task_id, "stdout.txt")) as chunks:
        async for chunk in chunks:
            shown += chunk
            if not killed and b"line 5\n" in shown:
                [peer] = file_peers(service)
                peer.kill()
                killed = True
    assert killed
    numbers = [int(line.split()[1]) for line in shown.decode().splitlines() if line.startswith("line ")]
    assert numbers == list(range(100))
    assert b"[taskmon:" not in shown


async def test_questions_about_a_running_task_are_answered(client: ServiceClient, run: Callable[..., Any]) -> None:
    task_id = await run(FOREVER)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    await until_async(lambda: _begun(client, task_id), 30)
    assert "work.py" in await answer(client, task_id, FileQuestion.LIST)
    assert (await answer(client, task_id, FileQuestion.LAST_MODIFIED_FILE))["most_recent_file"] == "stdout.txt"
    assert "COMMAND" in await answer(client, task_id, FileQuestion.TOP)
    for question, args in (("tail", {"filename": "../reports.jsonl"}), ("tail", {}), ("dance", {})):
        with pytest.raises(NotFoundError):
            await answer(client, task_id, question, **args)
    await client.kill(task_id)
    await wait_for(client, task_id, Status.KILLED)


async def _begun(client: ServiceClient, task_id: str) -> bool:
    return "begun" in await answer(client, task_id, FileQuestion.TAIL, filename="stdout.txt", lines=5)


async def test_a_stream_ends_with_the_task_and_so_does_the_file_peer(
    client: ServiceClient, run: Callable[..., Any], service: Service
) -> None:
    task_id = await run(FOREVER)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    killing = None
    async with asyncio.timeout(30):
        async for lines in tail(client, task_id, "stdout.txt", 10, follow=True):
            if killing is None and lines:
                killing = asyncio.create_task(client.kill(task_id))
    assert killing is not None
    await killing
    await wait_for(client, task_id, Status.KILLED)
    await until_async(lambda: not file_peers(service), 30)


async def test_who_asks_too_late_hears_so_at_once(client: ServiceClient, run: Callable[..., Any]) -> None:
    task_id = await run("print('done')")
    await wait_for(client, task_id, Status.SUCCESS)
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionFailedError):
            await answer(client, task_id, FileQuestion.LIST)


async def test_garbage_in_the_mailbox_harms_nobody(client: ServiceClient, run: Callable[..., Any]) -> None:
    from taskmon.core.file_tracking import Letter

    task_id = await run(FOREVER)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    for sdp in ("", "v=0", "no description at all\n" * 100):
        await client.send_letter(task_id, Letter(sender_id="x", receiver_id=task_id, type="offer", sdp=sdp))
    assert "work.py" in await answer(client, task_id, FileQuestion.LIST)
    await client.kill(task_id)
    await wait_for(client, task_id, Status.KILLED)


def test_nothing_is_loaded_before_it_is_needed() -> None:
    import subprocess

    modules = "taskmon.client.live_files, taskmon.runner.loop, taskmon.service.server"
    code = f"import sys, {modules}; print('aiortc' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"

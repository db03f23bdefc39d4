"""The change feed, and the files of a task while it runs and after."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest

from taskmon.core.extensions import BEAT
from tests.service.fake_runner import FakeRunner
from tests.service.house import an_archive
from tests.waiting import until_async

if TYPE_CHECKING:
    from tests.service.house import House


async def changes(house: House, since: str | None = None, wait_s: float = 0) -> dict[str, object]:
    query = {"wait_s": str(wait_s)} | ({"since": since} if since is not None else {})
    answer: dict[str, object] = await house.json("GET", "/taskmon/changes", params=query)
    return answer


def ids(answer: dict[str, object]) -> list[str]:
    tasks = answer["tasks"]
    assert isinstance(tasks, list)
    return [task["task_id"] for task in tasks]


async def test_the_service_says_what_it_can(house: House) -> None:
    answer = await house.json("GET", "/taskmon/capabilities")
    assert answer["service"] == "taskmon"
    assert set(answer["extensions"]) == {"changes", "task-files", "reclaim", "submit-once", "leases"}
    assert answer["data_dir"] == str(house.service.data.root)


async def test_only_what_changed_is_told(house: House, runner: FakeRunner) -> None:
    first, second = await house.queue(), await house.queue()
    start = await changes(house)
    assert ids(start) == []
    await runner.compute()
    after = await changes(house, str(start["cursor"]))
    assert ids(after) == [first], "each task once, however often it changed"
    for act in (
        lambda: runner.metric(first, "computation_seconds", 1),
        lambda: runner.begin(first, "exec_command"),
        lambda: house.json("PUT", f"/tasks/{first}/metadata", json={"name": "x"}),
        lambda: runner.say("TaskOutputStalled", first),
    ):
        before = str((await changes(house))["cursor"])
        await act()
        assert ids(await changes(house, before)) == [first]
    await house.json("POST", f"/tasks/{second}/kill")
    both = await changes(house, str(start["cursor"]))
    assert ids(both) == [first, second], "oldest change first"


async def test_who_waits_for_a_change_hears_of_it_at_once(house: House) -> None:
    task_id = await house.submit()
    cursor = str((await changes(house))["cursor"])
    waiting = asyncio.create_task(changes(house, cursor, wait_s=30))
    quick = asyncio.create_task(changes(house, cursor, wait_s=0.05))
    assert ids(await quick) == []
    began = time.monotonic()
    await house.json("POST", f"/tasks/{task_id}/kill")
    assert ids(await waiting) == [task_id]
    assert time.monotonic() - began < 10


async def test_who_waits_hears_that_the_service_is_there_and_then_the_news(house: House) -> None:
    task_id = await house.submit()
    cursor = str((await changes(house))["cursor"])
    query = {"since": cursor, "wait_s": "30", "beat_s": "0.1"}
    pieces = list[bytes]()
    async with house.client.stream("GET", "/taskmon/changes", params=query) as answer:
        assert answer.headers["content-type"] == "application/json"
        async for piece in answer.aiter_raw():
            pieces.append(piece)
            if len(pieces) == 3:
                assert pieces == [BEAT] * 3
                await house.json("POST", f"/tasks/{task_id}/kill")
    assert ids(json.loads(b"".join(pieces))) == [task_id]
    old = await house.client.get("/taskmon/changes", params=query)  # there is news already
    assert not old.content.startswith(BEAT)
    assert ids(old.json()) == [task_id]


async def test_waiting_with_beats_ends_in_time_and_begins_with_what_is_wrong(house: House) -> None:
    cursor = str((await changes(house))["cursor"])
    query = {"since": cursor, "wait_s": "0.25", "beat_s": "0.1"}
    answer = await house.client.get("/taskmon/changes", params=query)
    assert answer.content.startswith(BEAT)
    assert answer.json() == {"cursor": cursor, "tasks": [], "removed": [], "more": False}
    await house.json("GET", "/taskmon/changes", params=query | {"since": "of.another"}, expect=410)
    await house.json("GET", "/taskmon/changes", params=query | {"beat_s": "0"}, expect=422)


async def test_many_changes_come_in_pages(house: House) -> None:
    start = str((await changes(house))["cursor"])
    wanted = [await house.submit() for _ in range(201)]
    first = await changes(house, start)
    assert first["more"] is True
    rest = await changes(house, str(first["cursor"]))
    assert rest["more"] is False
    assert ids(first) + ids(rest) == wanted


@pytest.mark.parametrize("cursor", ["", "0", "x.1", "{id}.999999", "{id}.-1", "{id}.٣"])
async def test_a_cursor_of_another_list_is_refused(house: House, cursor: str) -> None:
    cursor = cursor.replace("{id}", house.service.database.identity)
    await house.json("GET", "/taskmon/changes", params={"since": cursor}, expect=410)


async def test_the_service_does_not_wait_for_waiting_clients_when_it_stops(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue()
    cursor = str((await changes(house))["cursor"])
    await runner.compute()
    cursor = str((await changes(house))["cursor"])
    idle = await FakeRunner.register(house)
    stream = house.client.get(f"/taskmon/tasks/{task_id}/files/log?follow=true")
    beaten = house.json("GET", "/taskmon/changes", params={"since": cursor, "wait_s": "60", "beat_s": "60"})
    waiting = [asyncio.create_task(each) for each in (changes(house, cursor, 60), idle.take(60), stream, beaten)]
    await until_async(lambda: house.service.visits.quiet_seconds() == 0)
    house.service.bell.close()
    await asyncio.wait_for(asyncio.gather(*waiting), 20)


async def test_a_file_is_read_while_it_grows_and_after(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    path = f"/taskmon/tasks/{task_id}/files"
    assert await house.json("GET", path) == {"files": [], "complete": False}
    await house.json("GET", f"{path}/stdout.txt", expect=404)
    folder = house.live_folder(task_id)
    (folder / "stdout.txt").write_bytes(b"line 1\n")
    (folder / "deep").mkdir()
    (folder / "deep" / "<b>.html").write_bytes(b"<script>")
    listed = await house.json("GET", path)
    assert [(file["path"], file["size"]) for file in listed["files"]] == [("deep/<b>.html", 8), ("stdout.txt", 7)]
    answer = await house.client.get(f"{path}/stdout.txt")
    assert (answer.content, answer.headers["x-taskmon-file-state"]) == (b"line 1\n", "growing")
    page = await house.client.get(f"{path}/deep/%3Cb%3E.html")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["x-content-type-options"] == "nosniff"

    await runner.deliver(task_id, "success", {"stdout.txt": b"line 1\nline 2\n", "deep/x": b"x"})
    listed = await house.json("GET", path)
    assert listed["complete"] is True
    assert [file["path"] for file in listed["files"]] == ["deep/x", "stdout.txt"]
    answer = await house.client.get(f"{path}/stdout.txt", headers={"Range": "bytes=7-"})
    assert (answer.status_code, answer.content) == (206, b"line 2\n")
    assert answer.headers["x-taskmon-file-state"] == "complete"
    again = await house.client.head(f"{path}/stdout.txt")
    assert again.headers["etag"] == answer.headers["etag"], "unpacked once"
    assert again.headers["content-length"] == "14"
    await house.json("GET", f"{path}/none", expect=404)


@pytest.mark.parametrize(
    "path", ["..%2f..%2f..%2f..%2ftaskmon.db", "%2e%2e/%2e%2e/x", "a//b", "a%5cb", "%2fetc%2fpasswd"]
)
@pytest.mark.parametrize("follow", ["false", "true"])
async def test_no_file_path_leads_out_of_the_task(house: House, runner: FakeRunner, path: str, follow: str) -> None:
    await house.queue()
    task_id = await runner.compute()
    house.live_folder(task_id)
    answer = await house.client.get(f"/taskmon/tasks/{task_id}/files/{path}", params={"follow": follow})
    assert answer.status_code == 422, answer.content


async def test_a_link_out_of_the_task_is_not_followed(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    folder = house.live_folder(task_id)
    (folder / "link").symlink_to(house.service.data.api_key)
    (folder / "up").symlink_to(house.service.data.root)
    for path in ("link", "up/api_key"):
        await house.json("GET", f"/taskmon/tasks/{task_id}/files/{path}", expect=404)
    assert (await house.json("GET", f"/taskmon/tasks/{task_id}/files"))["files"] == []


@pytest.mark.parametrize("appears", ["before", "while", "after"])
async def test_a_followed_file_comes_whole_across_its_move_into_the_archive(
    house: House, runner: FakeRunner, appears: str
) -> None:
    await house.queue()
    task_id = await runner.compute()
    folder = house.live_folder(task_id)
    live = folder / "stdout.txt"
    if appears == "before":
        live.write_bytes(b"0123")
    received = bytearray()

    async def follow() -> None:
        url = f"/taskmon/tasks/{task_id}/files/stdout.txt"
        async with house.client.stream("GET", url, params={"follow": "true", "offset": 2}) as stream:
            assert stream.status_code == 200
            async for chunk in stream.aiter_raw():
                received.extend(chunk)

    following = asyncio.create_task(follow())
    if appears != "after":
        live.write_bytes(b"0123")
        await until_async(lambda: bytes(received) == b"23")
        with live.open("ab") as file:
            file.write(b"4567")
        await until_async(lambda: bytes(received) == b"234567")
        with live.open("ab") as file:
            file.write(b"89")
    await runner.say("TaskWorkFinished", task_id)
    await house.upload(f"/{task_id}/output.zip", an_archive({"stdout.txt": b"0123456789"}))
    live.unlink(missing_ok=True)
    await runner.say("TaskOutputUploaded", task_id, new_status="success")
    await asyncio.wait_for(following, 30)
    assert bytes(received) == b"23456789"

"""Events: what a user asks to be told about a task is told once, to a web address."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from taskmon.service.housekeeping import Housekeeper
from taskmon.service.work_folders import RETENTION
from tests.service.house import House, an_archive, assert_fits
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.service.fake_runner import FakeRunner


class Listener:
    """A web address that remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        self.heard.append(json.loads(await reader.readexactly(length)))
        assert "x-api-key" not in head
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    heard = Listener()
    server = await asyncio.start_server(heard.answer, "127.0.0.1", 0)
    heard.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield heard


async def wish(house: House, url: str, **trigger: Any) -> str:
    body = {"trigger": trigger, "action": {"action_type": "webhook", "webhook_url": url}}
    answer = await house.json("POST", "/events/", json=body, expect=201)
    assert isinstance(answer, str)
    return answer


async def test_stored_outputs_are_told_once(house: House, runner: FakeRunner, listener: Listener) -> None:
    await house.queue()
    task_id = await runner.compute()
    about = {"trigger_type": "task", "task_id": task_id}
    event = await wish(house, listener.url, trigger="task_output_uploaded", **about)
    await wish(house, listener.url, trigger="task_failed", **about)
    house.service.notifier.look()
    [first, _] = await house.json("GET", "/events/", params={"task_id": task_id})
    assert_fits(first, "EventInfo")
    assert first == {
        "event_id": event,
        "trigger": {"trigger_type": "task", "task_id": task_id},
        "action": {"action_type": "webhook", "webhook_url": listener.url},
    }
    await house.upload(f"/{task_id}/output.zip", an_archive({"stdout.txt": b"x"}))
    await runner.say("TaskWorkFinished", task_id)
    await runner.say("TaskOutputUploaded", task_id, new_status="success")
    for _ in range(2):
        house.service.notifier.look()
        await until_async(lambda: listener.heard)
    assert [(told["event_id"], told["status"], told["reason"]) for told in listener.heard] == [
        (event, "success", "task_output_uploaded")
    ]


async def test_an_observer_is_told_to_the_runner_and_back(house: House, runner: FakeRunner, listener: Listener) -> None:
    await house.queue()
    task_id = await runner.compute()
    about = {"trigger_type": "observer", "task_id": task_id, "file_path": "stdout.txt"}
    event = await wish(house, listener.url, trigger="file_regex_observer", regex="step (\\d+)", **about)
    told = await runner.message(task_id)
    assert told is not None
    message = json.loads(told)
    assert_fits(message, "runner.ObserverMessage")
    assert (message["observer_id"], message["regex"]) == (event, "step (\\d+)")
    [listed] = await house.json("GET", "/events/")
    assert_fits(listed, "EventInfo")
    seen = {"observer_id": event, "extra_params": {"captured": ["1", "2"]}}
    stranger = {**seen, "id": task_id, "timestamp": "2025-06-02T12:00:00Z", "elapsed_time_s": 0}
    body = {"type": "ObserverTriggered", "json": json.dumps(stranger)}
    await house.json("POST", "/task-runner/00000000-0000-0000-0000-000000000000/event", json=body)
    assert not house.service.notices.get(event).fired
    for _ in range(2):
        await runner.say("ObserverTriggered", task_id, **seen)
    await until_async(lambda: listener.heard)
    assert [(told["event_id"], told["captured"]) for told in listener.heard] == [(event, ["1", "2"])]
    assert await house.json("GET", "/events/") == []


@pytest.mark.parametrize(
    ("status", "told"), [("success", ["task_started"]), ("failed", ["task_started", "task_failed"])]
)
async def test_each_state_is_told_when_it_has_come_about(
    house: House, runner: FakeRunner, listener: Listener, status: str, told: list[str]
) -> None:
    task_id = await house.queue()
    for trigger in ("task_failed", "task_started"):
        await wish(house, listener.url, trigger=trigger, trigger_type="task", task_id=task_id)
    house.service.notifier.look()
    await runner.compute()
    house.service.notifier.look()
    await until_async(lambda: listener.heard)
    await house.upload(f"/{task_id}/output.zip", an_archive({"stdout.txt": b"x"}))
    await runner.say("TaskWorkFinished", task_id)
    await runner.say("TaskOutputUploaded", task_id, new_status=status)
    house.service.notifier.look()
    await until_async(lambda: len(listener.heard) >= len(told))
    assert [told["reason"] for told in listener.heard] == told
    assert len(house.service.notices.wanted(task_id)) == 2 - len(told)


async def test_what_did_not_come_about_is_forgotten_in_time(
    house: House, runner: FakeRunner, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskmon.service.housekeeping.FOLDERS_EVERY_S", 0.0)
    about = {"trigger": "file_exists_observer", "trigger_type": "observer", "file_path": "mesh"}
    await house.queue()
    ended, waiting = await runner.compute(), await house.submit()
    for task_id in (ended, waiting):
        await wish(house, listener.url, task_id=task_id, **about)
    await runner.say("TaskWorkFinished", ended)
    await runner.say("TaskOutputUploaded", ended, new_status="success")
    for past, left in ((RETENTION - timedelta(hours=1), {ended, waiting}), (timedelta(hours=2), {waiting})):
        house.clock.now += past
        Housekeeper(house.service).tick()
        assert {notice.task_id for notice in house.service.notices.wanted()} == left


async def test_an_event_is_read_and_removed(house: House, listener: Listener) -> None:
    task_id = await house.submit()
    event = await wish(house, listener.url, trigger_type="task", trigger="task_started", task_id=task_id)
    assert_fits(await house.json("GET", f"/events/{event}"), "EventInfo")
    answer = await house.client.delete(f"/events/{event}")
    assert (answer.status_code, answer.content) == (204, b"")
    await house.json("GET", f"/events/{event}", expect=404)
    await house.json("DELETE", f"/events/{event}", expect=404)


@pytest.mark.parametrize(
    "change",
    [
        {"trigger": "task_started", "trigger_type": "observer"},
        {"trigger": "machine_group_terminated", "trigger_type": "machine_group"},
        {"trigger": "file_regex_observer", "trigger_type": "observer", "file_path": "x", "regex": "("},
        {"trigger": "file_regex_observer", "trigger_type": "observer", "file_path": "x", "regex": ""},
        {"trigger": "file_exists_observer", "trigger_type": "observer"},
    ],
)
async def test_what_cannot_be_looked_out_for_is_refused(house: House, change: dict[str, Any]) -> None:
    trigger = {"task_id": await house.submit(), **change}
    body = {"trigger": trigger, "action": {"action_type": "webhook", "webhook_url": "http://127.0.0.1:1/"}}
    assert (await house.json("POST", "/events/", json=body, expect=422))["detail"]


@pytest.mark.parametrize(
    "action",
    [{"action_type": "webhook", "webhook_url": "file:///etc/passwd"}, {"action_type": "email", "email_address": "me"}],
)
async def test_who_cannot_be_told_is_refused(house: House, action: dict[str, Any]) -> None:
    trigger = {"trigger_type": "task", "trigger": "task_started", "task_id": await house.submit()}
    assert (await house.json("POST", "/events/", json={"trigger": trigger, "action": action}, expect=422))["detail"]
    known = {"action_type": "email", "email_address": "me@example.org"}
    unknown = {**trigger, "task_id": "nothing"}
    await house.json("POST", "/events/", json={"trigger": unknown, "action": known}, expect=404)

"""What the window asks about the selected task, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from taskmon.client.api import ServiceClient
from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.background import Background
from taskmon.gui.controllers.task_detail import TaskDetailController
from tests.builders import a_task
from tests.client.fake_service import FakeService, refuse
from tests.fakes import QuickLoop, StillClock
from tests.waiting import until_async


class Anything:
    """Takes every call; a widget, as far as this is about requests."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_args, **_named: None


class Model:
    counts_changed: Any = type("Signal", (), {"connect": lambda self, slot: None})()

    def explained(self, task: Task) -> Task:
        return task

    def status_counts(self) -> dict[Status, int]:
        return {}


class Window(Anything):
    def action(self, _wish: object) -> Anything:
        return Anything()


class Connection:
    unheard = timedelta(0)

    def __init__(self, service: FakeService) -> None:
        self._client = service.client()

    async def ready(self) -> ServiceClient:
        return self._client

    async def answers_again(self) -> None:
        """The poller is answered all the time."""


def an_hour_of(fault: Callable[[httpx.Request], httpx.Response], *, changing: bool) -> FakeService:
    """The service after a task was selected for an hour and every question about it answered by `fault`."""
    service = FakeService()
    service.put(a_task(task_id="a"))
    service.refusals["/tasks/a"] = fault

    async def story() -> None:
        bugs: list[Exception] = []
        store, panes = TaskStore(), [Anything() for _ in range(4)]
        store.apply(service.tasks.values())
        async with Background(lambda _: None, bugs.append) as background:
            unreal: list[Any] = [Connection(service), store, Model(), Window(), StillClock()]
            detail = TaskDetailController(background, *unreal)
            detail.show_in(*panes)  # type: ignore[arg-type]
            detail.select(["a"])
            for second in range(3600):
                await asyncio.sleep(1)
                if changing:
                    store.apply([service.advance("a", [Status.STARTED, Status.COMPUTATION_STARTED][second % 2])])
        assert not bugs

    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        runner.run(story())
    return service


async def test_the_times_of_a_silent_service_stand_where_it_was_heard_last() -> None:
    shown = list[datetime]()
    service, store, clock, bugs = FakeService(), TaskStore(), StillClock(), list[Exception]()
    store.apply([service.put(a_task(task_id="a", status=Status.COMPUTATION_STARTED))])

    class Diagram(Anything):
        def set_now(self, now: datetime) -> None:
            shown.append(now)

    async with Background(lambda _: None, bugs.append) as background:
        connection = Connection(service)
        unreal: list[Any] = [connection, store, Model(), Window(), clock]
        detail, diagram = TaskDetailController(background, *unreal), Diagram()
        detail.show_in(diagram, *[Anything() for _ in range(3)])  # type: ignore[arg-type]
        detail.select(["a"])
        await until_async(lambda: detail._detail is not None)
        clock.advance(10)
        detail.tick()
        heard = clock.now
        for pause in (3, 30):  # it is noticed a while later
            clock.advance(pause)
            connection.unheard = clock.now - heard
            detail.tick()
    assert shown == [heard] * 3
    assert not bugs


def test_a_detail_that_fails_is_asked_for_less_and_less_often() -> None:
    service = an_hour_of(lambda _: refuse(500, "Broken."), changing=False)
    assert 60 <= len(service.requests) <= 130


def test_nor_more_often_because_the_task_changes() -> None:
    service = an_hour_of(lambda _: refuse(500, "Broken."), changing=True)
    assert 60 <= len(service.requests) <= 130


def test_a_busy_service_says_when_it_is_asked_again() -> None:
    service = an_hour_of(lambda _: refuse(503, retry_after="600"), changing=True)
    assert len(service.requests) <= 6

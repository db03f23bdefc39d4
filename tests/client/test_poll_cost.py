"""What watching costs a service without a change feed: bounded, whatever the number of tasks; and what it obeys."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from taskmon.client.poller import Freshness, Poller
from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import FACTS, Status
from tests.builders import a_task, some_tasks
from tests.client.fake_service import FakeService, refuse
from tests.fakes import StillClock
from tests.waiting import until_async

LIVING = [status for status, known in FACTS.items() if not known.terminal]


class Hours:
    """A poller watched for some hours of a clock that only its rests move."""

    def __init__(self, service: FakeService, hours: float = 1.0, *, visible: bool = True) -> None:
        self.service, self.store, self.clock = service, TaskStore(), StillClock()
        self.end = self.clock.now + timedelta(hours=hours)
        self.told: list[Freshness] = []
        self.requests_of_step: list[int] = []
        self.poller = Poller(
            service.client(),
            self.store,
            clock=self.clock,
            on_freshness=self.told.append,
            wait=self._rest,
            jitter=lambda: 1.0,
        )
        self.poller.set_visible(visible)
        self.on_rest: Callable[[], object] = lambda: None

    async def _rest(self, event: asyncio.Event, seconds: float | None) -> None:
        self.requests_of_step.append(len(self.service.requests) - sum(self.requests_of_step))
        self.clock.advance(seconds or 0)
        if self.clock.now >= self.end or seconds is None:
            raise asyncio.CancelledError
        self.on_rest()

    async def run(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            await self.poller.watch_forever()


def a_service(ended: int, living: int = 0) -> FakeService:
    """`living` tasks are older than the `ended` ones, hence not on the newest page."""
    service = FakeService(feed=False, files=False)
    for number in range(living):
        service.put(a_task(task_id=f"old{number}", status=LIVING[number % len(LIVING)]))
    for task in some_tasks(ended, status=Status.SUCCESS):
        service.put(task)
    return service


async def test_a_hidden_idle_window_asks_at_most_130_times_an_hour() -> None:
    story = Hours(a_service(1000), visible=False)
    await story.run()
    assert len(story.store) == 1000
    assert len(story.service.requests) <= 130


@pytest.mark.parametrize("living", [0, 3, 50, 700])
async def test_a_step_costs_the_newest_page_and_one_question_per_living_state(living: int) -> None:
    story = Hours(a_service(500, living), hours=0.1)
    await story.run()
    assert dict(story.store.tasks) == story.service.tasks
    assert max(story.requests_of_step[1:]) <= 1 + len(LIVING)


async def test_the_cost_does_not_depend_on_the_number_of_ended_tasks() -> None:
    costs = []
    for ended in (300, 1200):
        story = Hours(a_service(ended, 20), hours=0.1)
        await story.run()
        costs.append(sum(story.requests_of_step[1:]))
    assert costs[0] == costs[1]


async def test_old_tasks_that_all_end_at_once_are_seen_within_the_bound() -> None:
    story = Hours(a_service(300, 60), hours=0.1)

    def end_all(at: list[int] = [0]) -> None:  # noqa: B006 - counts the calls
        at[0] += 1
        if at[0] == 5:
            for number in range(60):
                story.service.advance(f"old{number}", Status.SUCCESS)

    story.on_rest = end_all
    await story.run()
    assert dict(story.store.tasks) == story.service.tasks
    assert max(story.requests_of_step[1:]) <= 1 + len(LIVING)


async def test_a_visible_window_asks_quickly_while_things_move_and_rarely_when_nothing_does() -> None:
    moving, quiet = Hours(a_service(10, 5), hours=0.2), Hours(a_service(10, 5), hours=0.2)
    turn = iter(range(10**6))
    moving.on_rest = lambda: moving.service.advance("old0", LIVING[next(turn) % len(LIVING)])
    await moving.run()
    await quiet.run()
    assert len(moving.requests_of_step) > 3 * len(quiet.requests_of_step)


@pytest.mark.parametrize("status", [429, 503])
async def test_nothing_is_asked_before_the_service_wants_it_not_even_on_request(status: int) -> None:
    service = FakeService(feed=False, files=False)
    service.faults.append(lambda _: refuse(status, "Slowly.", retry_after="42"))
    begun: list[float | None] = []
    rested = asyncio.Event()

    async def rest(event: asyncio.Event, seconds: float | None) -> None:
        begun.append(seconds)
        asked = asyncio.create_task(event.wait())
        await asyncio.wait({asked, asyncio.create_task(rested.wait())}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()

    poller = Poller(
        service.client(),
        TaskStore(),
        clock=StillClock(),
        on_freshness=lambda _: None,
        wait=rest,
        jitter=lambda: 0.0,
    )
    watching = asyncio.create_task(poller.watch_forever())
    await until_async(lambda: begun)
    poller.poke()
    poller.set_visible(False)
    poller.set_visible(True)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (begun, len(service.requests)) == ([42], 1)
    rested.set()
    await until_async(lambda: len(service.requests) > 1)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_poke_ends_a_long_poll_and_asks_without_waiting() -> None:
    service = FakeService(files=False)
    service.put(a_task(task_id="a"))
    waits: list[str] = []
    handle = service._handle

    async def hold(request: httpx.Request) -> httpx.Response:
        if "since" in request.url.params:
            waits.append(request.url.params["wait_s"])
            if float(waits[-1]) > 0:
                await asyncio.Event().wait()
        return await handle(request)

    service._handle = hold  # type: ignore[method-assign]
    told: list[Freshness] = []
    poller = Poller(service.client(), TaskStore(), clock=StillClock(), on_freshness=told.append)
    watching = asyncio.create_task(poller.watch_forever())
    await until_async(lambda: waits)
    heard = len(told)
    poller.poke()
    poller.poke()
    await until_async(lambda: len(waits) >= 2 and len(told) > heard)
    assert waits[:2] == ["5.0", "0.0"]
    assert all(freshness.connected for freshness in told)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


@pytest.mark.parametrize("feed", [True, False], ids=["feed", "lists"])
async def test_a_late_answer_is_told_while_it_is_waited_for(feed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskmon.client.overdue.LATE_S", 0.05)
    monkeypatch.setattr("taskmon.client.poller._WAIT_S", 0.05)
    service = FakeService(feed=feed, files=False)
    service.put(a_task(task_id="a"))
    handle, thaw, frozen = service._handle, asyncio.Event(), False

    async def hold(request: httpx.Request) -> httpx.Response:
        if frozen:
            await thaw.wait()
        return await handle(request)

    service._handle = hold  # type: ignore[method-assign]
    told: list[Freshness] = []

    async def short_rest(_event: asyncio.Event, _seconds: float | None) -> None:
        await asyncio.sleep(0.01)

    poller = Poller(service.client(), TaskStore(), clock=StillClock(), on_freshness=told.append, wait=short_rest)
    watching = asyncio.create_task(poller.watch_forever())
    await until_async(lambda: told and told[-1].whole)
    await asyncio.sleep(0.3)
    assert all(freshness.connected for freshness in told)  # a long poll that is not due yet is not late
    frozen = True
    await until_async(lambda: told[-1].waiting)
    assert not told[-1].connected
    asked = len(service.requests)
    thaw.set()
    await until_async(lambda: told[-1].connected and not told[-1].waiting)
    assert len(service.requests) <= asked + 2  # nobody had to ask again
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_the_states_that_are_asked_for_are_asked_for_once_a_step() -> None:
    story = Hours(a_service(300, 50), hours=0.05)
    await story.run()
    first = sum(story.requests_of_step[:1])
    second = story.service.requests[first : first + story.requests_of_step[1]]
    asked = Counter(request.url.params.get("status") for request in second)
    assert asked == Counter([None, *(status.value for status in LIVING)])

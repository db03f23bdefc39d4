"""The poller: whatever happens to the service, the store ends up equal to it, and the badge tells the truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.client.poller import Freshness, Poller, wait_for_event
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import ConnectionFailedError, NotAuthorizedError
from taskmon.core.lifecycle import Status, facts
from tests.builders import a_task, some_tasks
from tests.client.fake_service import FakeService, break_off, refuse, unreachable
from tests.fakes import StillClock
from tests.waiting import until_async

Step = Callable[[], object]


class Finished(Exception):
    """The story is over."""


class Story:
    """Runs a poller with a step of the story at every rest, and `calm` quiet rests at the end."""

    def __init__(self, service: FakeService, steps: Sequence[Step] = (), calm: int = 3, page_size: int = 200) -> None:
        self.service = service
        self.store = TaskStore()
        self.clock = StillClock()
        self.rests: list[float | None] = []
        self.told: list[Freshness] = []
        self._steps: list[Step] = [*steps, *[lambda: None] * calm]
        self.poller = Poller(
            service.client(),
            self.store,
            clock=self.clock,
            on_freshness=self.told.append,
            wait=self._rest,
            jitter=lambda: 1.0,
            page_size=page_size,
        )

    async def _rest(self, event: asyncio.Event, seconds: float | None) -> None:
        self.rests.append(seconds)
        self.clock.advance(seconds or 0)
        if not self._steps:
            raise Finished
        self._steps.pop(0)()

    async def run(self) -> None:
        with pytest.raises(Finished):
            await self.poller.watch_forever()

    def agrees(self) -> bool:
        return dict(self.store.tasks) == self.service.tasks


@pytest.fixture(params=[True, False], ids=["feed", "lists"])
def service(request: pytest.FixtureRequest) -> FakeService:
    return FakeService(feed=request.param, files=False)


async def test_everything_is_loaded_newest_first_with_progress(service: FakeService) -> None:
    for task in reversed(some_tasks(450)):
        service.put(task)
    story = Story(service)
    await story.run()
    assert story.agrees()
    progress = [(told.loaded, told.total) for told in story.told]
    answers = [(0, 0)] if service.feed else []  # about extensions: it says nothing of tasks
    pages = [*answers, (200, 450), (400, 450), (450, 450)]
    assert progress[: len(pages)] == pages
    assert progress[-1] == (450, 450)
    assert [told.whole for told in story.told[: len(pages)]] == [False] * len(pages)  # none of them is all
    assert story.told[-1].whole


async def test_another_program_at_the_address_is_no_answer(service: FakeService) -> None:
    service.put(a_task())
    service.faults += [lambda _: httpx.Response(404, text="File not found")] * 4  # extensions and list, twice
    story = Story(service)
    await story.run()
    assert [told.connected for told in story.told[:3]] == [False, False, True]
    assert [told.last_answer for told in story.told[:2]] == [None, None]
    assert story.agrees()


async def test_what_is_remembered_before_the_first_page_arrives_is_gone_after_the_load(service: FakeService) -> None:
    service.put(a_task(task_id="real"))
    story = Story(service)
    handle = service._handle

    async def handle_and_remember(request: httpx.Request) -> httpx.Response:
        reply = await handle(request)
        if request.url.path == "/tasks" and not any(told.total for told in story.told):
            story.store.apply([a_task(task_id="remembered")])
        return reply

    service._handle = handle_and_remember  # type: ignore[method-assign]
    await story.run()
    assert set(story.store.tasks) == {"real"}


async def test_changes_new_tasks_and_removals_arrive(service: FakeService) -> None:
    for task in some_tasks(5):
        service.put(task)
    ids = list(service.tasks)
    steps: list[Step] = [
        lambda: service.advance(ids[0], Status.SUCCESS),
        lambda: service.put(a_task(name="new")),
        lambda: service.remove(ids[1]),
        lambda: service.advance(ids[2], Status.KILLED),
    ]
    story = Story(service, steps)
    await story.run()
    assert story.agrees()


async def test_an_old_task_that_ends_is_noticed_behind_a_page_of_newer_ones() -> None:
    service = FakeService(feed=False, files=False)
    old = service.put(a_task(task_id="old"))
    for task in some_tasks(300, status=Status.SUCCESS):
        service.put(task)
    story = Story(service, [lambda: service.advance(old.task_id, Status.FAILED)])
    await story.run()
    assert story.agrees()


async def test_an_old_task_that_is_queued_again_is_noticed() -> None:
    service = FakeService(feed=False, files=False)
    service.put(a_task(task_id="old", status=Status.SPOT_INSTANCE_PREEMPTED))
    for task in some_tasks(300, status=Status.SUCCESS):
        service.put(task)
    story = Story(service, [lambda: service.advance("old", Status.SUBMITTED)], calm=22)
    await story.run()
    assert story.agrees()


async def test_tasks_removed_while_loading_pull_nothing_out_of_sight(service: FakeService) -> None:
    for task in reversed(some_tasks(450)):
        service.put(task)
    newest = list(reversed(service.tasks))

    def remove_during_the_first_page(request: httpx.Request) -> None:
        if request.url.path == "/tasks" and len(service.paths()) < 4:
            for task_id in newest[:3]:
                if task_id in service.tasks:
                    service.remove(task_id)

    service.after_request = remove_during_the_first_page
    story = Story(service, calm=6)
    await story.run()
    assert story.agrees()


@pytest.mark.parametrize("seed", range(8))
async def test_no_task_is_lost_or_doubled_while_pages_load(service: FakeService, seed: int) -> None:
    """Tasks are submitted, end and are deleted between any two pages, also while the next one is on its way."""
    chance, fresh = random.Random(seed), iter(some_tasks(200))
    for task in reversed(some_tasks(150, project="old")):
        service.put(replace(task, task_id=f"old-{task.task_id}"))

    def meddle(request: httpx.Request) -> None:
        if request.url.path != "/tasks" or len(service.paths()) > 40:
            return
        for _ in range(chance.randrange(3)):
            service.put(next(fresh))
        for _ in range(chance.randrange(3)):
            service.remove(chance.choice(list(service.tasks)))
        service.advance(chance.choice(list(service.tasks)), Status.KILLED)

    service.after_request = meddle
    story = Story(service, calm=30, page_size=10)
    await story.run()
    assert story.agrees()
    counts = [(told.loaded, told.total) for told in story.told]
    assert all(loaded <= total for loaded, total in counts)


async def test_the_store_survives_an_outage_and_says_so(service: FakeService) -> None:
    service.put(a_task(task_id="a"))
    story = Story(service, [lambda: service.faults.extend([unreachable] * 3), *[lambda: None] * 4], calm=3)
    await story.run()
    away = [told for told in story.told if not told.connected]
    assert len(away) == 3
    assert isinstance(away[0].problem, ConnectionFailedError)
    assert away[0].last_answer is not None
    assert story.agrees()
    assert story.told[-1].connected
    assert story.rests.count(0.5) == story.rests.count(1.0) == 1 or service.feed


async def test_failures_are_followed_by_growing_rests() -> None:
    service = FakeService()
    service.faults.extend([unreachable] * 8)
    story = Story(service, calm=7)
    await story.run()
    assert story.rests == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


@pytest.mark.parametrize(("dice", "first"), [(0.0, 0.25), (0.5, 0.375), (1.0, 0.5)])
async def test_windows_that_lost_a_service_together_do_not_come_back_together(dice: float, first: float) -> None:
    service = FakeService()
    service.faults.extend([unreachable] * 4)
    story = Story(service, calm=3)
    story.poller._jitter = lambda: dice
    await story.run()
    assert story.rests == [first * 2**failure for failure in range(4)]


@pytest.mark.parametrize(("asked", "rest"), [("0", 0.25), ("7", 7), ("86400", 3600)])
async def test_a_service_may_ask_for_an_hour_at_most(service: FakeService, asked: str, rest: float) -> None:
    service.faults.append(lambda _: refuse(503, retry_after=asked))
    story = Story(service, calm=1)
    story.poller._jitter = lambda: 0.0
    await story.run()
    assert story.rests[0] == rest


async def test_nobody_cuts_the_rest_short_that_a_service_asked_for(service: FakeService) -> None:
    service.faults.append(lambda _: refuse(429, retry_after="42"))
    poked: list[bool] = []
    story = Story(service, calm=1)
    rest = story.poller._wait

    async def watched(event: asyncio.Event, seconds: float | None) -> None:
        story.poller.poke()
        poked.append(event.is_set())
        await rest(event, seconds)

    story.poller._wait = watched
    await story.run()
    assert story.rests[0] == 52.5
    assert poked[:2] == [False, True]  # deaf in the first rest, not in the next


@pytest.mark.parametrize(("dice", "rest"), [(0.0, 42), (0.5, 47.25), (1.0, 52.5)])
async def test_windows_that_were_sent_away_together_do_not_come_back_together(
    service: FakeService, dice: float, rest: float
) -> None:
    service.faults.append(lambda _: refuse(429, "Slowly.", retry_after="42"))
    story = Story(service, calm=1)
    story.poller._jitter = lambda: dice
    await story.run()
    assert story.rests[0] == rest


async def test_a_service_that_wants_to_be_asked_again_at_once_and_refuses_is_asked_less_and_less() -> None:
    service = FakeService()
    service.faults.extend([lambda _: refuse(503, retry_after="0")] * 6)
    story = Story(service, calm=5)
    await story.run()
    assert story.rests == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0]


async def test_a_refused_key_stops_everything_until_somebody_pokes(service: FakeService) -> None:
    service.faults.append(lambda _: refuse(401, "No."))
    service.put(a_task(task_id="a"))
    store, told = TaskStore(), list[Freshness]()
    poller = Poller(service.client(), store, clock=StillClock(), on_freshness=told.append)
    watching = asyncio.create_task(poller.watch_forever())
    await until_async(lambda: told)
    poller.set_visible(False)
    poller.set_visible(True)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(service.requests) == 1
    assert isinstance(told[-1].problem, NotAuthorizedError)
    poller.poke()
    await until_async(lambda: len(store) == 1)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_a_service_that_allows_few_questions_a_minute_is_loaded_all_the_same(service: FakeService) -> None:
    for task in reversed(some_tasks(450)):
        service.put(task)
    handle, asked = service._handle, list[datetime]()

    async def limited(request: httpx.Request) -> httpx.Response:
        lately = [at for at in asked if story.clock.now - at < timedelta(seconds=60)]
        if len(lately) >= 9:
            service.requests.append(request)
            return refuse(429, "9 questions a minute.", retry_after="60")
        asked.append(story.clock.now)
        return await handle(request)

    service._handle = limited  # type: ignore[method-assign]
    story = Story(service, calm=8, page_size=10)
    await story.run()
    assert story.agrees()
    pages = [request.url.params["page"] for request in service.requests if request.url.path == "/tasks"]
    assert len(pages) <= 45 + 2 * 8 + 8  # each once, those refused and their followers twice, and what follows the load
    loaded = [told.loaded for told in story.told if not told.whole]
    assert loaded == sorted(loaded)  # nobody sees it begin again


async def test_a_load_goes_on_after_an_outage_and_sees_what_happened_meanwhile(service: FakeService) -> None:
    for task in reversed(some_tasks(100)):
        service.put(task)
    newest = list(reversed(service.tasks))

    def meddle() -> None:
        service.remove(newest[3])
        service.put(a_task(task_id="new"))
        service.advance(newest[5], Status.KILLED)

    service.faults.extend([None] * (5 if service.feed else 4) + [unreachable] * 3)
    story = Story(service, [meddle], calm=8, page_size=10)
    await story.run()
    assert story.agrees()


async def test_another_database_is_loaded_without_alarm() -> None:
    service = FakeService()
    service.put(a_task(task_id="a"))

    def replace_it() -> None:
        service.replace_database()
        service.put(a_task(task_id="b"))

    story = Story(service, [lambda: None, replace_it])
    await story.run()
    assert list(story.store.tasks) == ["b"]
    assert all(told.connected for told in story.told)


async def test_a_service_that_lost_its_feed_is_watched_by_lists() -> None:
    service = FakeService()
    service.put(a_task(task_id="a"))

    def lose_feed() -> None:
        service.feed = service.files_offered = False

    story = Story(service, [lose_feed, lambda: None, lambda: service.put(a_task(task_id="b"))])
    await story.run()
    assert story.agrees()


async def test_a_hidden_window_asks_less_often(service: FakeService) -> None:
    story = Story(service)
    story.poller.set_visible(False)
    await story.run()
    quiet = story.rests[-1]
    assert quiet is not None
    assert quiet >= 5


async def test_a_feed_that_does_not_wait_is_not_hammered() -> None:
    story = Story(FakeService(), calm=5)
    await story.run()
    assert all(rest and rest >= 1 for rest in story.rests[2:])


async def test_lists_are_asked_less_often_while_nothing_moves() -> None:
    service = FakeService(feed=False, files=False)
    task = service.put(a_task())
    steps = [*[lambda: None] * 12, lambda: service.advance(task.task_id, Status.KILLED)]
    story = Story(service, steps)
    await story.run()
    rests = [rest or 0 for rest in story.rests]
    assert rests[12] == 10
    assert min(rests[13:]) == 2


async def test_a_poke_cuts_a_rest_short() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.wait_for(wait_for_event(event, None), 30)
    await asyncio.wait_for(wait_for_event(asyncio.Event(), 0.0), 30)


_STEP = st.tuples(
    st.sampled_from(["new", "advance", "remove", "cut", "away", "busy", "broken", "replace", "calm"]),
    st.integers(0, 1000),
)


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.lists(_STEP, max_size=25), st.integers(1, 4))
def test_store_and_service_are_equal_after_any_story(feed: bool, story: list[tuple[str, int]], page: int) -> None:
    service = FakeService(feed=feed, files=False)
    fresh = iter(some_tasks(100))

    def act(kind: str, number: int) -> None:
        ids = list(service.tasks)
        if kind == "new":
            service.put(next(fresh))
        elif kind == "advance" and ids:
            task, status = service.tasks[ids[number % len(ids)]], list(Status)[number % len(Status)]
            if not (task.is_terminated and facts(status).terminal):  # what has ended does not end otherwise
                service.advance(task.task_id, status)
        elif kind == "remove" and ids:
            service.remove(ids[number % len(ids)])
        elif kind == "replace":
            service.replace_database()
        elif kind in faults:
            service.faults.extend([None] * (number % 3) + [faults[kind]] * (1 + number % 2))

    faults = {
        "cut": break_off,
        "away": unreachable,
        "busy": lambda _: refuse(503, retry_after="1"),
        "broken": lambda _: httpx.Response(200, content=b"?"),
    }
    steps = [lambda kind=kind, number=number: act(kind, number) for kind, number in story]
    told = Story(service, steps, calm=60, page_size=page)
    asyncio.run(told.run())
    assert dict(told.store.tasks) == service.tasks
    assert told.told[-1].connected

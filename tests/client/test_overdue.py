"""How soon a silent service is told, and that a slow one is not; what a window does after its computer slept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import httpx

from taskmon.client.overdue import LATE_S
from taskmon.client.poller import Freshness, Poller
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import NotAuthorizedError
from taskmon.core.extensions import BEAT
from tests.builders import a_task
from tests.client.fake_service import FakeService, refuse
from tests.fakes import QuickLoop

BEAT_S = 1.0


class WaitingService(FakeService):
    """Waits with the answer of its feed as long as it is asked to. Every answer takes `slow_s` seconds more; while it
    is `frozen` it says nothing; questions that were asked while the line is `cut` are never answered."""

    def __init__(self, *, beats: bool = True, feed: bool = True) -> None:
        super().__init__(feed=feed, files=False)
        self.beats = beats
        self.slow_s = 0.0
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.line = object()

    def freeze(self) -> None:
        self.thawed.clear()

    def cut(self) -> None:
        """What is under way now never arrives; what is asked from now on does."""
        self.line = object()

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        line = self.line
        await self._say(line)
        await asyncio.sleep(self.slow_s)
        reply = await super()._handle(request)
        query = request.url.params
        wait_s = float(query.get("wait_s", 0))
        if not wait_s or reply.status_code != 200 or json.loads(reply.content)["tasks"]:
            return reply
        beat_s = float(query["beat_s"]) if self.beats and "beat_s" in query else None
        if beat_s is None:
            await asyncio.sleep(wait_s)
            await self._say(line)
            return reply
        return httpx.Response(200, stream=self._beating(line, wait_s, beat_s, reply.content))

    def _beating(self, line: object, wait_s: float, beat_s: float, content: bytes) -> httpx.AsyncByteStream:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(int(wait_s / beat_s)):
                await self._say(line)
                yield BEAT
                await asyncio.sleep(beat_s)
            await self._say(line)
            yield content

        class Stream(httpx.AsyncByteStream):
            def __aiter__(self) -> AsyncIterator[bytes]:
                return pieces()

        return Stream()

    async def _say(self, line: object) -> None:
        await self.thawed.wait()
        if line is not self.line:
            await asyncio.Event().wait()


class World:
    """A poller that watches `service`, in a time of its own."""

    def __init__(self, service: WaitingService) -> None:
        self.service, self.store = service, TaskStore()
        self.told: list[tuple[float, Freshness]] = []
        self.slept = timedelta(0)
        self.poller = Poller(
            service.client(), self.store, clock=self.clock, on_freshness=self._note, jitter=lambda: 1.0
        )

    def clock(self) -> datetime:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QuickLoop)
        return loop.now() + self.slept

    def _note(self, freshness: Freshness) -> None:
        self.told.append((asyncio.get_running_loop().time(), freshness))

    def complaints(self) -> list[Freshness]:
        return [told for _, told in self.told if not told.connected]

    async def next_question(self) -> None:
        asked = len(self.service.requests)
        while len(self.service.requests) == asked:
            await asyncio.sleep(0.05)

    async def seconds_until(self, condition: Callable[[Freshness], bool]) -> float:
        """How long it takes until what was told last is so."""
        began = asyncio.get_running_loop().time()
        while not condition(self.told[-1][1]):
            await asyncio.sleep(0.05)
            assert asyncio.get_running_loop().time() < began + 200
        return asyncio.get_running_loop().time() - began


def live_through(story: Callable[[World], Awaitable[None]], service: Callable[[], WaitingService]) -> None:
    async def whole() -> None:
        world = World(service())
        world.service.put(a_task(task_id="a"))
        watching = asyncio.create_task(world.poller.watch_forever())
        while not (world.told and world.told[-1][1].whole):
            await asyncio.sleep(0.01)
        await story(world)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        runner.run(whole())


def silent(freshness: Freshness) -> bool:
    return not freshness.connected


def live(freshness: Freshness) -> bool:
    return freshness.connected


def test_a_service_that_freezes_is_told_at_once_and_by_no_more_requests() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(60.3)
        assert world.complaints() == []
        assert len(world.service.requests) <= 3 + 60 / 5
        last = world.clock()
        world.service.freeze()
        asked = len(world.service.requests)
        assert await world.seconds_until(silent) <= BEAT_S + LATE_S
        assert world.told[-1][1].waiting
        assert world.told[-1][1].told
        answered = world.told[-1][1].last_answer
        assert answered is not None
        assert last - timedelta(seconds=BEAT_S) <= answered <= last  # the moment up to which all was known
        assert len(world.service.requests) == asked
        world.service.thawed.set()
        assert await world.seconds_until(live) < 0.1

    live_through(story, WaitingService)


def test_a_service_that_knows_of_no_beats_is_told_when_its_answer_is_due() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(60)
        assert world.complaints() == []
        world.service.freeze()
        assert await world.seconds_until(silent) <= 5 + LATE_S + 0.1

    live_through(story, lambda: WaitingService(beats=False))


def test_a_service_without_a_feed_is_told_soon_after_it_was_asked() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(120)  # nothing moves: it is asked every ten seconds
        assert not world.told[-1][1].told
        assert world.complaints() == []
        world.service.freeze()
        assert await world.seconds_until(silent) <= 10 + LATE_S + 0.1

    live_through(story, lambda: WaitingService(feed=False))


def test_a_service_that_is_always_slow_is_not_called_silent() -> None:
    def slow(feed: bool) -> WaitingService:
        service = WaitingService(feed=feed)
        service.slow_s = 9.0
        return service

    async def story(world: World) -> None:
        await asyncio.sleep(600)
        assert world.complaints() == []
        world.service.freeze()
        assert await world.seconds_until(silent) <= 60 + 15  # without a feed it is given its rest
        assert len(world.service.requests) < 200

    for feed in (True, False):
        live_through(story, lambda feed=feed: slow(feed))  # type: ignore[misc]


def test_a_service_that_was_slow_once_is_soon_expected_to_be_quick_again() -> None:
    async def story(world: World) -> None:
        world.service.slow_s = 9.0
        await asyncio.sleep(60)
        world.service.slow_s = 0.0
        await asyncio.sleep(120)
        world.service.freeze()
        assert await world.seconds_until(silent) <= BEAT_S + LATE_S + 0.1

    live_through(story, WaitingService)


def test_a_connection_that_is_dead_is_left_for_a_new_one() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(31.3)
        asked = len(world.service.requests)
        world.service.cut()
        assert await world.seconds_until(silent) <= BEAT_S + LATE_S
        assert await world.seconds_until(live) <= 8
        assert len(world.service.requests) == asked + 1

    live_through(story, WaitingService)


def test_who_asks_for_it_does_not_wait_for_a_dead_connection() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(31.3)
        world.service.freeze()
        await world.seconds_until(silent)
        await asyncio.sleep(10)  # the question that was asked next waits too
        world.service.cut()
        world.service.thawed.set()
        world.poller.poke()
        assert await world.seconds_until(live) < 0.2

    for feed in (True, False):
        live_through(story, lambda feed=feed: WaitingService(feed=feed))  # type: ignore[misc]


def test_a_beat_after_all_is_as_good_as_an_answer() -> None:
    async def story(world: World) -> None:
        await world.next_question()
        asked = len(world.service.requests)
        world.service.freeze()
        await world.seconds_until(silent)
        await asyncio.sleep(6.8)  # soon it would be given up
        world.service.thawed.set()
        assert await world.seconds_until(live) < 0.1
        await asyncio.sleep(1)
        assert len(world.service.requests) == asked
        await asyncio.sleep(30)
        assert world.told[-1][1].connected
        assert len(world.complaints()) == 1

    live_through(story, WaitingService)


def test_a_window_that_is_seen_again_asks_at_once() -> None:
    async def story(world: World) -> None:
        world.poller.set_visible(False)
        await asyncio.sleep(47)
        assert "beat_s" not in world.service.requests[-1].url.params  # nobody looks
        asked, told = len(world.service.requests), len(world.told)
        world.service.freeze()
        world.poller.set_visible(True)
        assert await world.seconds_until(silent) <= LATE_S + 0.1
        assert len(world.service.requests) <= asked + 1
        assert len(world.told) == told + 1

    live_through(story, WaitingService)


def test_after_a_sleep_of_the_computer_nothing_is_taken_for_new() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(30.3)
        last = world.clock()
        world.slept = timedelta(hours=8)
        world.service.cut()  # what was connected is not any more
        world.poller.wake_up()
        woken = world.told[-1][1]
        assert woken.waiting
        assert not woken.connected
        assert woken.last_answer is not None
        assert woken.last_answer <= last
        assert await world.seconds_until(live) < 0.1
        assert len(world.complaints()) == 1

    live_through(story, WaitingService)


def test_after_a_sleep_a_first_question_without_an_answer_is_asked_again_soon() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(30.3)
        world.slept = timedelta(hours=8)
        world.service.freeze()
        world.poller.wake_up()
        await asyncio.sleep(1)
        asked = len(world.service.requests)
        world.service.cut()
        world.service.thawed.set()
        assert await world.seconds_until(live) <= 5
        assert len(world.service.requests) <= asked + 2

    live_through(story, WaitingService)


def test_a_hidden_window_takes_its_time_after_a_sleep() -> None:
    async def story(world: World) -> None:
        world.poller.set_visible(False)
        await asyncio.sleep(40)
        asked = len(world.service.requests)
        world.slept = timedelta(hours=8)
        world.service.cut()
        world.poller.wake_up()
        await asyncio.sleep(5)
        assert len(world.service.requests) == asked
        await world.seconds_until(live)

    live_through(story, WaitingService)


def test_the_rest_that_a_service_asked_for_passes_while_the_computer_sleeps() -> None:
    async def story(world: World) -> None:
        world.service.faults.append(lambda _: refuse(503, retry_after="3600"))
        await world.seconds_until(silent)
        asked, problem = len(world.service.requests), world.told[-1][1].problem
        world.poller.wake_up()
        await asyncio.sleep(30)
        assert len(world.service.requests) == asked  # the hour is not over
        assert world.told[-1][1].problem is problem
        world.slept = timedelta(hours=1)
        world.poller.wake_up()
        assert await world.seconds_until(live) < 0.1

    live_through(story, WaitingService)


def test_a_refused_key_is_still_named_after_a_sleep() -> None:
    async def story(world: World) -> None:
        world.service.faults.append(lambda _: refuse(401))
        await world.seconds_until(silent)
        world.poller.set_visible(False)
        world.poller.wake_up()
        world.poller.set_visible(True)
        await asyncio.sleep(600)
        assert isinstance(world.told[-1][1].problem, NotAuthorizedError)

    live_through(story, WaitingService)


def test_a_question_that_is_ending_may_be_given_up_again() -> None:
    async def story(world: World) -> None:
        await asyncio.sleep(31.3)
        for _ in range(6):
            world.poller.poke()
            await asyncio.sleep(0)
        assert await world.seconds_until(live) < 0.2

    live_through(story, WaitingService)

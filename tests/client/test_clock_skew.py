"""The service's clock as seen from here: durations are true although the clocks disagree."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.client.clock_skew import ClockSkew, ServerClock
from taskmon.client.poller import Freshness, Poller
from taskmon.client.task_store import TaskStore
from tests.client.fake_service import FakeService
from tests.fakes import StillClock
from tests.waiting import until_async


@given(
    st.floats(-900, 900),
    st.lists(st.tuples(st.floats(0, 25), st.floats(0, 1), st.floats(0, 60)), min_size=1, max_size=8),
)
def test_the_skew_is_known_to_two_seconds_once_an_answer_was_quick(
    ahead: float, answers: list[tuple[float, float, float]]
) -> None:
    clock, skew = StillClock(), ClockSkew()
    quick = False
    for took, stale, pause in answers:
        asked, answered = clock.now, clock.advance(took)
        said = answered + timedelta(seconds=ahead - stale)
        skew.hear(said.replace(microsecond=0), asked, answered)
        clock.advance(pause)
        quick = quick or took < 1
    if quick:
        assert abs(skew.skew.total_seconds() - ahead) <= 3


def test_clocks_that_may_agree_do() -> None:
    clock, skew = StillClock(), ClockSkew()
    assert skew.skew == timedelta(0)
    clock.advance(0.9)
    skew.hear(clock.now.replace(microsecond=0), clock.now, clock.advance(0.01))
    assert skew.skew == timedelta(0)


def test_a_clock_that_was_set_is_believed_again() -> None:
    clock, skew = StillClock(), ClockSkew()
    for ahead in (300, -120, 0):
        for _ in range(3):
            skew.hear(clock.now + timedelta(seconds=ahead), clock.now, clock.advance(0.05))
        assert abs(skew.skew.total_seconds() - ahead) <= 2


def test_a_service_that_was_stopped_and_goes_on_does_not_turn_the_clock_back() -> None:
    clock, skew = StillClock(), ClockSkew()
    stopped_at = clock.now
    skew.hear(stopped_at, clock.now, clock.now)
    clock.advance(22)
    skew.hear(stopped_at, clock.now, clock.advance(0.01))
    assert skew.skew == timedelta(0)
    skew.hear(clock.now, clock.now, clock.advance(0.01))
    clock.advance(60)
    skew.hear(stopped_at, clock.now, clock.advance(0.01))
    assert skew.skew == timedelta(0)


@pytest.mark.parametrize("minutes", [-7, 0, 7])
async def test_the_watcher_tells_how_far_the_service_is_ahead(minutes: int) -> None:
    clock, service, told = StillClock(), FakeService(), list[Freshness]()
    service_now = ServerClock(clock)
    service_now.skew = timedelta(minutes=minutes)
    _date_answers(service, service_now)
    poller = Poller(service.client(), TaskStore(), clock=clock, on_freshness=told.append)
    watching = asyncio.create_task(poller.watch_forever())
    await until_async(lambda: told)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert abs(told[-1].skew - service_now.skew) <= timedelta(seconds=2)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Mon, 02 Jun 2025 11:00:00 GMT", "age": "60"}])
async def test_an_answer_without_a_date_of_its_own_says_nothing(headers: dict[str, str]) -> None:
    service = FakeService()
    service.faults.append(lambda _: httpx.Response(200, json=[], headers=headers))
    async with service.client() as client:
        await client.projects()
        assert client.last_date is None


def _date_answers(service: FakeService, now: Callable[[], object]) -> None:
    handle = service._handle

    async def dated(request: httpx.Request) -> httpx.Response:
        reply = await handle(request)
        reply.headers["date"] = format_datetime(now(), usegmt=True)  # type: ignore[arg-type]
        return reply

    service._handle = dated  # type: ignore[method-assign]

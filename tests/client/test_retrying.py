"""How often what failed is asked again."""

from __future__ import annotations

import asyncio

import pytest

from taskmon.client.retrying import Retries, retry_pause
from taskmon.core.errors import BusyError, ServiceFailedError, TaskmonError
from tests.fakes import QuickLoop

BROKEN = ServiceFailedError("The service failed.")


def busy(seconds: float | None) -> TaskmonError:
    return BusyError("Slowly.", "", seconds)


def test_rests_grow_to_the_longest_and_differ_between_windows() -> None:
    assert [retry_pause(n, BROKEN, (3.0, 60.0), lambda: 1.0) for n in (1, 2, 3, 5, 6, 10**6)] == [3, 6, 12, 48, 60, 60]
    assert [retry_pause(n, BROKEN, (3.0, 60.0), lambda: 0.0) for n in (1, 2, 10**6)] == [1.5, 3, 30]


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(None, 1.5, 3), (0, 1.5, 3), (2, 2, 3), (40, 40, 50), (1000, 1000, 1030), (1e9, 3600, 3630)],
)
def test_nobody_comes_back_sooner_than_the_service_wants_nor_all_at_once(
    asked: float | None, least: float, most: float
) -> None:
    assert retry_pause(1, busy(asked), (3.0, 60.0), lambda: 0.0) == least
    assert retry_pause(1, busy(asked), (3.0, 60.0), lambda: 1.0) == most


def test_what_is_begun_anew_waits_as_long_as_what_it_replaces() -> None:
    async def story() -> list[float]:
        loop, retries, tried = asyncio.get_running_loop(), Retries((3.0, 60.0), lambda: 1.0), list[float]()

        async def attempt() -> None:
            await retries.rest()
            tried.append(loop.time())
            retries.failed(BROKEN)

        while loop.time() < 100:
            await asyncio.wait({asyncio.create_task(attempt())})
            for _ in range(3):  # and three that something newer cancels
                given_up = asyncio.create_task(attempt())
                await asyncio.sleep(0.1)
                given_up.cancel()
        retries.succeeded()
        before = loop.time()
        await retries.rest()
        assert loop.time() == before
        return tried

    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        assert runner.run(story()) == pytest.approx([0, 3, 9, 21, 45, 93, 153])

"""A task bound to a client is killed once the client is silent, and never because of the service itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.service.leases import Leases

if TYPE_CHECKING:
    from tests.service.fake_runner import FakeRunner
    from tests.service.house import House


class Time:
    """A monotonic clock that stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _leases(house: House, time: Time) -> Leases:
    return Leases(house.service.database, house.service.tasks, house.service.scheduler, time)


async def test_a_task_whose_holder_falls_silent_is_killed_and_says_why(house: House, runner: FakeRunner) -> None:
    time = Time()
    leases = _leases(house, time)
    running = await house.queue()
    waiting = await house.queue()
    await runner.compute()
    assert leases.hold(running, 20)
    assert leases.hold(waiting, 60)
    time.now += 19
    leases.tick()
    assert await house.status(running) == "computation-started"
    time.now += 2
    leases.tick()
    assert await house.status(running) == "pending-kill"
    assert "has gone" in (await house.detail(running))["status_history"][-1]["description"]
    assert await house.status(waiting) == "submitted"
    time.now += 60
    leases.tick()
    assert await house.status(waiting) == "killed"
    assert "has gone" in (await house.detail(waiting))["error_detail"]


async def test_a_lease_that_is_renewed_or_released_kills_nothing(house: House) -> None:
    time = Time()
    leases = _leases(house, time)
    renewed, released = await house.queue(), await house.queue()
    leases.hold(released, 20)
    for _ in range(5):
        leases.hold(renewed, 20)
        time.now += 15
        leases.release(released)
        leases.tick()
    assert await house.status(renewed) == await house.status(released) == "submitted"


async def test_a_restarted_service_remembers_who_is_bound_and_gives_everybody_the_whole_time(house: House) -> None:
    time = Time()
    task_id = await house.queue()
    _leases(house, time).hold(task_id, 20)
    time.now += 3600
    after = _leases(house, time)
    after.tick()
    assert await house.status(task_id) == "submitted"
    time.now += 21
    after.tick()
    assert await house.status(task_id) == "killed"
    assert house.service.database.remembered("leases") is None


async def test_leases_are_an_extension_over_http(house: House) -> None:
    task_id = await house.queue()
    address = f"/taskmon/tasks/{task_id}/lease"
    assert await house.json("PUT", address, params={"for_s": 20}) == {"held": True}
    assert await house.json("DELETE", address) == {"held": False}
    assert await house.json("DELETE", address) == {"held": False}
    await house.json("PUT", address, params={"for_s": "nan"}, expect=422)
    await house.json("PUT", address, params={"for_s": -1}, expect=422)
    await house.json("PUT", "/taskmon/tasks/unknown/lease", params={"for_s": 20}, expect=404)
    await house.json("POST", f"/tasks/{task_id}/kill")
    assert await house.json("PUT", address, params={"for_s": 20}) == {"held": False}

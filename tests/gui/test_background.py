"""One owner for every asynchronous task of the window."""

from __future__ import annotations

import asyncio

import pytest

from taskmon.core.errors import TaskmonError
from taskmon.gui.background import Background


class Ear:
    def __init__(self) -> None:
        self.told: list[TaskmonError] = []
        self.bugs: list[Exception] = []

    def background(self) -> Background:
        return Background(self.told.append, self.bugs.append)


async def _wait_for_ever(cancelled: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.append(name)
        raise


async def test_an_expected_failure_of_an_action_is_told_and_nothing_else_stops() -> None:
    ear = Ear()

    async def refused() -> None:
        raise TaskmonError("The service said no.", "Ask again.")

    async with ear.background() as background:
        task = background.start(refused())
        assert task is not None
        await task
        assert [str(error) for error in ear.told] == ["The service said no. Ask again."]
        assert ear.bugs == []
        later = background.start(asyncio.sleep(0))
        assert later is not None
        await later


async def test_a_bug_in_an_action_is_reported_and_the_window_lives_on() -> None:
    ear = Ear()

    async def broken() -> None:
        raise ZeroDivisionError

    async with ear.background() as background:
        task = background.start(broken())
        assert task is not None
        await task
        assert [type(bug) for bug in ear.bugs] == [ZeroDivisionError]
        assert ear.told == []


async def test_a_bug_in_an_essential_loop_ends_the_window_with_that_error() -> None:
    async def broken_loop() -> None:
        raise ZeroDivisionError

    cancelled: list[str] = []
    with pytest.raises(ExceptionGroup) as caught:
        async with Ear().background() as background:
            background.watch(_wait_for_ever(cancelled, "other loop"), "other")
            await asyncio.sleep(0)
            background.watch(broken_loop(), "broken")
            await asyncio.Event().wait()
    assert caught.group_contains(ZeroDivisionError)
    assert cancelled == ["other loop"]


async def test_the_latest_restart_wins() -> None:
    cancelled: list[str] = []
    async with Ear().background() as background:
        background.restart("selection", _wait_for_ever(cancelled, "first"))
        await asyncio.sleep(0)
        background.restart("selection", _wait_for_ever(cancelled, "second"))
        await asyncio.sleep(0)
        assert cancelled == ["first"]
    assert cancelled == ["first", "second"]


async def test_leaving_cancels_everything_and_refuses_what_comes_later() -> None:
    cancelled: list[str] = []
    background = Ear().background()
    async with background:
        background.start(_wait_for_ever(cancelled, "action"))
        background.watch(_wait_for_ever(cancelled, "loop"), "loop")
        await asyncio.sleep(0)
    assert sorted(cancelled) == ["action", "loop"]
    assert background.start(asyncio.sleep(0)) is None


async def test_an_action_cancelled_before_its_first_step_leaves_nothing_behind() -> None:
    started: list[str] = []

    async def action() -> None:
        started.append("action")

    async with Ear().background() as background:
        background.restart("selection", action())
        background.cancel("selection")
        await asyncio.sleep(0)
    assert started == []


async def test_cancelling_the_actions_spares_loops_named_ones_and_the_caller() -> None:
    ear, cancelled = Ear(), list[str]()

    async def cancel_the_others(background: Background) -> None:
        ending = background.cancel_actions(keep=("leave",))
        await asyncio.wait(ending)
        cancelled.append(f"waited for {len(ending)}")

    async with ear.background() as background:
        background.watch(_wait_for_ever(cancelled, "loop"), "loop")
        background.start(_wait_for_ever(cancelled, "leave"), "leave")
        background.start(_wait_for_ever(cancelled, "upload"), "upload")
        background.restart("log", _wait_for_ever(cancelled, "log"))
        await asyncio.sleep(0)
        switching = background.start(cancel_the_others(background), "switch")
        assert switching is not None
        await switching
        assert sorted(cancelled) == ["log", "upload", "waited for 2"]
    assert sorted(cancelled)[:3] == ["leave", "log", "loop"]

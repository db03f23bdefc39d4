"""What is told to the desktop and when: only news, only while nobody looks, together, and seldom."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from taskmon.client.clock_skew import ServerClock
from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task_event import TaskEvent
from taskmon.gui.controllers.notifications import NotificationsController
from tests.builders import NOON, a_task
from tests.fakes import StillClock
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

RUNNING, FAILED, SUCCESS = Status.COMPUTATION_STARTED, Status.FAILED, Status.SUCCESS
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(minutes=1)


class Away:
    """A person who looks elsewhere, a desktop that remembers, a window that came to its place at NOON."""

    def __init__(self, store: TaskStore | None = None) -> None:
        self.store, self.clock = store or TaskStore(), ServerClock(StillClock(NOON))
        self.shown: list[tuple[str, str]] = []
        self.withdrawn = 0
        self.opened: list[Sequence[str]] = []
        self.in_front = False
        self.move: Callable[[Any], None] = lambda _: None
        self.news = NotificationsController(
            self,  # type: ignore[arg-type]
            self.store,
            self.clock,
            self,
            lambda: self.in_front,
            self.opened.append,
            tuple(TaskEvent),
        )

    def on_move(self, listener: Callable[[Any], None]) -> None:
        self.move = listener

    async def show(self, title: str, text: str) -> bool:
        self.shown.append((title, text))
        return True

    async def withdraw(self) -> None:
        self.withdrawn += 1

    def task(self, number: int, status: Status, end: Any = None, **fields: Any) -> None:
        """The service says this of a task now."""
        task = a_task(task_id=f"t{number}", name=f"n{number}", status=status, end_time=end, **fields)
        self.store.apply([task])

    @asynccontextmanager
    async def watched(self, pauses_s: Sequence[float] = (0.0,)) -> AsyncIterator[None]:
        telling = asyncio.create_task(self.news.tell_forever(0.01, pauses_s))
        yield
        telling.cancel()
        await asyncio.wait((telling,))

    async def says(self, *titles: str) -> None:
        await until_async(lambda: len(self.shown) >= len(titles), 30, f"{titles}, not {self.shown}")
        await asyncio.sleep(0.05)
        assert [title for title, _ in self.shown] == list(titles)


async def test_tasks_that_end_while_nobody_looks_are_told_together() -> None:
    away = Away()
    async with away.watched():
        for number in range(3):
            away.task(number, RUNNING)
        for number in range(3):
            away.task(number, FAILED, AFTER, error_detail="mesh not found")
        await away.says("3 tasks failed")
        assert away.shown[0][1] == "mesh not found"
        away.news.open()
        assert away.opened == [["t2", "t1", "t0"]]


async def test_history_is_never_told() -> None:
    away = Away()
    async with away.watched():
        away.task(1, FAILED, BEFORE)
        away.task(2, RUNNING)  # from the list that was kept on disk
        away.task(2, SUCCESS, BEFORE)  # it ended while no window was open
        away.task(1, FAILED, BEFORE, error_detail="only the words are new")
        away.task(3, SUCCESS, AFTER)  # came and went between two looks
        await away.says("1 task done")
        away.task(3, SUCCESS, AFTER, error_detail="only the words are new")
        away.task(4, RUNNING)
        away.task(4, SUCCESS, AFTER)
        await away.says("1 task done", "2 tasks done")


async def test_the_services_clock_counts() -> None:
    away = Away()
    away.clock.skew = timedelta(hours=2)
    async with away.watched():
        away.task(1, SUCCESS, NOON + timedelta(hours=1))  # an hour before the window was opened
        away.task(2, SUCCESS, NOON + timedelta(hours=2, minutes=1))
        await away.says("1 task done")
        assert away.shown[0][1] == "n2"


async def test_nothing_is_told_to_somebody_who_sees_it_and_what_is_seen_is_taken_back() -> None:
    away = Away()
    async with away.watched():
        away.in_front = True
        away.task(1, FAILED, AFTER)
        away.in_front = False
        away.task(2, SUCCESS, AFTER)
        await away.says("1 task done")
        await away.news.look()
        assert away.withdrawn == 1
        assert not away.news.has_news
        away.news.open()
        assert away.opened == []
        away.task(3, FAILED, AFTER)
        await away.says("1 task done", "1 task failed")  # not “1 failed, 1 done”: that was seen


async def test_somebody_who_comes_back_at_once_is_told_nothing() -> None:
    away = Away()
    async with away.watched():
        away.task(1, FAILED, AFTER)
        await away.news.look()
        await asyncio.sleep(0.05)
        assert away.shown == []
        assert away.withdrawn == 0


async def test_a_second_notification_waits_and_then_tells_all_since_the_person_looked() -> None:
    away = Away()
    async with away.watched(pauses_s=(3600.0,)):
        away.task(1, FAILED, AFTER, error_detail="diverged")
        await away.says("1 task failed")
        for number in range(2, 30):
            away.task(number, SUCCESS, AFTER)
        await asyncio.sleep(0.05)
        await away.says("1 task failed")
        await away.news.look()  # the rest ends when the person has looked
        away.task(30, SUCCESS, AFTER)
        await away.says("1 task failed", "1 task done")
    away = Away()
    async with away.watched(pauses_s=(0.05,)):
        away.task(1, FAILED, AFTER, error_detail="diverged")
        await away.says("1 task failed")
        away.task(2, SUCCESS, AFTER)
        await away.says("1 task failed", "1 failed, 1 done")
        assert away.shown[-1][1] == "n1: diverged\nn2 done"


async def test_a_notification_that_was_put_away_is_not_repeated_in_the_next() -> None:
    away = Away()
    async with away.watched():
        away.task(1, FAILED, AFTER)
        await away.says("1 task failed")
        away.news.dismiss()
        away.task(2, SUCCESS, AFTER)
        await away.says("1 task failed", "1 task done")


async def test_a_silent_task_is_told_once_until_it_writes_again() -> None:
    away = Away()
    async with away.watched():
        away.task(1, RUNNING)
        away.news.hear_silence("t1", "No output for 14 min, usual 20 s")
        await away.says("1 task may be stuck")
        away.news.dismiss()
        away.news.hear_silence("t1", "No output for 15 min, usual 20 s")
        await asyncio.sleep(0.05)
        await away.says("1 task may be stuck")
        away.news.hear_silence("t1", "")
        away.news.hear_silence("t1", "No output for 9 min, usual 20 s")
        await away.says("1 task may be stuck", "1 task may be stuck")
        away.news.hear_silence("t1", "")
        away.task(1, SUCCESS, AFTER)
        await away.says("1 task may be stuck", "1 task may be stuck", "1 task done")


async def test_only_what_is_wanted_is_told() -> None:
    away = Away()
    away.news.wanted = frozenset({TaskEvent.FAILED})
    async with away.watched():
        away.task(1, SUCCESS, AFTER)
        away.news.hear_silence("t1", "No output for 14 min")
        away.task(2, Status.KILLED, AFTER)
        away.task(3, FAILED, AFTER)
        await away.says("1 task failed")


async def test_tasks_that_were_listed_before_anybody_listened_are_told_too() -> None:
    store = TaskStore()
    store.apply([a_task(task_id="t1", status=RUNNING), a_task(task_id="t2", status=SUCCESS, end_time=AFTER)])
    away = Away(store)
    async with away.watched():
        away.task(2, SUCCESS, AFTER, error_detail="only the words are new")
        away.task(1, FAILED, AFTER)
        await away.says("1 task failed")


async def test_another_service_begins_without_news() -> None:
    away = Away()
    away.task(1, RUNNING)
    away.task(2, FAILED, AFTER)
    away.clock._clock.advance(3600)  # type: ignore[attr-defined]
    away.move(None)
    away.store.clear()
    async with away.watched():
        away.task(1, SUCCESS, AFTER)  # before the window came here
        away.task(3, FAILED, AFTER + timedelta(hours=2))
        await away.says("1 task failed")

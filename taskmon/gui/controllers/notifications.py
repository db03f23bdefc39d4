"""Tells the desktop what happened to tasks while the person looks elsewhere: seldom, together, never history."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Protocol

from taskmon.core.task_event import TaskEvent
from taskmon.gui.models.task_news import News, news_of_end, notice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from taskmon.client.clock_skew import ServerClock
    from taskmon.client.task_store import Change, TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.controllers.connection import ConnectionController, Place

GATHER_S: Final = 2.0
"""What happens within this time after the first event is told together."""
PAUSES_S: Final = (15.0, 30.0, 60.0, 120.0)
"""Rest after the first notification, the second and so on; after the last, always the last."""
MOST_OPENED: Final = 1000
"""Tasks that a click selects."""


class Desktop(Protocol):
    """What shows a notification; a newer one takes the place of the one before."""

    async def show(self, title: str, text: str) -> bool:
        """False if nothing was shown."""

    async def withdraw(self) -> None:
        """Takes the notification back."""


class NotificationsController:
    """Collects what has happened since the person looked away, and tells it in one notification that is brought up to
    date. News are what ended, by the service's clock, after the window came to its place.

    `in_front` tells whether the person sees the window, `open_tasks` selects tasks in it.
    """

    def __init__(
        self,
        connection: ConnectionController,
        store: TaskStore,
        clock: ServerClock,
        desktop: Desktop,
        in_front: Callable[[], bool],
        open_tasks: Callable[[Sequence[str]], None],
        wanted: Collection[TaskEvent],
    ) -> None:
        self._store = store
        self._clock = clock
        self._desktop = desktop
        self._in_front = in_front
        self._open_tasks = open_tasks
        self.wanted = frozenset(wanted)
        self._arrived = self._own_time()
        self._alive = {task_id for task_id, task in store.tasks.items() if not task.is_terminated}
        self._news: dict[str, News] = {}
        self._told: tuple[str, ...] = ()
        self._silent: set[str] = set()
        self._untold, self._looked = asyncio.Event(), asyncio.Event()
        self._looked.set()
        store.subscribe(self._note)
        connection.on_move(self._arrive)

    @property
    def has_news(self) -> bool:
        """Whether something is told, or is going to be."""
        return bool(self._news or self._told)

    def _own_time(self) -> datetime:
        return self._clock() - self._clock.skew

    def _arrive(self, _place: Place) -> None:
        self._arrived = self._own_time()
        self._alive.clear()
        self._silent.clear()
        self._forget_news()

    def _forget_news(self) -> None:
        self._news.clear()
        self._untold.clear()
        self._looked.set()

    # What happens ----------------------------------------------------------------------------------------------------

    def _note(self, change: Change) -> None:
        arrived = self._arrived + self._clock.skew
        for task_id in change.added:
            self._look_at(self._store.tasks[task_id], arrived, known=False)
        for task_id in change.updated:
            self._look_at(self._store.tasks[task_id], arrived, known=True)
        for task_id in change.removed:
            self._alive.discard(task_id)
            self._news.pop(task_id, None)

    def _look_at(self, task: Task, arrived: datetime, *, known: bool) -> None:
        if not task.is_terminated:
            self._alive.add(task.task_id)
            return
        if known and task.task_id not in self._alive:
            return  # it had ended before
        lived = task.task_id in self._alive
        self._alive.discard(task.task_id)
        if task.end_time >= arrived if task.end_time is not None else lived:
            self._take(news_of_end(task), task.task_id)

    def hear_silence(self, task_id: str, words: str) -> None:
        """A task is silent, as `words` say; told once, until it writes again. No words: it is silent no more."""
        task = self._store.get(task_id)
        if not words or task is None:
            self._silent.discard(task_id)
            if task_id in self._news and self._news[task_id].event is TaskEvent.SILENT:
                del self._news[task_id]
        elif task_id not in self._silent:
            self._silent.add(task_id)
            self._take(News(TaskEvent.SILENT, task_id, task.name, words), task_id)

    def _take(self, news: News | None, task_id: str) -> None:
        self._news.pop(task_id, None)  # what is newer comes last
        if news is not None and news.event in self.wanted and not self._in_front():
            self._news[task_id] = news
            self._untold.set()

    # What is told ----------------------------------------------------------------------------------------------------

    async def tell_forever(self, gather_s: float = GATHER_S, pauses_s: Sequence[float] = PAUSES_S) -> None:
        """The loop: gather, tell, rest longer each time until the person has looked."""
        times = 0
        while True:
            await self._untold.wait()
            await asyncio.sleep(gather_s)
            if not self._untold.is_set():
                continue  # the person came back
            times = 0 if self._looked.is_set() else times + 1
            self._untold.clear()
            self._looked.clear()
            await self._tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pauses_s[min(times, len(pauses_s) - 1)]):
                    await self._looked.wait()

    async def _tell(self) -> None:
        news = list(self._news.values())
        if not news:
            return
        notice = notice_of(news)
        self._told = notice.task_ids[:MOST_OPENED]
        if not await self._desktop.show(notice.title, notice.text):
            self._told = ()

    async def look(self) -> None:
        """The person sees the window: what happened is on the screen."""
        self._forget_news()
        if self._told:
            self._told = ()
            await self._desktop.withdraw()

    def dismiss(self) -> None:
        """The person has read the notification and put it away: the next one begins anew."""
        self._told = ()
        self._forget_news()

    def open(self) -> None:
        """The person clicked the notification."""
        told = [task_id for task_id in self._told if task_id in self._store]
        self._forget_news()
        if told:
            self._open_tasks(told)

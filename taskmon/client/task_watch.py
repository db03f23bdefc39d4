"""Two ways to keep a store equal to a service: its change feed, or its lists when it has no feed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Protocol

from taskmon.client.pieces import in_pieces
from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import FACTS, Status

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient
    from taskmon.client.task_store import TaskStore
    from taskmon.core.task import Task, TaskPage

PAGE_SIZE: Final = 200
_LIVING: Final = tuple(status for status, known in FACTS.items() if not known.terminal)
_REPEATED_WALKS: Final = 4
_STALE_PAGES: Final = 3
_FULL_LOOK_EVERY: Final = 20

Progress = Callable[[int, int], None]
"""Called with how many tasks have been loaded and how many there are."""


class TaskWatch(Protocol):
    """Keeps a store equal to a service. Errors of the client pass through; the watch can go on after them."""

    async def start(self, on_progress: Progress) -> None:
        """Load everything, newest first. After an error the next call goes on where this one stopped."""

    async def step(self, wait_s: float = 0.0, beat_s: float | None = None) -> bool:
        """Learn what is new, waiting so many seconds for it if the service can, which then says every `beat_s` seconds
        that it is there. True: ask again at once, there is more."""


class FeedWatch:
    """Over the change feed. A step waits up to `wait_s` seconds at the service for something to change."""

    def __init__(self, client: ServiceClient, store: TaskStore, page_size: int = PAGE_SIZE) -> None:
        self._client = client
        self._store = store
        self._page_size = page_size
        self._cursor: str | None = None
        self._loading: Loading | None = None

    async def start(self, on_progress: Progress) -> None:
        """Load everything. The cursor is taken first, so that nothing falls between the list and the feed."""
        if self._loading is None:
            self._cursor = (await self._client.changes()).cursor
            self._loading = Loading(self._client, self._store, self._page_size)
        await self._loading.finish(on_progress)
        self._loading = None

    async def step(self, wait_s: float = 0.0, beat_s: float | None = None) -> bool:
        """The next portion of changes. Raises RefusedError (410) when the service is another one than before."""
        changes = await self._client.changes(self._cursor, wait_s, beat_s)
        moved = changes.cursor != self._cursor
        await take_over(self._store, changes.tasks)
        self._store.apply((), changes.removed)
        self._cursor = changes.cursor
        return changes.more and moved


class ListWatch:
    """Over the task lists, for services without a feed. A step costs the newest page and, while older tasks live, at
    most one more question per living state, however many tasks there are. What does not fit waits for the next steps.

    Older living tasks are looked at one by one if they are few. Otherwise a round goes through the pages of every
    living state; who was in none of them has ended, and is looked at by itself.
    """

    def __init__(self, client: ServiceClient, store: TaskStore, page_size: int = PAGE_SIZE) -> None:
        self._client = client
        self._store = store
        self._page_size = page_size
        self._steps = 0
        self._surplus = 0
        self._loading: Loading | None = None
        self._pages: deque[tuple[Status, int]] = deque()
        self._seen: set[str] = set()
        self._missing: set[str] = set()

    async def start(self, on_progress: Progress) -> None:
        """Load everything."""
        self._pages.clear()
        self._missing.clear()
        if self._loading is None:
            self._loading = Loading(self._client, self._store, self._page_size)
        total = await self._loading.finish(on_progress)
        self._surplus, self._loading = total - len(self._store), None

    async def step(self, wait_s: float = 0.0, beat_s: float | None = None) -> bool:
        """One look at whatever may have changed. A total that the store cannot explain means a task was removed."""
        newest = await self._client.tasks(1, self._page_size)
        await take_over(self._store, newest.tasks)
        if newest.total_size - len(self._store) != self._surplus:
            await self.start(lambda loaded, total: None)
            return False
        self._loading = None
        self._steps += 1
        self._seen.update(task.task_id for task in newest.tasks)
        left = self._living() - {task.task_id for task in newest.tasks}
        if not self._pages and not self._missing & left:
            self._plan_round(left)
        budget = len(_LIVING)
        while self._pages and budget:
            await self._look_at_page(*self._pages.popleft())
            budget -= 1
            if not self._pages:
                self._missing = self._living() - self._seen
        self._missing &= left
        for task_id in sorted(self._missing)[:budget]:
            await self._look_at_task(task_id)
            self._missing.discard(task_id)
        return False

    def _plan_round(self, left: set[str]) -> None:
        self._seen.clear()
        self._missing = set()
        if len(left) > len(_LIVING) or self._steps % _FULL_LOOK_EVERY == 0:
            # The full look from time to time is for tasks that had ended and were queued again.
            self._pages.extend((status, 1) for status in _LIVING)
        else:
            self._missing = left

    def _living(self) -> set[str]:
        return {task_id for task_id, task in self._store.tasks.items() if not task.is_terminated}

    async def _look_at_page(self, status: Status, page: int) -> None:
        answer = await self._client.tasks(page, self._page_size, status)
        await take_over(self._store, answer.tasks)
        self._seen.update(task.task_id for task in answer.tasks)
        if answer.tasks and page * self._page_size < answer.total_size:
            self._pages.append((status, page + 1))

    async def _look_at_task(self, task_id: str) -> None:
        try:
            task: Task = await self._client.task(task_id)
        except NotFoundError:
            self._store.apply((), [task_id])
        else:
            self._store.apply([task])


async def take_over(store: TaskStore, tasks: Sequence[Task]) -> None:
    """Gives newer values to the store, some in each turn of the loop: comparing tasks takes time."""
    async for piece in in_pieces(tasks):
        store.apply(piece)


class Loading:
    """Makes the store hold exactly the service's tasks, page by page. After an error of the client `finish` may be
    called again and goes on where it stopped: a service that allows so many questions a minute would otherwise be
    asked for its first pages for ever.

    Tasks that arrive meanwhile push others to later pages, which only shows them twice. Tasks that are removed pull
    others over a page border unseen; then the total falls, and the walk begins again.
    """

    def __init__(self, client: ServiceClient, store: TaskStore, page_size: int) -> None:
        self._client = client
        self._store = store
        self._page_size = page_size
        self._known: set[str] = set()
        self._walks = 0
        self._begin()

    def _begin(self) -> None:
        self._seen: set[str] = set()
        self._page, self._total, self._stale_pages, self._fell = 1, 0, 0, False

    async def finish(self, on_progress: Progress) -> int:
        """Returns how many tasks the service counts."""
        while True:
            await self._walk(on_progress)
            self._walks += 1
            if not self._fell or self._walks == _REPEATED_WALKS:
                break
            self._begin()
        self._store.apply((), self._known - self._seen)
        return self._total

    async def _walk(self, on_progress: Progress) -> None:
        async with aclosing(_pages(self._client, self._page_size, self._page)) as pages:
            async for answer in pages:
                self._fell = self._fell or answer.total_size < self._total
                self._total = answer.total_size
                fresh = {task.task_id for task in answer.tasks} - self._seen
                self._stale_pages = 0 if fresh else self._stale_pages + 1
                await take_over(self._store, answer.tasks)
                self._seen |= fresh
                self._page += 1
                on_progress(min(len(self._seen), self._total), self._total)
                if not self._known:
                    self._known.update(self._store.tasks)  # until now somebody could add what was remembered
                if not answer.tasks or len(self._seen) >= self._total or self._stale_pages == _STALE_PAGES:
                    break


async def _pages(client: ServiceClient, page_size: int, page: int) -> AsyncGenerator[TaskPage]:
    """The pages of the list from one on, without end. While one is looked at, the service already prepares the next."""
    asked: asyncio.Task[TaskPage] | None = None
    try:
        while True:
            answer = await (client.tasks(page, page_size) if asked is None else asked)
            more = bool(answer.tasks) and page * page_size < answer.total_size
            page += 1
            asked = asyncio.create_task(client.tasks(page, page_size)) if more else None
            yield answer
    finally:
        if asked is not None:
            asked.cancel()
            await asyncio.wait((asked,))
            if not asked.cancelled():
                asked.exception()  # somebody has looked at it

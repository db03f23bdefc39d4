"""The last known list of each connection: shown at once with its age, then replaced by what the service says."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from taskmon.core.units import count_text
from taskmon.gui.models.task_times import time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from taskmon.client.list_cache import CachedList, ListCache
    from taskmon.client.poller import Freshness
    from taskmon.client.task_store import Change, TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController, Place
    from taskmon.gui.controllers.task_list import TaskListController

logger = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 30.0
LONGEST_PAUSE_S: Final = 600.0
"""Rests grow up to this while the disk takes nothing."""


class ListMemoryController:
    """Reads the list of the place where the window goes, from when it is known whose tasks these are until the service
    has answered; then only writes it.

    `folder` holds one file per account of a place. A list is written when it is whole and has changed, at most every
    `save_every_s` seconds, and by `save_now` when the window is left. `keep_first` is called with the list's name where
    the list is whole: it keeps what the table shows at its top. The tasks `at_top` are the first ones in the file, so
    that the first rows do not make room for others while it is read.
    """

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        store: TaskStore,
        task_list: TaskListController,
        clock: Callable[[], datetime],
        folder: Path,
        *,
        save_every_s: float = SAVE_EVERY_S,
        keep_first: Callable[[str], None] = lambda _: None,
        at_top: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._background = background
        self._store = store
        self._task_list = task_list
        self._clock = clock
        self._folder = folder
        self._save_every_s = save_every_s
        self._keep_first = keep_first
        self._at_top = at_top
        self._name = ""
        """Under which the list is remembered; empty until the account is known."""
        self._answered = False
        self._whole = False
        self._changed = asyncio.Event()
        store.subscribe(self._note)
        connection.on_move(self._arrive)
        connection.on_account(self._turn_to)
        connection.on_freshness(self._hear)
        background.watch(self._save_forever(), "list memory")

    def _note(self, _change: Change) -> None:
        self._changed.set()

    def _arrive(self, _place: Place) -> None:
        self._name, self._answered, self._whole = "", False, False
        self._changed.clear()
        self._background.cancel("list memory")

    def _turn_to(self, name: str) -> None:
        self._name, self._answered, self._whole = name, False, False
        self._changed.clear()
        self._background.restart("list memory", self._show(name))

    def _hear(self, freshness: Freshness) -> None:
        # From the first answer on the service's word counts: a page of ours could bring back what it has forgotten.
        self._answered = self._answered or freshness.connected
        self._whole = freshness.connected and freshness.whole

    # Reading -----------------------------------------------------------------------------------------------------

    async def _show(self, name: str) -> None:
        cache = self._cache(name)
        known = await asyncio.to_thread(cache.load)
        while known is not None and not self._answered and self._name == name:
            page = await asyncio.to_thread(next, known.pages, None)
            if page is None or self._answered or self._name != name:
                break
            self._show_page(page, known)

    def _show_page(self, page: list[Task], known: CachedList) -> None:
        self._store.apply(task for task in page if task.task_id not in self._store)
        as_of = time_text(known.seen_at, self._clock())
        self._task_list.show_remembered(f"{count_text(known.count, 'task')}, as of {as_of}", known.seen_at)

    def _cache(self, name: str) -> ListCache:
        from taskmon.client.list_cache import ListCache  # msgspec is loaded after the first paint

        return ListCache(self._folder, name)

    # Writing -----------------------------------------------------------------------------------------------------

    async def _save_forever(self) -> None:
        failures = 0
        while True:
            await self._changed.wait()
            await asyncio.sleep(min(self._save_every_s * 2.0 ** min(failures, 10), LONGEST_PAUSE_S))
            failures = 0 if await self.save_now() else failures + 1

    async def save_now(self) -> bool:
        """Writes the list if it is whole and has changed; False if that failed and is to be tried again. A disk that is
        full is no reason to trouble anybody."""
        if self._whole and self._name:
            self._keep_first(self._name)
        if not self._whole or not self._name or not self._changed.is_set():
            return True
        self._changed.clear()
        name, known, cache = self._name, self._store.tasks, self._cache(self._name)
        top = {task_id: known[task_id] for task_id in self._at_top() if task_id in known}
        try:
            await asyncio.to_thread(cache.save, tuple((top | dict(known)).values()), self._clock())
        except OSError as error:
            logger.warning("the list of tasks could not be kept: %s", error)
            if self._name == name:
                self._changed.set()
            return False
        return True

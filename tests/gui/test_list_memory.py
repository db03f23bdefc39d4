"""The list of tasks outlives the window."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from taskmon.client.list_cache import ListCache
from taskmon.client.poller import Freshness
from taskmon.client.task_store import TaskStore
from taskmon.core.task import Task
from taskmon.gui.background import Background
from taskmon.gui.controllers.list_memory import ListMemoryController
from taskmon.gui.models.task_times import time_text
from tests.builders import NOON, a_task, some_tasks


class Window:
    """Connection, list and window, as far as the memory needs them."""

    def __init__(self) -> None:
        self.move: Callable[[Any], None] = lambda _: None
        self.know_account: Callable[[str], None] = lambda _: None
        self.hear: Callable[[Freshness], None] = lambda _: None
        self.pale = False
        self.told = ""
        self.seen_at: datetime | None = None

    def on_move(self, listener: Callable[[Any], None]) -> None:
        self.move = listener

    def on_account(self, listener: Callable[[str], None]) -> None:
        self.know_account = listener

    def arrive(self, account: str = "here") -> None:
        self.move(None)
        self.know_account(account)

    def on_freshness(self, listener: Callable[[Freshness], None]) -> None:
        self.hear = listener

    def show_remembered(self, words: str, seen_at: datetime) -> None:
        self.pale, self.told, self.seen_at = True, words, seen_at


class House:
    def __init__(self, background: Background, folder: Path) -> None:
        self.window, self.store = Window(), TaskStore()
        anything = cast("Any", self.window)
        self.at_top: list[str] = []
        self.memory = ListMemoryController(
            background, anything, self.store, anything,
            lambda: NOON + timedelta(hours=3), folder, save_every_s=0.01, at_top=lambda: self.at_top,
        )  # fmt: skip

    def answer(self, loaded: int, total: int) -> None:
        self.window.hear(Freshness(True, NOON, None, loaded, total, whole=loaded >= total))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    bugs: list[Exception] = []
    async with Background(lambda _: None, bugs.append) as background:
        yield House(background, tmp_path)
        background.cancel_actions()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if task.get_name() == "list memory":
                task.cancel()
    assert not bugs


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_the_last_known_list_is_shown_pale_with_its_age(house: House, tmp_path: Path) -> None:
    ListCache(tmp_path, "here").save(some_tasks(450), NOON)
    house.window.arrive()
    await until(lambda: len(house.store) == 450)
    assert house.window.pale
    assert house.window.told == f"450 tasks, as of {time_text(NOON, NOON)}"
    assert house.window.seen_at == NOON


async def test_nothing_remembered_comes_back_after_the_service_has_answered(house: House, tmp_path: Path) -> None:
    ListCache(tmp_path, "here").save(some_tasks(4000), NOON)
    house.window.arrive()
    await until(lambda: len(house.store))
    house.answer(0, 1)
    house.store.clear()
    house.store.apply([a_task()])
    for _ in range(20):
        await asyncio.sleep(0.002)
    assert len(house.store) == 1


async def test_a_whole_list_is_kept_and_half_a_one_is_not(house: House, tmp_path: Path) -> None:
    house.window.arrive()
    house.store.apply(some_tasks(10))
    house.answer(10, 500)
    await house.memory.save_now()
    assert ListCache(tmp_path, "here").load() is None
    house.store.apply(some_tasks(20))
    house.answer(20, 20)
    await until(ListCache(tmp_path, "here").path.exists)
    known = ListCache(tmp_path, "here").load()
    assert known is not None
    assert known.count == 20


async def test_what_stands_at_the_top_of_the_table_is_read_first(house: House, tmp_path: Path) -> None:
    tasks = some_tasks(450)
    house.window.arrive()
    house.store.apply(tasks)
    house.at_top = [tasks[400].task_id, "gone meanwhile", tasks[300].task_id]
    house.answer(450, 450)
    await house.memory.save_now()
    known = ListCache(tmp_path, "here").load()
    assert known is not None
    kept = [task for page in known.pages for task in page]
    assert kept[:3] == [tasks[400], tasks[300], tasks[0]]
    assert sorted(task.task_id for task in kept) == sorted(task.task_id for task in tasks)


async def test_nothing_is_shown_or_kept_before_it_is_known_whose_it_is(house: House, tmp_path: Path) -> None:
    ListCache(tmp_path, "here").save(some_tasks(3), NOON)
    house.window.move(None)
    house.store.apply(some_tasks(2))
    house.answer(2, 2)
    await house.memory.save_now()
    assert house.window.told == ""
    known = ListCache(tmp_path, "here").load()
    assert known is not None
    assert known.count == 3
    assert [path.name for path in tmp_path.iterdir()] == [ListCache(tmp_path, "here").path.name]


async def test_another_account_at_the_same_place_has_a_list_of_its_own(house: House, tmp_path: Path) -> None:
    ListCache(tmp_path, "mine").save(some_tasks(450), NOON)
    house.window.arrive("mine")
    await until(lambda: len(house.store))
    house.store.clear()
    house.window.know_account("yours")
    for _ in range(20):
        await asyncio.sleep(0.002)
    assert len(house.store) == 0
    house.store.apply(some_tasks(1))
    house.answer(1, 1)
    await house.memory.save_now()
    counts = [known.count if (known := ListCache(tmp_path, name).load()) else None for name in ("mine", "yours")]
    assert counts == [450, 1]


async def test_a_list_that_could_not_be_kept_is_kept_once_there_is_room(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, save = [True, True, True], ListCache.save

    def save_if_there_is_room(cache: ListCache, tasks: Sequence[Task], seen_at: datetime) -> None:
        if full:
            full.pop()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(cache, tasks, seen_at)

    monkeypatch.setattr(ListCache, "save", save_if_there_is_room)
    house.window.arrive()
    house.store.apply(some_tasks(2))
    house.answer(2, 2)
    await until(ListCache(tmp_path, "here").path.exists)  # although nothing changes any more


async def test_a_folder_that_cannot_be_written_troubles_nobody(house: House, tmp_path: Path) -> None:
    tmp_path.joinpath("lists").write_text("a file where the folder should be")
    house.memory._folder = tmp_path / "lists"
    house.window.arrive()
    house.store.apply(some_tasks(2))
    house.answer(2, 2)
    assert not await house.memory.save_now()
    assert len(house.store) == 2

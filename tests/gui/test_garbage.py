"""Qt objects in reference cycles die on the window's thread, whoever allocates."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from taskmon.client.task_store import TaskStore
from taskmon.gui.garbage import BULK, OBJECTS_PER_TASK, GarbageCollection, collect_whole, collect_young
from tests.builders import some_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def collection(app: QApplication) -> Iterator[GarbageCollection]:
    """Collects as in the window, and afterwards as before."""
    enabled = gc.isenabled()
    made = GarbageCollection()
    yield made
    made.end()
    if not enabled:
        gc.disable()


class InACycle(QObject):
    """Tells which thread it died on."""

    deaths: list[threading.Thread]

    def __init__(self) -> None:
        super().__init__()
        self.myself = self

    def __del__(self) -> None:
        self.deaths.append(threading.current_thread())


def _allocate() -> None:
    for _ in range(50):
        _rubbish: list[list[object]] = [[] for _ in range(1000)]


@pytest.mark.usefixtures("collection")
def test_a_worker_thread_never_collects_a_widget() -> None:
    InACycle.deaths = []
    InACycle()
    worker = threading.Thread(target=_allocate)
    worker.start()
    worker.join()
    assert InACycle.deaths == []
    gc.collect()
    assert InACycle.deaths == [threading.main_thread()]


class Knot:
    """A plain object in a cycle, counted while it lives."""

    alive = 0

    def __init__(self) -> None:
        self.myself = self
        Knot.alive += 1

    def __del__(self) -> None:
        Knot.alive -= 1


@pytest.mark.usefixtures("collection")
def test_what_comes_in_bulk_is_not_looked_at_until_everything_is() -> None:
    collect_whole()
    Knot()
    data = [[number] for number in range(BULK + 1)]
    collect_young()
    assert Knot.alive == 1
    assert gc.get_count()[0] < len(data)
    collect_whole()
    assert Knot.alive == 0


@pytest.mark.usefixtures("collection")
def test_what_replaces_as_much_is_bulk_too() -> None:
    """Python counts what came less what went: ten thousand tasks in place of ten thousand others are nothing to it."""
    old = [[number] for number in range(BULK + 1)]
    collect_whole()
    Knot()
    new = [[number] for number in range(BULK + 1)]
    del old
    more = [[number] for number in range(2 * gc.get_threshold()[0])]  # enough, whatever else dies meanwhile
    assert gc.get_count()[0] < BULK
    assert collect_young() > BULK
    assert Knot.alive == 1
    assert len(gc.get_objects(0)) < 100
    collect_whole()
    assert Knot.alive == 0
    assert (len(new), len(more)) == (BULK + 1, 2 * gc.get_threshold()[0])


@pytest.mark.usefixtures("collection")
def test_a_cycle_that_nobody_holds_dies_within_seconds() -> None:
    collect_whole()
    Knot()
    young: list[list[object]] = [
        [] for _ in range(2 * gc.get_threshold()[0])
    ]  # more than enough, whatever else dies meanwhile
    collect_young()
    assert Knot.alive == 0
    assert young


def test_a_list_that_came_anew_is_set_aside_without_counting_its_objects(collection: GarbageCollection) -> None:
    store = TaskStore()
    collection.watch(store)
    collect_whole()
    Knot()
    store.apply(some_tasks(BULK // OBJECTS_PER_TASK + 1))
    collection._collect_due()
    assert Knot.alive == 1
    gc.collect()
    assert Knot.alive == 1
    collect_whole()
    assert Knot.alive == 0

"""The store: values replaced, every effective change told once."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from taskmon.client.task_store import Change, TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from tests.builders import a_task, a_task_detail, some_tasks


def listening(store: TaskStore) -> list[Change]:
    heard: list[Change] = []
    store.subscribe(heard.append)
    return heard


def test_new_changed_and_removed_tasks_are_told_once_together() -> None:
    store = TaskStore()
    kept, changed, gone = (a_task(task_id=letter) for letter in "abc")
    store.apply([kept, changed, gone])
    heard = listening(store)
    new = a_task(task_id="d")
    change = store.apply([replace(changed, status=Status.KILLED), kept, new], ["c"])
    assert heard == [change] == [Change(added=("d",), updated=("b",), removed=("c",))]
    assert set(store.tasks) == {"a", "b", "d"}


def test_equal_tasks_are_no_change() -> None:
    store = TaskStore()
    task = a_task(task_id="a")
    store.apply([task])
    heard = listening(store)
    assert not store.apply([replace(task)], ["unknown"])
    assert heard == []


def test_the_detail_of_a_task_is_the_same_value_as_its_row() -> None:
    store = TaskStore()
    detail = a_task_detail(task_id="a")
    store.apply([detail])
    heard = listening(store)
    values = {name: getattr(detail, name) for name in Task.__dataclass_fields__}
    store.apply([Task(**values)])
    assert heard == []
    assert type(store.get("a")) is Task


def test_a_task_that_came_and_went_in_one_go_is_no_change() -> None:
    store = TaskStore()
    heard = listening(store)
    store.apply([a_task(task_id="a")], ["a"])
    assert heard == []
    assert len(store) == 0


def test_a_task_that_changed_and_changed_back_in_one_go_is_no_change() -> None:
    store, task = TaskStore(), a_task(status=Status.SUBMITTED)
    store.apply([task])
    heard = listening(store)
    assert not store.apply([replace(task, status=Status.STARTED), replace(task)])
    assert heard == []


def test_clearing_tells_that_everything_is_gone() -> None:
    store = TaskStore()
    store.apply([a_task(task_id="a")])
    heard = listening(store)
    store.clear()
    assert heard == [Change(removed=("a",))]


def test_an_ended_subscription_hears_nothing() -> None:
    store = TaskStore()
    heard: list[Change] = []
    end = store.subscribe(heard.append)
    end()
    end()
    store.apply([a_task()])
    assert heard == []


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([None, Status.SUBMITTED, Status.KILLED]))))
def test_the_changes_told_rebuild_the_store(steps: list[tuple[str, Status | None]]) -> None:
    store = TaskStore()
    copy: dict[str, Task] = {}

    def rebuild(change: Change) -> None:
        for task_id in change.removed:
            del copy[task_id]
        for task_id in (*change.added, *change.updated):
            assert (task_id in copy) == (task_id in change.updated)
            copy[task_id] = store.tasks[task_id]

    store.subscribe(rebuild)
    half = len(steps) // 2
    for part in (steps[:half], steps[half:]):
        updated = [a_task(task_id=task_id, status=status) for task_id, status in part if status]
        store.apply(updated, [task_id for task_id, status in part if status is None])
        assert copy == store.tasks


def test_a_page_of_changes_is_cheap_beside_a_hundred_thousand_tasks() -> None:
    store = TaskStore()
    tasks = some_tasks(20_000)
    began = time.process_time()
    store.apply(tasks)
    filled = time.process_time()
    store.apply(tasks[:200])
    assert time.process_time() - filled < (filled - began) / 5

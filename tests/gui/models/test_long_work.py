"""Another filter or order over a long list is done in steps, while data goes on arriving."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.gui.long_work import LongWork, Portions
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_task, a_task_id

COUNT = 6_000


@pytest.fixture
def store() -> TaskStore:
    made = TaskStore()
    made.apply(
        a_task(task_id=a_task_id(n), name=f"case {n * 7919 % COUNT}", status=Status.FAILED if n % 3 else Status.SUCCESS)
        for n in range(COUNT)
    )
    return made


def test_what_changes_while_a_long_list_is_filtered_and_sorted_is_not_lost(store: TaskStore) -> None:
    model = TaskTableModel(store, lambda: NOON + timedelta(hours=1), portions=Portions(judged=1000, slice_s=-1.0))
    model.flush()
    model.set_filter("status:failed")
    model.sort_by([SortKey(Column.NAME)])
    assert model.rowCount() == COUNT  # not yet
    for round_ in range(6):
        first = round_ * 50
        store.apply(a_task(task_id=a_task_id(n), name=f"x{n}", status=Status.SUCCESS) for n in range(first, first + 20))
        store.apply(
            (a_task(name=f"new {round_}", status=Status.FAILED) for _ in range(3)),
            [a_task_id(n) for n in range(first + 20, first + 30)],
        )
        model._take_slice()
    model.flush()
    expected = sorted(task.name for task in store.tasks.values() if task.status is Status.FAILED)
    assert [model.task_at(row).name for row in range(model.rowCount())] == expected
    model.close()


def test_work_that_fails_is_over_and_comes_to_nothing() -> None:
    done: list[int] = []
    work = LongWork[int](done.append)

    def steps() -> Generator[None, None, int]:
        yield
        raise ValueError

    work.begin("filter", steps())
    with pytest.raises(ValueError):
        work.go_on(9.0)
    work.go_on(9.0)
    assert not work
    assert done == []


def test_only_the_last_of_several_key_strokes_counts(store: TaskStore) -> None:
    model = TaskTableModel(store, lambda: NOON)
    model.flush()
    for text in ("c", "ca", "/1$/", "status:success", '"case 1"'):
        model.set_filter(text)
    model.flush()
    assert model.rowCount() == sum("case 1" in task.name for task in store.tasks.values())
    model.set_filter("")
    model.flush()
    assert model.rowCount() == COUNT
    model.close()


def test_a_word_typed_further_finds_what_it_would_find_alone(store: TaskStore) -> None:
    model = TaskTableModel(store, lambda: NOON)
    model.flush()
    for text in ("1", "12", "12 -123", "12 -12", "-1", "-12", "status:fail", "status:failed", "name:9", "name:98"):
        model.set_filter(text)
        model.flush()
        narrowed = set(model.ids())
        model.set_filter("")
        model.flush()
        model.set_filter(text)
        model.flush()
        assert narrowed == set(model.ids()), text
    model.close()

"""The table model against a naive one: the same rows in the same order, and Qt told the truth about every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt

from taskmon.client.task_store import TaskStore
from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.long_work import Portions
from taskmon.gui.models.changed_cells import changed_columns
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_task, a_task_id, some_tasks
from tests.gui.models.naive_table import (
    Clock,
    Compared,
    headings,
    shown,
    shown_with_headings,
    steps_strategy,
    tasks_strategy,
    written,
)
from tests.waiting import until


@pytest.fixture
def store() -> TaskStore:
    return TaskStore()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps_strategy)
def test_rows_are_those_of_a_naive_model_and_every_pointer_stays_on_its_row(app: Any, steps: list[Any]) -> None:
    both = Compared()
    store, model = both.store, both.model
    pointers: dict[str, QPersistentModelIndex] = {}
    for kind, value in steps:
        both.take(kind, value)
        assert shown_with_headings(model) == both.expected()
        assert [written(row) for row in model.top_rows(9)] == both.unfiltered()[:9]
        rows = model.keys(0, model.rowCount() - 1)
        assert len(set(rows)) == len(rows)
        for key, pointer in pointers.items():
            assert pointer.isValid() == (key in rows)
            if pointer.isValid():
                assert rows[pointer.row()] == key
                assert model.row_of(key) == pointer.row()
        pointers = {key: QPersistentModelIndex(model.index(row, 1)) for row, key in enumerate(rows)}
        matching = both.naive.rows(store.tasks, both.text, both.keys)
        assert model.matching() == len(matching)
        assert model.status_counts() == Counter(store.tasks[task_id].status for task_id in matching)
        assert model.total() == len(store)
    assert not both.resets
    model.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps_strategy)
def test_the_sidebar_counts_what_the_table_would_show(app: Any, steps: list[Any]) -> None:
    both = Compared()
    for kind, value in steps:
        both.take(kind, value)
        both.model.set_views({"mine": "wing", "recent failures": "status:failed since:30m"})
        for group in both.model.counts():
            both.model.set_filter(group.filter_text)
            both.model.flush()
            assert group.size == both.model.matching(), group
            assert group.size == len(both.naive.rows(both.store.tasks, group.filter_text, ())), group
        both.model.set_filter(both.text)
        both.model.flush()
    both.model.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps_strategy)
def test_qt_is_told_of_cells_that_look_different_and_of_no_other_rows(app: Any, steps: list[Any]) -> None:
    both = Compared()
    model = both.model
    told: set[tuple[str, int]] = set()
    model.dataChanged.connect(lambda first, last: told.update(cells(model, first, last)))
    before = looks(model)
    for kind, value in steps:
        told.clear()
        both.take(kind, value)
        after = looks(model)
        different = {key for key in before.keys() & after.keys() if before[key] != after[key]}
        assert different <= told
        touched = {task.task_id for task in value} if kind == "apply" else set()
        rows = {row for row, _ in different} | touched
        assert all(
            row in rows for row, column in told if column != Column.REASON
        )  # places in the queue move by themselves
        before = after
    model.close()


def looks(model: TaskTableModel) -> dict[tuple[str, int], object]:
    """What every cell says, by the row's key and the column."""
    columns = range(model.columnCount())
    return {
        (key, column): heading or (text, model.data(model.index(row, column), Qt.ItemDataRole.ToolTipRole))
        for row, key in enumerate(model.keys(0, model.rowCount() - 1))
        for heading in (model.heading_at(row),)
        for column, text in zip(columns, model.cell_texts(row, columns), strict=True)
    }


def cells(model: TaskTableModel, first: QModelIndex, last: QModelIndex) -> set[tuple[str, int]]:
    """The cells from `first` to `last`."""
    keys = model.keys(first.row(), last.row())
    return {(key, column) for key in keys for column in range(first.column(), last.column() + 1)}


@given(before=tasks_strategy, now=tasks_strategy)
def test_a_cell_that_looks_different_is_among_the_changed_columns(before: Task, now: Task) -> None:
    def says(task: Task, column: Column) -> object:
        facts, observed = COLUMNS[column], Observed()
        return facts.text(task, NOON, observed), facts.tooltip(task, NOON, observed)

    now = replace(now, task_id=before.task_id)
    span = changed_columns(before, now)
    different = [column for column in Column if says(before, column) != says(now, column)]
    assert not different or (span is not None and span.first <= different[0] and different[-1] <= span.last)
    assert changed_columns(before, replace(before)) is None


def test_only_changed_cells_are_told(app: Any, store: TaskStore) -> None:
    tasks = some_tasks(30, status=Status.COMPUTATION_STARTED)
    store.apply(tasks)
    model = TaskTableModel(store, Clock())
    model.flush()
    told: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(lambda a, b: told.append((a.row(), a.column(), b.row(), b.column())))

    def after(*changes: Callable[[], object]) -> list[tuple[int, int, int, int]]:
        told.clear()
        for change in changes:
            change()
        model.flush()
        return told

    costly = [replace(task, estimated_computation_cost=2.0) for task in tasks[7:9]]
    assert after(lambda: store.apply(costly)) == [(7, Column.COST, 8, Column.COST)]
    assert after(lambda: store.apply([replace(tasks[3], storage_region="elsewhere")])) == []
    assert after(lambda: model.set_progress(tasks[4].task_id, 0.5)) == [(4, Column.PROGRESS, 4, Column.REASON)]
    renamed = replace(tasks[4], task_metadata={"name": "another"})
    assert after(lambda: model.set_progress(tasks[4].task_id, 0.6), lambda: store.apply([renamed])) == [
        (4, Column.NAME, 4, Column.REASON)
    ]


def test_tasks_of_the_store_are_shown_newest_first(app: Any, store: TaskStore) -> None:
    tasks = some_tasks(5)
    store.apply(reversed(tasks))
    model = TaskTableModel(store, Clock())
    model.flush()
    assert shown(model) == [task.task_id for task in tasks]


def test_changes_of_one_frame_are_shown_together(app: Any, store: TaskStore) -> None:
    model = TaskTableModel(store, Clock())
    begun: list[int] = []
    model.update_begins.connect(lambda: begun.append(1))
    for task in some_tasks(20):
        store.apply([task])
    assert model.rowCount() == 0
    until(lambda: app.processEvents() or model.rowCount() == 20)
    assert len(begun) == 1


@pytest.mark.parametrize(("gathered_s", "heights"), [(9.0, [30]), (-1.0, [10, 20, 30])])
def test_a_large_page_is_taken_over_in_slices_that_are_shown_together_for_a_while(
    app: Any, store: TaskStore, gathered_s: float, heights: list[int]
) -> None:
    model = TaskTableModel(store, Clock(), portions=Portions(taken=10, gathered_s=gathered_s))
    told: list[int] = []
    model.update_ended.connect(lambda: told.append(model.rowCount()))
    store.apply(some_tasks(30))
    until(lambda: app.processEvents() or model.rowCount() == 30)
    assert told == heights


def test_an_update_that_moves_nothing_is_one_change_of_just_its_row(app: Any, store: TaskStore) -> None:
    tasks = some_tasks(30)
    store.apply(tasks)
    model = TaskTableModel(store, Clock())
    model.flush()
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    store.apply([a_task(task_id=tasks[7].task_id, create_time=tasks[7].create_time, status=Status.FAILED)])
    model.flush()
    assert told == [(7, 7)]


def test_selected_and_current_rows_stay_with_their_tasks_while_the_order_changes(app: Any, store: TaskStore) -> None:
    tasks = some_tasks(60)
    store.apply(tasks)
    model = TaskTableModel(store, Clock())
    model.sort_by([SortKey(Column.STATUS)])
    model.flush()
    selection = QItemSelectionModel(model)
    chosen = {tasks[3].task_id, tasks[40].task_id}
    flags = QItemSelectionModel.SelectionFlag
    for task_id in chosen:
        index = model.index(model.row_of(task_id) or 0, 0)
        selection.setCurrentIndex(index, flags.Select | flags.Rows)
    current = model.ids()[selection.currentIndex().row()]
    store.apply(
        [a_task(task_id=task.task_id, create_time=task.create_time, status=Status.SUBMITTED) for task in tasks[::2]]
    )
    store.apply(some_tasks(90)[60:], [tasks[5].task_id])
    model.flush()
    assert {model.ids()[index.row()] for index in selection.selectedRows()} == chosen
    assert model.ids()[selection.currentIndex().row()] == current


def test_a_bad_filter_is_refused_and_changes_nothing(app: Any, store: TaskStore) -> None:
    store.apply(some_tasks(3))
    model = TaskTableModel(store, Clock())
    model.flush()
    with pytest.raises(InvalidInputError):
        model.set_filter("colour:red")
    assert model.rowCount() == 3
    assert model.filter_text() == ""


def test_a_running_task_overtakes_an_ended_one_when_it_has_run_longer(app: Any, store: TaskStore) -> None:
    clock = Clock()
    clock.now = NOON + timedelta(seconds=20)
    ended = a_task(
        status=Status.SUCCESS, computation_start_time=NOON, computation_end_time=NOON + timedelta(seconds=30)
    )
    running = a_task(computation_start_time=NOON)
    store.apply([ended, running])
    model = TaskTableModel(store, clock)
    model.sort_by([SortKey(Column.TIME, descending=True)])
    model.flush()
    assert shown(model) == [ended.task_id, running.task_id]
    clock.now = NOON + timedelta(seconds=40)
    model.refresh()
    model.flush()
    assert shown(model) == [running.task_id, ended.task_id]


def test_tasks_leave_a_since_filter_as_time_passes(app: Any, store: TaskStore) -> None:
    clock = Clock()
    clock.now = NOON
    store.apply([a_task(create_time=NOON - timedelta(minutes=50))])
    model = TaskTableModel(store, clock)
    model.set_filter("since:1h")
    model.flush()
    assert model.rowCount() == 1
    clock.now = NOON + timedelta(minutes=11)
    model.refresh()
    assert model.rowCount() == 0


def test_progress_and_last_output_are_shown_where_they_are_known(app: Any, store: TaskStore) -> None:
    clock = Clock()
    task = a_task()
    store.apply([task])
    model = TaskTableModel(store, clock)
    model.set_progress(task.task_id, 0.625)
    model.set_last_output(task.task_id, clock.now - timedelta(seconds=4))
    model.flush()
    assert model.fraction(0, Column.PROGRESS) == 0.625
    assert model.cell_texts(0, [Column.PROGRESS, Column.LAST_OUTPUT]) == ["62 %", "4 s ago"]
    model.set_progress(task.task_id, None)
    model.flush()
    assert model.cell_texts(0, [Column.PROGRESS]) == [""]


def test_what_is_read_out_names_the_column(app: Any, store: TaskStore) -> None:
    store.apply([a_task(status=Status.FAILED, project="wing")])
    model = TaskTableModel(store, Clock())
    model.flush()
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.data(model.index(0, Column.STATUS), role) == "Status: Failed"
    assert model.data(model.index(0, Column.PROJECT), role) == "Project: wing"
    assert model.data(model.index(0, Column.COST), role) == "Cost: nothing"


def test_the_shown_tasks_are_counted_by_state(app: Any, store: TaskStore) -> None:
    store.apply([a_task(status=Status.FAILED), a_task(status=Status.FAILED), a_task(status=Status.SUCCESS)])
    model = TaskTableModel(store, Clock())
    model.flush()
    assert model.status_counts() == {Status.FAILED: 2, Status.SUCCESS: 1}
    model.set_filter("status:=failed")
    assert model.status_counts() == {Status.FAILED: 2}


def test_the_pattern_of_a_reason_is_found_after_some_of_its_letters(app: Any, store: TaskStore) -> None:
    store.apply([a_task(status=Status.FAILED, error_detail="residual 1e3 at step 12")])
    model = TaskTableModel(store, Clock())
    model.flush()
    model.set_filter("reason:#")
    assert model.rowCount() == 0
    model.set_filter('reason:="residual # at step #"')
    assert model.rowCount() == 1
    model.close()


def test_a_group_that_is_folded_while_reasons_are_read_is_folded(app: Any, store: TaskStore) -> None:
    store.apply(a_task(task_id=a_task_id(n), status=Status.FAILED, error_detail="ab"[n % 2]) for n in range(4))
    model = TaskTableModel(store, Clock(), portions=Portions(at_once=0, slice_s=0.0))
    model.flush()
    model.group_by_reason(True)
    model.set_open("a", False)
    model.flush()
    assert [(heading.reason, heading.open) for heading in headings(model)] == [("a", False), ("b", True)]
    model.close()


def test_unfolding_all_unfolds_groups_too_that_the_filter_hides(app: Any, store: TaskStore) -> None:
    store.apply([a_task(status=Status.FAILED, error_detail="disk full"), a_task(status=Status.SUCCESS)])
    model = TaskTableModel(store, Clock())
    model.set_open("disk full", is_open=False)
    model.group_by_reason(True)
    model.set_filter("status:done")
    model.flush()
    model.set_all_open(True)
    model.set_filter("")
    model.flush()
    assert [heading.open for heading in headings(model) if heading.reason == "disk full"] == [True]

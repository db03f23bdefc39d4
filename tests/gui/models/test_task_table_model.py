"""The table model against a naive one: the same rows in the same order, and Qt told the truth about every step."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from taskmon.client.task_store import TaskStore
from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_table_model import SLICE, TaskTableModel
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_task, a_task_id, some_tasks
from tests.waiting import until

PROJECTS = ("wing", "Dam", "dam", "", "zebra")
STATUSES = (Status.SUBMITTED, Status.COMPUTATION_STARTED, Status.SUCCESS, Status.FAILED, Status.KILLED)
FILTERS = ("", "wing", "status:failed", "status:active -dam", "since:1h", 'project:="dam"', "nothing like it")
SORTS = (
    (),
    (SortKey(Column.PROJECT),),
    (SortKey(Column.STATUS, True), SortKey(Column.PROJECT, True)),
    (SortKey(Column.TIME),),
    (SortKey(Column.COST, True), SortKey(Column.NAME)),
    (SortKey(Column.SUBMITTED),),
)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOON + timedelta(minutes=50)

    def __call__(self) -> datetime:
        return self.now


class Naive:
    """What the table has to show, worked out anew from nothing each time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.arrivals: dict[str, int] = {}
        self.count = 0

    def note(self, store: TaskStore) -> None:
        for task_id in [known for known in self.arrivals if known not in store]:
            del self.arrivals[task_id]
        for task_id in store.tasks:
            if task_id not in self.arrivals:
                self.arrivals[task_id] = self.count
                self.count += 1

    def rows(self, store: TaskStore, text: str, keys: tuple[SortKey, ...]) -> list[str]:
        wanted = parse_filter(text, self.clock.now)
        shown = sorted((t for t in store.tasks.values() if wanted.accepts(t)), key=lambda t: self.arrivals[t.task_id])
        for key in reversed((*keys, SortKey(Column.SUBMITTED, True))):
            shown = self._sorted(shown, key)
        return [task.task_id for task in shown]

    def _sorted(self, tasks: list[Task], key: SortKey) -> list[Task]:
        def value(task: Task) -> Any:
            found = COLUMNS[Column(key.column)].sort_key(task, self.clock.now, Observed())
            return found.casefold() if isinstance(found, str) else found

        blank = [task for task in tasks if value(task) in (None, "")]
        told = [task for task in tasks if value(task) not in (None, "")]
        groups: dict[Any, list[Task]] = {}
        for task in told:
            groups.setdefault(value(task), []).append(task)
        return [task for v in sorted(groups, reverse=key.descending) for task in groups[v]] + blank


@pytest.fixture
def store() -> TaskStore:
    return TaskStore()


def shown(model: TaskTableModel) -> list[str]:
    return [model.data(model.index(row, 0), Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]


tasks_strategy = st.builds(
    lambda number, project, status, minutes, seconds, cost, name: a_task(
        task_id=a_task_id(number),
        project=project,
        status=status,
        create_time=NOON + timedelta(minutes=minutes),
        computation_start_time=NOON + timedelta(seconds=seconds),
        computation_end_time=None if status is Status.COMPUTATION_STARTED else NOON + timedelta(seconds=seconds + 30),
        estimated_computation_cost=cost,
        name=name,
    ),
    number=st.integers(1, 40),
    project=st.sampled_from(PROJECTS),
    status=st.sampled_from(STATUSES),
    minutes=st.integers(-60, 40),
    seconds=st.integers(0, 600),
    cost=st.sampled_from((None, 0.0, 0.5, 2.0)),
    name=st.sampled_from((None, "alpha", "Beta", "gamma", "alphabet")),
)
steps_strategy = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), st.lists(tasks_strategy, max_size=30)),
        st.tuples(st.just("remove"), st.lists(st.integers(1, 40), max_size=25)),
        st.tuples(st.just("filter"), st.sampled_from(FILTERS)),
        st.tuples(st.just("sort"), st.sampled_from(SORTS)),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps_strategy)
def test_rows_are_those_of_a_naive_model_and_every_pointer_stays_on_its_task(app: Any, steps: list[Any]) -> None:
    store, clock = TaskStore(), Clock()
    model, naive = TaskTableModel(store, clock), Naive(clock)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    text, keys = "", ()
    pointers: dict[str, QPersistentModelIndex] = {}
    for kind, value in steps:
        if kind == "apply":
            store.apply(value)
        elif kind == "remove":
            store.apply((), [a_task_id(number) for number in value])
        elif kind == "filter":
            text = value
            model.set_filter(value)
        else:
            keys = value
            model.sort_by(value)
        naive.note(store)
        model.flush()
        rows = shown(model)
        assert rows == naive.rows(store, text, keys)
        for task_id, pointer in pointers.items():
            assert pointer.isValid() == (task_id in rows)
            if pointer.isValid():
                assert rows[pointer.row()] == task_id
        pointers = {task_id: QPersistentModelIndex(model.index(row, 1)) for row, task_id in enumerate(rows)}
        for group in model.counts():
            wanted = parse_filter(group.filter_text, clock.now)
            assert group.count == sum(wanted.accepts(task) for task in store.tasks.values()), group
        assert model.total() == len(store)
    assert not resets
    model.close()


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


def test_a_large_page_is_taken_over_in_slices(app: Any, store: TaskStore) -> None:
    model = TaskTableModel(store, Clock())
    heights: list[int] = []
    model.update_ended.connect(lambda: heights.append(model.rowCount()))
    store.apply(some_tasks(3 * SLICE))
    until(lambda: app.processEvents() or model.rowCount() == 3 * SLICE)
    assert heights == [SLICE, 2 * SLICE, 3 * SLICE]


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

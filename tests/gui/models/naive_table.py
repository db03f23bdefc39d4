"""What the table has to show, worked out naively, and the changes that tests bring about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.core.task_reason import reason_pattern
from taskmon.gui.long_work import Portions
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import Heading, SortKey
from tests.builders import NOON, a_task, a_task_id

PROJECTS = ("wing", "Dam", "dam", "", "zebra")
STATUSES = (Status.SUBMITTED, Status.COMPUTATION_STARTED, Status.SUCCESS, Status.FAILED, Status.KILLED)
FILTERS = (
    "", "wing", "status:failed", "status:active -dam", "since:1h", 'project:="dam"', "nothing like it",
    "reason:#", 'reason:="residual # at step #"',
)  # fmt: skip
SORTS = (
    (),
    (SortKey(Column.PROJECT),),
    (SortKey(Column.STATUS, True), SortKey(Column.PROJECT, True)),
    (SortKey(Column.TIME),),
    (SortKey(Column.COST, True), SortKey(Column.NAME)),
    (SortKey(Column.SUBMITTED),),
    (SortKey(Column.REASON, True), SortKey(Column.STATUS)),
)
DETAILS = (None, None, "residual 1e3 at step 12", "residual 2e4 at step 9", "Disk full", "disk full", "no licence")
REASONS = ("residual # at step #", "Disk full", "disk full", "", "stopped as asked", "never seen")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOON + timedelta(minutes=50)

    def __call__(self) -> datetime:
        return self.now


class Naive:
    """What the table has to show, worked out anew from nothing each time: of tasks by their ids, in the order in which
    they came."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def rows(self, tasks: Mapping[str, Task], text: str, keys: tuple[SortKey, ...]) -> list[str]:
        return [task.task_id for task in self._shown(tasks, text, keys)]

    def grouped_rows(
        self, tasks: Mapping[str, Task], text: str, keys: tuple[SortKey, ...], closed: set[str]
    ) -> list[str]:
        """Rows with headings, which are written as `reason × count`, with a minus sign before folded ones."""
        groups: dict[str, list[str]] = {}
        for task in self._shown(tasks, text, keys):
            groups.setdefault(self._reason(task), []).append(task.task_id)
        backwards = any(key.column == Column.REASON and key.descending for key in keys)
        named = sorted((reason for reason in groups if reason), key=lambda r: (r.casefold(), r), reverse=backwards)
        rows = []
        for reason in [*named, *([""] if "" in groups else [])]:
            rows.append(f"{'-' if reason in closed else ''}{reason} × {len(groups[reason])}")
            rows += [] if reason in closed else groups[reason]
        return rows

    @staticmethod
    def _reason(task: Task) -> str:
        return reason_pattern(task) if task.status in (Status.FAILED, Status.KILLED) else ""

    def _shown(self, tasks: Mapping[str, Task], text: str, keys: tuple[SortKey, ...]) -> list[Task]:
        wanted = parse_filter(text, self.clock.now)
        shown = [task for task in tasks.values() if wanted.accepts(task)]
        for key in reversed((*keys, SortKey(Column.SUBMITTED, True))):
            shown = self._sorted(shown, key)
        return shown

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


def shown(model: TaskTableModel) -> list[str]:
    return [model.data(model.index(row, 0), Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]


def headings(model: TaskTableModel) -> list[Heading]:
    """The headings of a model from top to bottom."""
    return [heading for row in range(model.rowCount()) if (heading := model.heading_at(row)) is not None]


def shown_with_headings(model: TaskTableModel) -> list[str]:
    """The rows as `Naive.grouped_rows` writes them."""
    return [written(model.heading_at(row) or model.task_at(row)) for row in range(model.rowCount())]


def written(row: Heading | Task) -> str:
    """A row as `Naive.grouped_rows` writes it."""
    if isinstance(row, Heading):
        return f"{'' if row.open else '-'}{row.reason} × {row.size}"
    return row.task_id


class Compared:
    """A model and a naive one that go through the same changes."""

    def __init__(self, portions: Portions = Portions(), store: TaskStore | None = None) -> None:  # noqa: B008 - a value
        self.store, self.clock = TaskStore() if store is None else store, Clock()
        self.model, self.naive = TaskTableModel(self.store, self.clock, portions=portions), Naive(self.clock)
        QAbstractItemModelTester(self.model, QAbstractItemModelTester.FailureReportingMode.Fatal, self.model)
        self.resets: list[int] = []
        self.model.modelReset.connect(lambda: self.resets.append(1))
        self.text, self.grouped = "", False
        self.keys: tuple[SortKey, ...] = ()
        self.closed: set[str] = set()

    def take(self, kind: str, value: Any) -> None:
        self.begin(kind, value)
        self.model.flush()

    def begin(self, kind: str, value: Any) -> None:
        getattr(self, f"_{kind.replace(' ', '_')}")(value)

    def _apply(self, tasks: list[Task]) -> None:
        self.store.apply(tasks)

    def _remove(self, numbers: list[int]) -> None:
        self.store.apply((), [a_task_id(number) for number in numbers])

    def _filter(self, text: str) -> None:
        self.text = text
        self.model.set_filter(text)

    def _sort(self, keys: tuple[SortKey, ...]) -> None:
        self.keys = keys
        self.model.sort_by(keys)

    def _group(self, on: bool) -> None:
        self.grouped = on
        self.model.group_by_reason(on)

    def _open(self, wish: tuple[str, bool]) -> None:
        reason, is_open = wish
        (self.closed.discard if is_open else self.closed.add)(reason)
        self.model.set_open(reason, is_open)

    def _open_all(self, is_open: bool) -> None:
        self.closed = set() if is_open else self.closed | {heading.reason for heading in headings(self.model)}
        self.model.set_all_open(is_open)

    def expected(self) -> list[str]:
        return self.unfiltered(self.text)

    def unfiltered(self, text: str = "") -> list[str]:
        if self.grouped:
            return self.naive.grouped_rows(self.store.tasks, text, self.keys, self.closed)
        return self.naive.rows(self.store.tasks, text, self.keys)


def a_random_task(chance: Random) -> Task:
    """One of forty."""
    status = chance.choice(STATUSES)
    began = NOON + timedelta(seconds=chance.randrange(600))
    return a_task(
        task_id=a_task_id(chance.randint(1, 40)),
        project=chance.choice(PROJECTS),
        status=status,
        create_time=NOON + timedelta(minutes=chance.randint(-60, 40)),
        computation_start_time=began,
        computation_end_time=None if status is Status.COMPUTATION_STARTED else began + timedelta(seconds=30),
        estimated_computation_cost=chance.choice((None, 0.0, 0.5, 2.0)),
        name=chance.choice((None, "alpha", "Beta", "gamma", "alphabet")),
        error_detail=chance.choice(DETAILS),
    )


seeds = st.integers(0, 1 << 32)
tasks_strategy = seeds.map(lambda seed: a_random_task(Random(seed)))
"""Of each task hypothesis draws one number: were it to draw its fields, long stories would be too long for it."""

task_lists = st.builds(
    lambda seed, count: [a_random_task(Random(seed + n)) for n in range(count)], seeds, st.integers(0, 30)
)
long_wishes = (
    st.tuples(st.just("filter"), st.sampled_from(FILTERS)),
    st.tuples(st.just("sort"), st.sampled_from(SORTS)),
    st.tuples(st.just("group"), st.booleans()),
)
"""What takes its time where there are many tasks."""

wishes = (
    st.tuples(st.just("apply"), task_lists),
    st.tuples(st.just("remove"), st.lists(st.integers(1, 40), max_size=25)),
    *long_wishes,
    st.tuples(st.just("open"), st.tuples(st.sampled_from(REASONS), st.booleans())),
    st.tuples(st.just("open all"), st.booleans()),
)
steps_strategy = st.lists(st.one_of(wishes), min_size=1, max_size=16)

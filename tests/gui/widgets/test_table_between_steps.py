"""What a person sees while long work goes on a step at a time and anything may happen in between: at every moment the
rows, headings, selection and current row are those of a naive table, for which nothing takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from taskmon.client.task_store import TaskStore
from taskmon.gui.long_work import Portions
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import a_task_id
from tests.gui.models.naive_table import Compared, long_wishes, shown_with_headings, task_lists, wishes

if TYPE_CHECKING:
    from taskmon.core.task import Task


class WatchedStore(TaskStore):
    """Notes in `taken` what the table has been given of it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, Task] = {}

    def get(self, task_id: str) -> Task | None:
        task = super().get(task_id)
        if task is None:
            self.taken.pop(task_id, None)
        else:
            self.taken[task_id] = task
        return task


class Watched(Compared):
    """A table and what it has to show at this moment: of the tasks that it has been given when it last changed, by the
    filter, order and grouping for which the work is done."""

    def __init__(self, portions: Portions) -> None:
        self.given = WatchedStore()
        super().__init__(portions, self.given)
        self.table = TaskTable()
        self.table.setModel(self.model)
        self.table.resize(700, 300)
        self.table.show()
        self.tasks: dict[str, Task] = {}
        self.in_force: dict[str, Any] = {"filter": "", "sort": (), "group": False}
        self.at_work: dict[str, Any] = {}
        self.gone: set[str] = set()
        self.rows: list[str] = []
        self.has_changed = False
        self.chosen: set[str] = set()
        self.current = ""
        self.left: set[str] = set()
        self.pointers: dict[str, QPersistentModelIndex] = {}
        self.model.update_ended.connect(self._changed)
        self.model.rowsAboutToBeRemoved.connect(self._leave)

    def begin(self, kind: str, value: Any) -> None:
        shown = self.tasks
        super().begin(kind, value)
        if kind.startswith("open") and not self.in_force["group"]:
            self.tasks = shown  # nothing to fold, and news that are gathered are not shown by that

    def _changed(self) -> None:
        self.has_changed = True
        self.tasks = dict(self.given.taken)
        if self.model.is_chosen:  # the work that began first is done
            done = next(iter(self.at_work))
            self.in_force[done] = self.at_work.pop(done)

    def _leave(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.left.update(self.model.keys(first, last))

    def _apply(self, tasks: list[Task]) -> None:
        # What comes again after it was gone is another task, which nobody has chosen.
        super()._apply([task for task in tasks if task.task_id not in self.gone])

    def _remove(self, numbers: list[int]) -> None:
        self.gone.update(map(a_task_id, numbers))
        super()._remove(numbers)

    def _wish(self, name: str, value: Any) -> None:
        if self.model._index is None:  # there is nothing yet to be worked on
            self.in_force[name] = value
        else:
            self.at_work.pop(name, None)
            self.at_work[name] = value

    def _filter(self, text: str) -> None:
        self._wish("filter", text)
        super()._filter(text)

    def _sort(self, keys: Any) -> None:
        self._wish("sort", keys)
        super()._sort(keys)

    def _group(self, on: bool) -> None:
        if on != self.grouped:
            self._wish("group", on)
        super()._group(on)

    def _select(self, numbers: list[int]) -> None:
        rows = self.model.rowCount()
        wanted = [number % rows for number in numbers if rows and self.model.heading_at(number % rows) is None]
        ids = [task_id for row in wanted if (task_id := self.model.task_at(row).task_id) not in self.gone]
        if ids:
            self.table.select_task(ids[0])
            self.table.select_also(ids[1:])
            self.chosen, self.current, self.has_changed = set(ids), ids[0], True

    def go_on(self) -> None:
        self.model._take_slice()

    def expected(self) -> list[str]:
        text, keys = self.in_force["filter"], self.in_force["sort"]
        if self.in_force["group"]:
            return self.naive.grouped_rows(self.tasks, text, keys, self.closed)
        return self.naive.rows(self.tasks, text, keys)

    def check(self) -> None:
        """Where no change was told there must be none; else all is looked at."""
        if not self.has_changed:
            assert self.model.keys(0, self.model.rowCount() - 1) == self.rows
            return
        self.has_changed = False
        assert shown_with_headings(self.model) == self.expected()
        assert self.model.matching() == len(self.naive.rows(self.tasks, self.in_force["filter"], ()))
        self.rows = rows = self.model.keys(0, self.model.rowCount() - 1)
        ids = self.model.ids()
        assert self.table.selected_ids() == [task_id for task_id in ids if task_id in self.chosen]
        assert all(self.model.row_of(key) == row for row, key in enumerate(rows) if key not in self.gone)
        selected = {rows[index.row()] for index in self.table.selectionModel().selectedRows()}
        assert selected == self.chosen.intersection(ids)
        assert self.table.current_id() == (self.current if self.current in ids else "")
        for key, pointer in self.pointers.items():
            assert pointer.isValid() == (key not in self.left) or key.startswith("\0")
            assert not pointer.isValid() or rows[pointer.row()] == key
        self.left.clear()
        self.pointers = {key: QPersistentModelIndex(self.model.index(row, 1)) for row, key in enumerate(rows)}

    def close(self) -> None:
        self.model.close()
        self.table.close()
        self.table.deleteLater()


portions_strategy = st.builds(
    Portions,
    taken=st.integers(1, 9),
    gathered_s=st.sampled_from((-1.0, 999.0)),
    at_once=st.just(0),
    slice_s=st.just(-1.0),
    judged=st.integers(1, 9),
    judged_singly=st.integers(1, 9),
    read=st.integers(1, 9),
    sorted=st.integers(1, 9),
)
"""The parts of the work so small that forty tasks are a long list, and one step of it at a time."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    portions=portions_strategy,
    first=task_lists,
    steps=st.lists(
        st.tuples(
            st.one_of(
                *wishes,
                *long_wishes,
                *long_wishes,
                st.tuples(st.just("select"), st.lists(st.integers(0, 39), max_size=9)),
            ),
            st.integers(0, 12),
        ),
        min_size=8,
        max_size=30,
    ),
)
def test_at_every_moment_the_table_is_that_of_a_naive_model(
    app: Any, portions: Portions, first: list[Task], steps: list[tuple[tuple[str, Any], int]]
) -> None:
    watched = Watched(portions)
    watched.take("apply", first)
    watched.check()
    for (kind, value), slices in steps:
        watched.begin(kind, value)
        watched.check()
        for _ in range(slices):
            watched.go_on()
            watched.check()
    watched.model.flush()
    watched.check()
    assert not watched.at_work
    assert watched.given.taken == dict(watched.store.tasks)
    assert not watched.resets
    watched.close()

"""The table of tasks as Qt sees it: rows with an identity over the store, filtered and sorted by the task index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from taskmon.client.task_store import Change
from taskmon.core.errors import InvalidInputError
from taskmon.gui.long_work import LongWork, Portions
from taskmon.gui.models.columns import COLUMNS, Column
from taskmon.gui.models.observed_tasks import ObservedTasks
from taskmon.gui.models.seldom import Seldom
from taskmon.gui.models.task_filter import EVERYTHING, parse_filter
from taskmon.gui.models.task_group import GroupCounts
from taskmon.gui.models.waiting_ids import WaitingIds
from taskmon.gui.task_rows import SortKey, TaskGroup

if TYPE_CHECKING:
    from taskmon.core.task import Task
    from taskmon.gui.models.changed_cells import Spans
    from taskmon.gui.models.delta import Delta, Steps
    from taskmon.gui.models.row_changes import RowChanges
    from taskmon.gui.models.task_index import TaskIndex

GATHER_MS: Final = 16
"""Changes that arrive within a frame are shown together."""

COUNTS_MS: Final = 100
"""Sidebar and diagram tell new numbers ten times a second at most, also while a long list is being loaded."""

MY_VIEWS: Final = "My views"
"""The sidebar's section of named views."""

DRIFT_MS: Final = 5_000
"""How often durations that go on are sorted anew, and `since:` is looked at again."""


class Store(Protocol):
    """The part of the task store that the table reads."""

    @property
    def tasks(self) -> Mapping[str, Task]: ...
    def get(self, task_id: str) -> Task | None: ...
    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]: ...


class TaskTableModel(ObservedTasks):
    """Shows the store's tasks.

    A change of the store is shown within a frame or so; `flush` shows it at once. There is never a model reset: rows
    are inserted, removed and moved, so that selection, current row and whatever else points at a row stay with their
    task.
    """

    counts_changed = Signal()

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        parent: QObject | None = None,
        *,
        portions: Portions = Portions(),  # noqa: B008 - a value
    ) -> None:
        super().__init__(clock, parent)
        self._store = store
        self._portions = portions
        self._changes: RowChanges | None = None
        self._filter = EVERYTHING
        self._keys: tuple[SortKey, ...] = ()
        self._grouped = False
        self._closed: set[str] = set()
        self._work = LongWork(self._show_result)
        self._views: dict[str, str] = {}
        self._waiting = WaitingIds(store.tasks)
        self._looked_at: set[str] = set()
        self._gathered_at = 0.0
        self._ageing: list[int] = []
        self._gather = QTimer(self, singleShot=True)
        self._gather.timeout.connect(self._take_slice)
        self._told = Seldom(COUNTS_MS, self)
        self._told.told.connect(self.counts_changed)
        self._drift = QTimer(self, interval=DRIFT_MS)
        self._drift.timeout.connect(self.refresh)
        self._unsubscribe = store.subscribe(self._note)
        if self._waiting:
            self._gather.start(GATHER_MS)

    @staticmethod
    def preload() -> None:
        """Imports what the first task will need; for a thread, once the window has been painted."""
        import taskmon.gui.models.row_changes  # noqa: F401 - numpy comes with it

    def close(self) -> None:
        """No longer listens to the store."""
        self._unsubscribe()
        for timer in (self._gather, self._drift, self._told):
            timer.stop()

    # Wishes ------------------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Shows only what `text` describes. Raises InvalidInputError, and changes nothing, if it means nothing."""
        new = parse_filter(text, self._clock())
        self._filter = new
        if self._index is not None:
            self._begin("filter", self._index.refilter(new))
        self._watch_drift()

    def set_views(self, views: Mapping[str, str]) -> None:
        """Named views and their filters, to be counted with the other groups. One that means nothing counts nothing."""
        self._views = dict(views)
        self._count_views()

    def _count_views(self) -> None:
        filters = {}
        for name, text in self._views.items():
            with suppress(InvalidInputError):
                filters[name] = parse_filter(text, self._clock())
        if self._index is not None:
            self._index.count_views(filters)
            self._watch_drift()

    def filter_text(self) -> str:
        """The filter in force."""
        return self._filter.text

    def sort_by(self, keys: Sequence[SortKey]) -> None:
        self._keys = tuple(keys)
        if self._index is not None:
            self._begin("sort", self._index.choose_sort(self._keys))
        self._watch_drift()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def sort_keys(self) -> tuple[SortKey, ...]:
        return self._keys

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Qt's way to sort by one column; -1 is the first order, newest first."""
        self.sort_by([] if column < 0 else [SortKey(column, order is Qt.SortOrder.DescendingOrder)])

    def grouped(self) -> bool:
        return self._grouped

    def group_by_reason(self, on: bool) -> None:
        if on != self._grouped:
            self._grouped = on
            self.grouping_changed.emit(on)
            if self._index is not None:
                self._begin("group", self._index.group(self._closed) if on else self._index.ungroup())

    def set_open(self, reason: str, is_open: bool) -> None:
        (self._closed.discard if is_open else self._closed.add)(reason)
        self.folding_changed.emit()
        if self._index is not None:
            self._install(self._index.fold(reason, is_open=is_open))

    def reveal(self, task_id: str) -> None:
        reason = None if self._index is None or self.row_of(task_id) is not None else self._index.reason_of(task_id)
        if reason is not None:
            self.set_open(reason, is_open=True)

    def set_all_open(self, is_open: bool) -> None:
        groups = None if self._index is None else self._index.groups
        headings = [] if is_open or groups is None else groups.all()
        for reason in [*self._closed] if is_open else [heading.reason for heading in headings if heading.open]:
            self.set_open(reason, is_open)

    def folded(self) -> list[str]:
        return sorted(self._closed)

    def fold_only(self, reasons: Iterable[str]) -> None:
        wanted = set(reasons)
        for reason in wanted ^ self._closed:
            self.set_open(reason, reason not in wanted)

    # What there is -----------------------------------------------------------------------------------------------

    def total(self) -> int:
        """How many tasks there are with and without the filter's consent."""
        return 0 if self._index is None else len(self._index)

    def is_behind(self) -> bool:
        """Whether there are tasks that have come or gone and are still to be taken over."""
        return self.total() != len(self._store.tasks)

    def counts(self) -> list[TaskGroup]:
        """The sidebar's entries over all tasks, whatever the filter."""
        groups = (GroupCounts() if self._index is None else self._index.counts).groups()
        count = (lambda _name: 0) if self._index is None else self._index.views.count
        views = [TaskGroup(MY_VIEWS, name, text, count(name), view=True) for name, text in self._views.items()]
        top = sum(not group.section for group in groups)
        return groups[:top] + views + groups[top:]

    def values(self) -> dict[str, list[str]]:
        """What may follow the keys of the filter: the states, projects, simulators and machine groups there are."""
        return (GroupCounts() if self._index is None else self._index.counts).values()

    # The store's changes -----------------------------------------------------------------------------------------

    def _note(self, change: Change) -> None:
        self._waiting.add(chain(*change))
        if not self._gather.isActive():
            self._gather.start(GATHER_MS)

    def _look_again(self, task_id: str) -> None:
        if task_id in self._store.tasks:
            self._looked_at.add(task_id)
            self._note(Change(updated=(task_id,)))

    def flush(self) -> None:
        """Shows everything that has arrived so far."""
        while self._unfinished():
            self._take_slice()
        self._told.tell_late()

    def _begin(self, name: str, steps: Steps) -> None:
        """Long work begins; over a list that is not long it is done at once."""
        self._show_gathered()
        self._work.begin(name, steps)
        self._work.go_on(inf if len(self._store.tasks) <= self._portions.at_once else self._portions.slice_s)
        if self._work:
            self._gather.start(0)

    def _show_result(self, delta: Delta) -> None:
        self.is_chosen = True
        try:
            self._install(delta)
        finally:
            self.is_chosen = False
        self._told.tell_now()

    def _take_slice(self) -> None:
        if self._work:
            self._work.go_on(self._portions.slice_s)
        elif self._gathered_enough():
            self._show_gathered()
        elif self._waiting:
            self._take_tasks()
        elif self._ageing and self._index is not None:
            ageing = self._ageing[: self._portions.taken]
            del self._ageing[: self._portions.taken]
            self._install(self._index.refresh(ageing))
        if self._unfinished():
            self._gather.start(0)

    def _take_tasks(self) -> None:
        ids = self._waiting.take(self._portions.taken)
        found = {task_id: self._store.get(task_id) for task_id in ids}
        for task_id in (gone := [task_id for task_id, task in found.items() if task is None]):
            self._forget_observed(task_id)
        if self._index is None:
            self._index = self._first_index()
        there = [self.explained(task) for task in found.values() if task is not None]
        spans = {} if self._changes is None else self._changes.spans(there, self._looked_at)
        self._looked_at.difference_update(ids)
        self._gather_change(self._index.take(there, gone), spans)
        if self._observed.queue.settle() and self._row_count():
            # A place in the queue changes without its task: all that wait look at theirs again.
            self.dataChanged.emit(self.index(0, Column.REASON), self.index(self._row_count() - 1, Column.REASON))
        if self._changes is None or not self._changes.gathered:
            self._told.tell()

    def _first_index(self) -> TaskIndex:
        # numpy costs a third of the window's start-up and an empty table does not need it.
        from taskmon.gui.models.row_changes import RowChanges
        from taskmon.gui.models.task_index import TaskIndex

        index = TaskIndex(self._clock, self._observed, self._portions)
        works = [index.refilter(self._filter), index.choose_sort(self._keys)]
        for steps in works + ([index.group(self._closed)] if self._grouped else []):
            for _ in steps:  # of nothing yet
                pass
        self._index, self._changes = index, RowChanges(self, index)
        self._count_views()
        self._watch_drift()
        return index

    def refresh(self) -> None:
        """Looks, a portion at a time, at what time alone changes: the order of durations that go on, and `since:`."""
        if self._index is None:
            return
        if self._filter.moving:
            self._filter = parse_filter(self._filter.text, self._clock())
            self._begin("filter", self._index.refilter(self._filter))
        if self._index.views.moving:
            self._count_views()
            self._told.tell()
        if self._index.drifting and not self._ageing:
            self._ageing = self._index.living()
            self._gather.start(GATHER_MS)

    def _watch_drift(self) -> None:
        index = self._index
        drifting = self._filter.moving or (index is not None and (index.drifting or index.views.moving))
        if drifting != self._drift.isActive():
            self._drift.start() if drifting else self._drift.stop()

    def _unfinished(self) -> bool:
        gathered = self._changes is not None and self._changes.gathered
        return bool(self._waiting or gathered or self._ageing or self._work)

    def _gather_change(self, delta: Delta, spans: Spans) -> None:
        """Portions are shown together, in a turn of their own. In groups each is shown at once, as a heading that
        leaves must not be asked for."""
        if self._changes is None:
            return
        if not self._changes.gathered:
            self._gathered_at = monotonic()
        self._changes.gathered.add(delta, spans)
        if self._grouped:
            self._show_gathered()

    def _gathered_enough(self) -> bool:
        gathered = self._changes is not None and self._changes.gathered
        return bool(gathered) and (not self._waiting or monotonic() - self._gathered_at > self._portions.gathered_s)

    def _show_gathered(self) -> None:
        if self._changes is not None and self._changes.gathered:
            self._install(*self._changes.gathered.take())
            self._told.tell()

    def _install(self, delta: Delta, spans: Spans = MappingProxyType({})) -> None:
        if self._changes is None:
            return
        self.update_begins.emit()
        try:
            self._changes.install(delta, spans)
        finally:  # else whoever holds still during a change would do so for ever
            self.update_ended.emit()

"""Which tasks the table shows and in which order, kept up in time proportional to what changed.

This module needs numpy; the model imports it when the first task arrives, not at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, cast

import numpy as np

from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.long_work import Portions
from taskmon.gui.models.columns import Observed
from taskmon.gui.models.delta import Delta, Steps
from taskmon.gui.models.reason_groups import ReasonGroups
from taskmon.gui.models.slot_arrays import Flags, Slots, grown, no_slots, slots_of
from taskmon.gui.models.sort_order import SortOrder
from taskmon.gui.models.task_filter import EVERYTHING, TaskFilter
from taskmon.gui.models.task_group import GroupCounts
from taskmon.gui.models.task_slots import Put, TaskSlots
from taskmon.gui.models.view_counts import ViewCounts
from taskmon.gui.task_rows import Heading, SortKey

FEW: Final = 16
"""Up to this part of the rows, finding the place of each that comes is cheaper than sorting all."""


class TaskIndex:
    """The filter's verdict on each slot, and the order of those whose tasks pass.

    `take`, `refilter`, `choose_sort` and `refresh` decide; the model then changes `order` step by step, telling Qt in
    between. What takes its time gives `Steps`, between which groups may be folded and unfolded; tasks are taken and
    refreshed only when the steps have come to their end, or are given up.
    """

    def __init__(self, clock: Callable[[], datetime], observed: Observed, portions: Portions) -> None:
        self._clock = clock
        self._portions = portions
        self.order: Slots = no_slots()
        self.counts = GroupCounts()
        self.views = ViewCounts()
        self._queue = observed.queue
        self._filter = EVERYTHING
        self._slots = TaskSlots()
        self._sort = SortOrder(self._slots, observed, portions)
        self.groups: ReasonGroups | None = None
        self._shown: Flags = np.empty(0, dtype=np.bool_)
        self._rows: Slots = no_slots()
        self._rows_of: Slots | None = None
        self._reference = clock()

    def __len__(self) -> int:
        return len(self._slots)

    # What is where -----------------------------------------------------------------------------------------------

    def task_at(self, row: int) -> Task:
        """The task of a shown row. Raises IndexError for a heading."""
        task = self.find(row)
        if task is None:
            raise IndexError(row)
        return task

    def find(self, row: int) -> Task | None:
        """The task of a row; None where it is a heading, or one that is just leaving."""
        return self._slots.tasks[int(self.order[row])]

    def heading_at(self, row: int) -> Heading | None:
        """The heading of a row; None where it is a task."""
        if self.groups is None:
            return None
        return self.groups.heading(int(self.order[row]), self._slots.tasks, self._shown)

    def ids(self, first: int, last: int) -> list[str]:
        """The ids of the tasks in the rows `first` to `last`, both included."""
        return self.ids_of(self.order[first : last + 1])

    def ids_of(self, slots: Slots) -> list[str]:
        """The ids of the tasks at `slots`; those of headings, and of tasks that have gone, are left out."""
        tasks = self._slots.tasks
        return [task.task_id for slot in slots.tolist() if (task := tasks[slot]) is not None]

    def keys(self, first: int, last: int) -> list[str]:
        """What identifies each of the rows `first` to `last`, both included."""
        if self.groups is None:
            return self.ids(first, last)
        tasks, key = self._slots.tasks, self.groups.heading_key
        slots = self.order[first : last + 1].tolist()
        return [task.task_id if (task := tasks[slot]) is not None else key(slot) for slot in slots]

    def matching(self) -> Slots:
        """The tasks that pass the filter, those in folded groups too."""
        return self.order if self.groups is None else np.flatnonzero(self._shown)

    def top(self, count: int) -> list[Task]:
        """The first `count` tasks of the order, whatever the filter hides; those in folded groups are left out."""
        slots = self._slots.all()
        if self.groups is not None:
            slots = slots[self.groups.opened(slots)]
        return [task for slot in self._sort.first(slots, count).tolist() if (task := self._slots.tasks[slot])]

    def top_rows(self, count: int) -> list[Task | Heading]:
        """The first `count` rows as they would be without a filter."""
        first, groups = self.top(count), self.groups
        if groups is None:
            return [*first]
        members: dict[str, list[Task]] = {}
        for task in first:
            members.setdefault(groups.reason_of(cast("int", self._slots.slot_of(task.task_id))), []).append(task)
        rows: list[Task | Heading] = []
        for heading in groups.unfiltered(self._slots.all(), self._slots.tasks):
            rows += [heading, *members.get(heading.reason, ())]
            if len(rows) >= count:
                break
        return rows[:count]

    def status_counts(self) -> dict[Status, int]:
        """How many of the tasks that pass the filter are in each state."""
        return self._slots.status_counts(self.matching())

    def row_of(self, key: str) -> int | None:
        """The row of a task by its id, or of a heading by its key; None if it is not shown."""
        slot = self._slots.slot_of(key)
        if slot is None and self.groups is not None:
            slot = self.groups.heading_slot(key)
        if slot is None or not len(self.order):
            return None
        row = int(self.rows()[slot])
        return row if row >= 0 else None

    def rows(self) -> Slots:
        """The row of every slot, -1 where it is not shown; until the order is another one."""
        self._rows = cast("Slots", grown(self._rows, len(self._slots.tasks), -1))
        if self._rows_of is not self.order:
            self._rows.fill(-1)
            self._rows[self.order] = np.arange(len(self.order))
            self._rows_of = self.order
        return self._rows

    # What changes ------------------------------------------------------------------------------------------------

    def take(self, tasks: Iterable[Task], gone_ids: Iterable[str] = ()) -> Delta:
        """New or changed tasks, and those that exist no more."""
        puts = [self._put(task) for task in tasks]
        touched = slots_of({put.slot for put in puts})
        told, renamed = slots_of({put.slot for put in puts if put.told}), slots_of({p.slot for p in puts if p.renamed})
        gone = slots_of(self._forget(gone_ids))
        self._shown = grown(self._shown, len(self._slots.tasks), 0)
        self.views.update(told, gone, self._slots)
        moved = self._sort.update(touched, renamed, self._reference)
        self._sort.forget(gone)
        return self._judge(touched, told, moved, gone)

    def _put(self, task: Task) -> Put:
        put = self._slots.put(task)
        if put.before is None:
            self._sort.arrive(put.slot)
        if put.told:
            if put.before is not None:
                self.counts.take_away(put.before)
            self.counts.add(task)
            self._queue.take(task)
        return put

    def _forget(self, task_ids: Iterable[str]) -> list[int]:
        slots = []
        for task_id in task_ids:
            gone = self._slots.forget(task_id)
            if gone is not None:
                slot, task = gone
                self.counts.take_away(task)
                self._queue.forget(task_id)
                slots.append(slot)
        return slots

    def _judge(self, touched: Slots, told: Slots, moved: Flags, gone: Slots) -> Delta:
        """Compares what `touched` and `gone` slots are now with what the rows show. Only those `told` among the
        `touched` say other words than before; `moved` are those of which a sort value is different."""
        before, gone_before = self._visible(touched), self._visible(gone)
        accepted = self._filter.select(told, self._slots)
        if self.groups is not None:
            known = np.concatenate((told, gone))
            self.groups.count(known[self._shown[known]], -1)
            moved[np.searchsorted(touched, told)] |= self.groups.read(told, self._slots.tasks)
            self.groups.count(accepted, 1)
        self._shown[told] = False
        self._shown[gone] = False
        self._shown[accepted] = True
        after = self._visible(touched)
        stay = before & after
        leaving = np.concatenate((touched[before & ~after], gone[gone_before]))
        return self._headed(Delta(leaving, touched[after & ~before], touched[stay & moved], touched[stay], gone))

    def _visible(self, slots: Slots) -> Flags:
        """Which of these tasks have a row: they pass the filter and are not folded."""
        shown: Flags = self._shown[slots]
        return shown if self.groups is None else shown & self.groups.opened(slots)

    def _headed(self, delta: Delta) -> Delta:
        """The change with what it means for the headings. An `order` is that of all tasks, folded ones too."""
        if self.groups is None:
            return delta
        headings, order = self.groups.settle(self._slots.tasks, self._shown), delta.order
        if order is not None:
            order = self.merged(order[self.groups.opened(order)], self.groups.headings())
        return Delta(
            leaving=np.concatenate((delta.leaving, headings.going)),
            coming=np.concatenate((delta.coming, headings.coming)),
            moving=delta.moving,
            changed=np.concatenate((delta.changed, headings.changed)),
            gone=np.concatenate((delta.gone, headings.going)),
            order=order,
        )

    def release(self, gone: Slots) -> None:
        """The rows of `gone` have left: their slots may be used again."""
        self._slots.release(gone)

    def refilter(self, new: TaskFilter) -> Steps:
        """Another filter."""
        existing = self._slots.all() if not new.narrows(self._filter) else np.flatnonzero(self._shown)
        accepted = [no_slots()]
        step = self._portions.judged_singly if new.one_by_one else self._portions.judged
        for first in range(0, len(existing) if new.tests else 0, step):
            accepted.append(new.select(existing[first : first + step], self._slots))
            yield
        after: Flags = np.zeros(len(self._shown), dtype=np.bool_)
        after[np.concatenate(accepted) if new.tests else existing] = True
        leaving, coming = np.flatnonzero(self._shown & ~after), np.flatnonzero(after & ~self._shown)
        yield
        order = None
        if len(coming) > len(self.order) // FEW:
            order = yield from self._sort.arranged(np.flatnonzero(after), self._sort.keys, self.groups)
        self._filter, self._shown = new, after
        if self.groups is not None:
            self.groups.count(leaving, -1)
            self.groups.count(coming, 1)
            leaving, coming = leaving[self.groups.opened(leaving)], coming[self.groups.opened(coming)]
        return self._headed(Delta(leaving=leaving, coming=coming, order=order))

    def group(self, closed: AbstractSet[str]) -> Steps:
        """From now on equal failures stand together under headings; those with a reason in `closed` are folded."""
        if self.groups is not None:
            return Delta()
        groups = ReasonGroups(self._take_slot, closed)
        yield from groups.begin(self._slots.all(), self._slots.tasks, self._portions.read)
        groups.count(self.order, 1)
        order = yield from self._sort.arranged(self.order, self._sort.keys, groups)
        yield
        self._sort.choose(self._sort.keys, groups)
        groups.fold_closed()
        self.groups = groups
        return self._headed(Delta(leaving=order[~groups.opened(order)], order=order))

    def ungroup(self) -> Steps:
        """No groups and no headings any more."""
        if self.groups is None:
            return Delta()
        order = yield from self._sort.arranged(self.matching(), self._sort.keys, None)
        headings, folded = self.groups.headings(), order[~self.groups.opened(order)]
        self._sort.choose(self._sort.keys, None)
        self.groups = None
        return Delta(leaving=headings, coming=folded, gone=headings, order=order)

    def fold(self, reason: str, *, is_open: bool) -> Delta:
        """Unfolds or folds a group."""
        if self.groups is None:
            return Delta()
        members = self.groups.members(reason, self._shown)
        before = self._visible(members)
        self.groups.set_open(reason, is_open)
        after = self._visible(members)
        return self._headed(Delta(leaving=members[before & ~after], coming=members[after & ~before]))

    def reason_of(self, task_id: str) -> str | None:
        """The reason under which a task that passes the filter is grouped; None if it is not."""
        slot = self._slots.slot_of(task_id)
        return None if self.groups is None or slot is None or not self._shown[slot] else self.groups.reason_of(slot)

    def count_views(self, filters: Mapping[str, TaskFilter]) -> None:
        """From now on `views` knows how many tasks each of these filters lets through."""
        self.views.choose(filters, self._slots)

    def choose_sort(self, keys: Sequence[SortKey]) -> Steps:
        """Another order; every shown task may have to move."""
        self._reference = self._clock()
        yield from self._sort.prepare(keys, slots_of(self._slots.living), self._reference)
        order = yield from self._sort.arranged(self.matching(), keys, self.groups)
        self._sort.choose(keys, self.groups)
        return self._headed(Delta(order=order))

    def living(self) -> list[int]:
        """The slots whose durations go on; from now on they are measured up to this moment."""
        self._reference = self._clock()
        return sorted(self._slots.living)

    def refresh(self, slots: Sequence[int]) -> Delta:
        """What time alone has moved among `slots`, as far as they still live."""
        living = slots_of(self._slots.living.intersection(slots))
        moved = self._sort.update(living, no_slots(), self._reference)
        return Delta(moving=living[moved & self._visible(living)])

    @property
    def drifting(self) -> bool:
        """Whether time alone changes the order."""
        return self._sort.drifting

    def _take_slot(self) -> int:
        slot = self._slots.take()
        self._sort.arrive(slot)
        self._shown = grown(self._shown, slot + 1, 0)
        return slot

    # Orders that the model installs ------------------------------------------------------------------------------

    def without(self, slots: Slots) -> Slots:
        """The present order without `slots`."""
        if not len(slots):
            return self.order
        out: Flags = np.zeros(len(self._slots.tasks), dtype=np.bool_)
        out[slots] = True
        return self.order[~out[self.order]]

    def merged(self, order: Slots, slots: Slots) -> Slots:
        """`order` with `slots` where they belong."""
        return self._sort.merge(order, slots) if len(slots) else order

    def places(self, slots: Slots) -> tuple[Slots, Slots]:
        """`slots` in order, and before which present row each of them belongs."""
        ordered = self._sort.sorted(slots)
        return ordered, self._sort.places(self.order, ordered)

"""The order of the table over one or several columns: one number per task and column, kept in numpy arrays."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from taskmon.gui.long_work import Portions
from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.reason_groups import ReasonGroups
from taskmon.gui.models.slot_arrays import (
    Flags,
    Floats,
    Key,
    Slots,
    downwards,
    grown,
    in_order,
    in_order_by_parts,
    no_slots,
)
from taskmon.gui.models.sort_columns import LineColumn, NumberColumn, SharedColumn, SortColumn
from taskmon.gui.models.task_slots import TaskSlots
from taskmon.gui.task_rows import SortKey

NEWEST_FIRST: Final = SortKey(Column.SUBMITTED, descending=True)
"""What decides between tasks that are equal in everything that the user asked for."""


class SortOrder:
    """Compares tasks by their groups if there are any, by the user's columns, then newest first, then in the order in
    which they came."""

    def __init__(self, slots: TaskSlots, observed: Observed, portions: Portions) -> None:
        self._slots = slots
        self._observed = observed
        self._portions = portions
        self._columns: dict[int, SortColumn] = {NEWEST_FIRST.column: self._column(NEWEST_FIRST.column)}
        self.keys: tuple[SortKey, ...] = (NEWEST_FIRST,)
        self._arrival: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._arrived = 0
        self._groups: ReasonGroups | None = None

    def _column(self, number: int) -> SortColumn:
        column = Column(number)
        shared = COLUMNS[column].shared
        if shared is not None:
            return SharedColumn(shared, self._slots.shared, self._portions.read)
        if COLUMNS[column].by_text:
            return LineColumn(self._slots.ids if column is Column.TASK else self._slots.names)
        return NumberColumn(column, self._slots, self._observed, self._portions.read)

    @property
    def drifting(self) -> bool:
        """Whether time alone changes the order."""
        return any(COLUMNS[Column(key.column)].drifting for key in self.keys)

    def arrive(self, slot: int) -> None:
        """A new task has taken `slot`."""
        self._arrival = grown(self._arrival, slot + 1, 0)
        self._arrival[slot] = self._arrived
        self._arrived += 1

    def prepare(self, keys: Sequence[SortKey], living: Slots, now: datetime) -> Iterator[None]:
        """Reads, step by step, what an order by `keys` needs: of all tasks, or of those `living` on whose durations go
        on, and of those that have changed. No task may change from then on until the order is chosen, or given up."""
        for key in keys:
            column = self._columns.get(key.column)
            if column is None:
                column = self._columns[key.column] = self._column(key.column)
                column.note(self._slots.all(), self._slots.all())
            elif COLUMNS[Column(key.column)].drifting:
                column.note(living, no_slots())
            yield from column.catch_up(now)

    def arranged(
        self, slots: Slots, keys: Sequence[SortKey], groups: ReasonGroups | None
    ) -> Generator[None, None, Slots]:
        """`slots`, all of tasks, in the order that `choose` of these `keys` and `groups` would give them, step by step.
        The keys are prepared."""
        return in_order_by_parts(slots, self._gathers(_whole(keys), groups), self._portions.sorted)

    def choose(self, keys: Sequence[SortKey], groups: ReasonGroups | None) -> None:
        """Sort by `keys`, which are prepared, within `groups` from now on. Of other columns only numbers are kept, with
        what changes in them; texts are quick to read again and would take room."""
        self.keys, self._groups = _whole(keys), groups
        if groups is not None:
            groups.set_descending(_from_z(self.keys))
        used = self._used()
        self._columns = {n: c for n, c in self._columns.items() if n in used or isinstance(c, NumberColumn)}

    def _used(self) -> set[int]:
        return {key.column for key in self.keys}

    def update(self, slots: Slots, renamed: Slots, now: datetime) -> Flags:
        """Reads the sort values of `slots` again, of which some are `renamed`; tells which of them may have to move."""
        moved: Flags = np.zeros(len(slots), dtype=np.bool_)
        used = self._used()
        for number, column in self._columns.items():
            if number in used:
                moved |= column.update(slots, renamed, now)
            else:
                column.note(slots, renamed)
        return moved

    def forget(self, slots: Slots) -> None:
        """The tasks of `slots` exist no more."""
        for column in self._columns.values():
            column.forget(slots)

    def _present(self) -> list[Key]:
        return self._gathers(self.keys, self._groups)

    def _gathers(self, keys: Sequence[SortKey], groups: ReasonGroups | None) -> list[Key]:
        """The values of slots by each key in turn."""
        gathers: list[Key] = [] if groups is None else [groups.turned(_from_z(keys)).__getitem__]
        for key in keys:
            column = self._columns[key.column]
            column.reach(len(self._arrival))  # headings have no values of their own
            gathers.append(_downwards(column.values) if key.descending else column.values.__getitem__)
        return [*gathers, self._arrival.__getitem__]

    def sorted(self, slots: Slots) -> Slots:
        """`slots` in order."""
        return in_order(slots, self._present())

    def first(self, slots: Slots, count: int) -> Slots:
        """The `count` first of `slots` in order; only those that may be among them are compared."""
        if count < len(slots):
            values = self._present()[0](slots)
            slots = slots[values <= np.partition(values, count)[count]]
        return self.sorted(slots)[:count]

    def merge(self, order: Slots, slots: Slots) -> Slots:
        """An ordered `order` with `slots`, none of them in it, put where they belong."""
        if len(slots) > len(order) // 4:
            return self.sorted(np.concatenate((order, slots)))
        coming = self.sorted(slots)
        return np.insert(order, self.places(order, coming), coming)

    def places(self, order: Slots, slots: Slots) -> Slots:
        """Before which row of `order` each of `slots` belongs: one binary search for all of them at once."""
        low = np.zeros(len(slots), dtype=np.intp)
        high = np.full(len(slots), len(order), dtype=np.intp)
        before = self._comparison()
        while (searching := low < high).any():
            middle = (low + high) // 2
            later = before(order[np.minimum(middle, len(order) - 1)], slots) & searching
            low = np.where(later, middle + 1, low)
            high = np.where(searching & ~later, middle, high)
        return low

    def _comparison(self) -> Callable[[Slots, Slots], Flags]:
        gathers = self._present()

        def before(left: Slots, right: Slots) -> Flags:
            result: Flags = np.zeros(len(left), dtype=np.bool_)
            undecided: Flags = np.ones(len(left), dtype=np.bool_)
            for gather in gathers:
                mine, theirs = gather(left), gather(right)
                result |= undecided & (mine < theirs)
                undecided &= mine == theirs
            return result

        return before


def _whole(keys: Sequence[SortKey]) -> tuple[SortKey, ...]:
    """`keys`, and what decides where those are equal."""
    return (*keys,) if any(key.column == NEWEST_FIRST.column for key in keys) else (*keys, NEWEST_FIRST)


def _from_z(keys: Sequence[SortKey]) -> bool:
    """Whether groups of reasons begin with the last letters."""
    return any(key.column == Column.REASON and key.descending for key in keys)


def _downwards(values: Floats) -> Key:
    return lambda slots: downwards(values[slots])

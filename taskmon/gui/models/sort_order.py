"""The order of the table over one or several columns: one number per task and column, kept in numpy arrays.

A task is known here by its slot, a small number that stays the same as long as the task exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from taskmon.core.task import Task
from taskmon.gui.models.columns import COLUMNS, Column, Observed, SortValue
from taskmon.gui.models.text_ranks import Floats, TextRanks
from taskmon.gui.task_rows import SortKey

Slots = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Tasks = Sequence[Task | None]

NEWEST_FIRST: Final = SortKey(Column.SUBMITTED, descending=True)
"""What decides between tasks that are equal in everything that the user asked for."""


_STEP: Final = 2000
"""Sort values read before the window may turn to something else."""

_NONE: Final = np.empty(0, dtype=np.intp)
_MANY_NOTES: Final = 256


def grown(array: npt.NDArray[np.generic], size: int, filling: float) -> npt.NDArray[np.generic]:
    """`array` with room for at least `size` elements; grows by doubling."""
    if size <= len(array):
        return array
    larger = np.full(max(size, 2 * len(array), 64), filling, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def distinct(slots: Slots) -> Slots:
    """`slots` in growing order, each once. `np.unique` does it too, but loads numpy's masked arrays for it."""
    ordered = np.sort(slots)
    first: Flags = np.diff(ordered, prepend=-1) != 0
    return ordered[first]


class _KeyColumn:
    """The sort values of one column by slot; infinite for a blank, so that blanks come last either way.

    While nobody sorts by the column it only notes which slots have changed, and reads them when it is needed again.
    """

    def __init__(self, column: Column, observed: Observed) -> None:
        self.column = column
        self._facts = COLUMNS[column]
        self._observed = observed
        self._ranks = TextRanks() if self._facts.by_text else None
        self._late: list[Slots] = []
        self.ascending: Floats = np.empty(0)
        self._descending: Floats | None = None

    @property
    def descending(self) -> Floats:
        """The values for the other direction."""
        if self._descending is None:
            self._descending = np.where(np.isinf(self.ascending), np.inf, -self.ascending)
        return self._descending

    def note(self, slots: Slots) -> None:
        """`slots` have changed and nobody wants to know yet."""
        self._descending = None
        self._late.append(slots)
        if len(self._late) >= _MANY_NOTES:
            self._late = [distinct(np.concatenate(self._late))]

    def catch_up(self, tasks: Tasks, now: datetime) -> Iterator[None]:
        """Reads what was noted, some slots between one step and the next."""
        late = self._late[0] if len(self._late) == 1 else distinct(np.concatenate((_NONE, *self._late)))
        self._late = []
        try:
            yield from self._read(late, tasks, now)
        except GeneratorExit:  # another order is wanted before this one is ready
            self.note(late)
            raise

    def _read(self, late: Slots, tasks: Tasks, now: datetime) -> Iterator[None]:
        values: list[str] | list[SortValue] = []
        for first in range(0, len(late), _STEP):
            values += self._values(late[first : first + _STEP], tasks, now)
            yield
        if self._ranks is not None and not len(self._ranks) and values:
            ranks = yield from self._ranks.begin(cast("list[str]", values))
            self._put(late, ranks)
        elif values:
            self._put(late, self._numbers(values))

    def update(self, slots: Slots, tasks: Tasks, now: datetime) -> Flags:
        """Reads the values of `slots` again; tells which of them are different now."""
        return self._put(slots, self._numbers(self._values(slots, tasks, now)))

    def reach(self, size: int) -> None:
        """Room for `size` slots, blank until something is put there."""
        if size > len(self.ascending):
            self.ascending = grown(self.ascending, size, np.inf)  # type: ignore[assignment]
            self._descending = None

    def _put(self, slots: Slots, numbers: Floats) -> Flags:
        self.reach(int(slots.max(initial=-1)) + 1)
        blank = np.isnan(numbers)
        ascending = np.where(blank, np.inf, numbers)
        different: Flags = self.ascending[slots] != ascending
        self.ascending[slots] = ascending
        if self._descending is not None:
            self._descending[slots] = np.where(blank, np.inf, -numbers)
        return different

    def _values(self, slots: Slots, tasks: Tasks, now: datetime) -> list[str] | list[SortValue]:
        there = [tasks[slot] for slot in slots.tolist()]
        read = self._facts.read
        if read is not None:
            return [read(task).casefold() if task is not None else "" for task in there]
        sort_key, observed = self._facts.sort_key, self._observed
        return [None if task is None else sort_key(task, now, observed) for task in there]

    def _numbers(self, values: list[str] | list[SortValue]) -> Floats:
        ranks = self._ranks
        if ranks is None:
            return np.array(values, dtype=np.float64)  # None becomes not a number
        texts = cast("list[str]", values)
        spread = ranks.learn(texts)
        if spread is not None:
            self._translate(*spread)
        return np.array(ranks.of(texts), dtype=np.float64)

    def _translate(self, old: Floats, new: Floats) -> None:
        self._descending = None
        known = np.flatnonzero(np.isfinite(self.ascending))
        self.ascending[known] = new[np.searchsorted(old, self.ascending[known]).clip(max=len(new) - 1)]


class Grouping(Protocol):
    """What comes before all keys of the user."""

    @property
    def values(self) -> Floats:
        """The number of every slot."""


class SortOrder:
    """Compares tasks by their groups if there are any, by the user's columns, then newest first, then in the order in
    which they came."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._columns = {Column(NEWEST_FIRST.column): _KeyColumn(Column(NEWEST_FIRST.column), observed)}
        self._keys: tuple[SortKey, ...] = (NEWEST_FIRST,)
        self._arrival: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._arrived = 0
        self.groups: Grouping | None = None

    @property
    def drifting(self) -> bool:
        """Whether time alone changes the order."""
        return any(COLUMNS[Column(key.column)].drifting for key in self._keys)

    def arrive(self, slot: int) -> None:
        """A new task has taken `slot`."""
        self._arrival = grown(self._arrival, slot + 1, 0)  # type: ignore[assignment]
        self._arrival[slot] = self._arrived
        self._arrived += 1

    def prepare(
        self, keys: Sequence[SortKey], slots: Slots, living: Slots, tasks: Tasks, now: datetime
    ) -> Iterator[None]:
        """Reads, step by step, what `choose` will need: of `slots`, all that exist, or of those `living` on whose
        durations go on, and of those that have changed."""
        for key in keys:
            column = Column(key.column)
            if column not in self._columns:
                self._columns[column] = _KeyColumn(column, self._observed)
                self._columns[column].note(slots)
            elif COLUMNS[column].drifting:
                self._columns[column].note(living)
            yield from self._columns[column].catch_up(tasks, now)

    def choose(self, keys: Sequence[SortKey], tasks: Tasks, now: datetime) -> None:
        """Sort by `keys`, which are prepared, from now on."""
        wanted = tuple(keys)
        if all(key.column != NEWEST_FIRST.column for key in wanted):
            wanted = (*wanted, NEWEST_FIRST)
        for key in wanted:
            for _ in self._columns[Column(key.column)].catch_up(tasks, now):
                pass
        self._keys = wanted

    def update(self, slots: Slots, tasks: Tasks, now: datetime) -> Flags:
        """Reads the sort values of `slots` again; tells which of them may have to move."""
        moved: Flags = np.zeros(len(slots), dtype=np.bool_)
        used = {key.column for key in self._keys}
        for column, values in self._columns.items():
            if column in used:
                moved |= values.update(slots, tasks, now)
            else:
                values.note(slots)
        return moved

    def _arrays(self) -> list[Floats]:
        chosen = [(self._columns[Column(key.column)], key.descending) for key in self._keys]
        for column, _ in chosen:
            column.reach(len(self._arrival))  # headings have no values of their own
        arrays = [column.descending if descending else column.ascending for column, descending in chosen]
        return arrays if self.groups is None else [self.groups.values, *arrays]

    def sorted(self, slots: Slots) -> Slots:
        """`slots` in order."""
        keys = [array[slots] for array in self._arrays()]
        return slots[np.lexsort((self._arrival[slots], *reversed(keys)))]

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
        arrays: list[npt.NDArray[np.generic]] = [*self._arrays(), self._arrival]

        def before(left: Slots, right: Slots) -> Flags:
            result: Flags = np.zeros(len(left), dtype=np.bool_)
            undecided: Flags = np.ones(len(left), dtype=np.bool_)
            for array in arrays:
                mine, theirs = array[left], array[right]
                result |= undecided & (mine < theirs)  # type: ignore[operator]
                undecided &= mine == theirs
            return result

        return before

"""The order of the table over one or several columns: one number per task and column, kept in numpy arrays.

A task is known here by its slot, a small number that stays the same as long as the task exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

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


def grown(array: npt.NDArray[np.generic], size: int, filling: float) -> npt.NDArray[np.generic]:
    """`array` with room for at least `size` elements; grows by doubling."""
    if size <= len(array):
        return array
    larger = np.full(max(size, 2 * len(array), 64), filling, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


class _KeyColumn:
    """The sort values of one column by slot; infinite for a blank, so that blanks come last either way."""

    def __init__(self, column: Column, observed: Observed) -> None:
        self.column = column
        self._sort_key = COLUMNS[column].sort_key
        self._observed = observed
        self._ranks = TextRanks() if COLUMNS[column].by_text else None
        self._values: Floats = np.empty(0)
        self.ascending: Floats = np.empty(0)
        self.descending: Floats = np.empty(0)

    def update(self, slots: Slots, tasks: Tasks, now: datetime) -> Flags:
        """Reads the values of `slots` again; tells which of them are different now."""
        size = int(slots.max(initial=-1)) + 1
        self.ascending = grown(self.ascending, size, np.inf)  # type: ignore[assignment]
        self.descending = grown(self.descending, size, np.inf)  # type: ignore[assignment]
        numbers = self._numbers([self._value(tasks[slot], now) for slot in slots.tolist()])
        blank = np.isnan(numbers)
        ascending = np.where(blank, np.inf, numbers)
        different: Flags = self.ascending[slots] != ascending
        self.ascending[slots] = ascending
        self.descending[slots] = np.where(blank, np.inf, -numbers)
        return different

    def _value(self, task: Task | None, now: datetime) -> SortValue:
        return None if task is None else self._sort_key(task, now, self._observed)

    def _numbers(self, values: list[SortValue]) -> Floats:
        ranks = self._ranks
        if ranks is None:
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        texts = [str(value).casefold() if value else "" for value in values]
        spread = ranks.learn([text for text in texts if text])
        if spread is not None:
            self._translate(*spread)
        return np.array([ranks.of(text) if text else np.nan for text in texts], dtype=np.float64)

    def _translate(self, old: Floats, new: Floats) -> None:
        known = np.flatnonzero(np.isfinite(self.ascending))
        self.ascending[known] = new[np.searchsorted(old, self.ascending[known]).clip(max=len(new) - 1)]
        self.descending[known] = -self.ascending[known]


class SortOrder:
    """Compares tasks by the user's columns, then newest first, then in the order in which they came."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._columns: dict[Column, _KeyColumn] = {}
        self._keys: tuple[SortKey, ...] = (NEWEST_FIRST,)
        self._arrival: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._arrived = 0

    @property
    def drifting(self) -> bool:
        """Whether time alone changes the order."""
        return any(COLUMNS[Column(key.column)].drifting for key in self._keys)

    def arrive(self, slot: int) -> None:
        """A new task has taken `slot`."""
        self._arrival = grown(self._arrival, slot + 1, 0)  # type: ignore[assignment]
        self._arrival[slot] = self._arrived
        self._arrived += 1

    def choose(self, keys: Sequence[SortKey], slots: Slots, tasks: Tasks, now: datetime) -> None:
        """Sort by `keys` from now on; `slots` are all that exist."""
        wanted = tuple(keys)
        if all(key.column != NEWEST_FIRST.column for key in wanted):
            wanted = (*wanted, NEWEST_FIRST)
        for key in wanted:
            column = Column(key.column)
            # A drifting column that was not followed meanwhile is out of date.
            if column not in self._columns or COLUMNS[column].drifting:
                self._columns[column] = _KeyColumn(column, self._observed)
                self._columns[column].update(slots, tasks, now)
        self._keys = wanted

    def update(self, slots: Slots, tasks: Tasks, now: datetime) -> Flags:
        """Reads the sort values of `slots` again; tells which of them may have to move."""
        moved: Flags = np.zeros(len(slots), dtype=np.bool_)
        used = {key.column for key in self._keys}
        for column, values in self._columns.items():
            different = values.update(slots, tasks, now)
            if column in used:
                moved |= different
        return moved

    def _arrays(self) -> list[Floats]:
        chosen = [(self._columns[Column(key.column)], key.descending) for key in self._keys]
        return [column.descending if descending else column.ascending for column, descending in chosen]

    def sorted(self, slots: Slots) -> Slots:
        """`slots` in order."""
        keys = [array[slots] for array in self._arrays()]
        return slots[np.lexsort((self._arrival[slots], *reversed(keys)))]

    def merge(self, order: Slots, slots: Slots) -> Slots:
        """An ordered `order` with `slots`, none of them in it, put where they belong."""
        coming = self.sorted(slots)
        if not len(order):
            return coming
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

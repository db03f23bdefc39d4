"""One number per task for a column to sort by: numbers and moments as they are, texts by ranks that compare as they do.

Infinite for a blank, which comes last either way. Needs numpy, like the index.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Final, Protocol

import numpy as np

from taskmon.gui.models.columns import COLUMNS, Column, Observed
from taskmon.gui.models.shared_facts import SharedFacts
from taskmon.gui.models.slot_arrays import Flags, Floats, Slots, distinct, grown, no_slots
from taskmon.gui.models.task_slots import SharedBySlot, TaskSlots
from taskmon.gui.models.text_lines import TextLines
from taskmon.gui.models.text_order import text_order
from taskmon.gui.models.text_ranks import RANK_STEP, TextRanks, ranks_between

_MANY_NOTES: Final = 256
_MANY_TEXTS: Final = 8
"""From this part of the texts on, ranking all anew is faster than finding a place for each."""


class SortColumn(Protocol):
    """What the order asks of a column. Of a column that is in use it wants to know at once what an `update` means; of
    another one changes are only noted, until it has to `catch_up`."""

    values: Floats

    def note(self, slots: Slots, renamed: Slots) -> None:
        """`slots` have changed, those `renamed` among them also in id or name."""

    def catch_up(self, now: datetime) -> Iterator[None]:
        """Reads what was noted, some slots between one step and the next."""

    def update(self, slots: Slots, renamed: Slots, now: datetime) -> Flags:
        """As `note`; tells of which slots the value is different."""

    def forget(self, slots: Slots) -> None:
        """The tasks of `slots` exist no more."""

    def reach(self, size: int) -> None:
        """Room for `size` slots, blank until something is put there."""


class _Values:
    """Values by slot."""

    def __init__(self) -> None:
        self.values: Floats = np.empty(0)

    def reach(self, size: int) -> None:
        self.values = grown(self.values, size, np.inf)

    def forget(self, slots: Slots) -> None:
        """Nothing to be done: nobody asks for the values of a free slot."""

    def _set(self, slots: Slots, values: Floats) -> Flags:
        self.reach(int(slots.max(initial=-1)) + 1)
        different: Flags = self.values[slots] != values
        self.values[slots] = values
        return different


class _NotedValues(_Values, ABC):
    """Values that are read from the slots that were noted, `step` of them at a time."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step
        self._late: list[Slots] = []

    def note(self, slots: Slots, _renamed: Slots) -> None:
        self._late.append(slots)
        if len(self._late) >= _MANY_NOTES:
            self._late = [distinct(np.concatenate(self._late))]

    def catch_up(self, now: datetime) -> Iterator[None]:
        late, self._late = _together(self._late), []
        try:
            for first in range(0, len(late), self._step):
                self._read(late[first : first + self._step], now)
                yield
        except GeneratorExit:  # another order is wanted before this one is ready
            self._late.append(late)
            raise

    def update(self, slots: Slots, _renamed: Slots, now: datetime) -> Flags:
        return self._read(slots, now)

    @abstractmethod
    def _read(self, slots: Slots, now: datetime) -> Flags:
        """As `note`; reads the values now and tells which are different."""


class NumberColumn(_NotedValues):
    """Numbers, read from every task."""

    def __init__(self, column: Column, slots: TaskSlots, observed: Observed, step: int) -> None:
        super().__init__(step)
        self._facts = COLUMNS[column]
        self._tasks = slots.tasks
        self._observed = observed

    def _read(self, slots: Slots, now: datetime) -> Flags:
        tasks, sort_key, observed = self._tasks, self._facts.sort_key, self._observed
        there = [tasks[slot] for slot in slots.tolist()]
        values = np.array(
            [None if task is None else sort_key(task, now, observed) for task in there], dtype=np.float64
        )  # None becomes not a number
        values[np.isnan(values)] = np.inf
        return self._set(slots, values)


class SharedColumn(_NotedValues):
    """Texts that many tasks share: each different value has a rank."""

    def __init__(self, read: Callable[[SharedFacts], str], shared: SharedBySlot, step: int) -> None:
        super().__init__(step)
        self._text_of = read
        self._shared = shared
        self._ranks = TextRanks()
        self._rank_of: Floats = np.empty(0)
        self._known = 0

    def _read(self, slots: Slots, _now: datetime) -> Flags:
        self._learn()
        return self._set(slots, self._rank_of[self._shared.number[slots]])

    def _learn(self) -> None:
        fresh = self._shared.values[self._known :]
        if not fresh:
            return
        texts = ["" if value is None else self._text_of(value).casefold() for value in fresh]
        spread = self._ranks.learn(texts)
        if spread is not None:
            for array in (self._rank_of, self.values):
                blank = np.isinf(array)
                array[:] = spread[1][np.searchsorted(spread[0], array).clip(max=len(spread[1]) - 1)]
                array[blank] = np.inf
        ranks = np.array(self._ranks.of(texts))
        ranks[np.isnan(ranks)] = np.inf
        self._rank_of = np.concatenate((self._rank_of[: self._known], ranks))
        self._known += len(fresh)


class LineColumn(_Values):
    """Texts of which nearly every task has its own, such as names. They are not kept here: the slots stand in the order
    of their texts, and a text that is new is looked for among them."""

    def __init__(self, lines: TextLines) -> None:
        super().__init__()
        self._lines = lines
        self._order: Slots | None = None
        self._late: list[Slots] = []

    def note(self, _slots: Slots, renamed: Slots) -> None:
        self._place(renamed)

    def catch_up(self, _now: datetime) -> Iterator[None]:
        if self._order is None:
            slots, self._late = _together(self._late), []
            try:
                yield from self._rank(slots)
            except GeneratorExit:
                self._late.append(slots)
                raise

    def _rank(self, slots: Slots) -> Iterator[None]:
        order, fresh = yield from text_order(self._lines, slots)
        self.reach(int(slots.max(initial=-1)) + 1)
        self.values[:] = np.inf
        self.values[order] = (np.cumsum(fresh) - 1) * RANK_STEP
        self._order = order

    def update(self, slots: Slots, renamed: Slots, _now: datetime) -> Flags:
        self.reach(int(slots.max(initial=-1)) + 1)
        different: Flags = np.zeros(len(slots), dtype=np.bool_)
        different[np.searchsorted(slots, renamed)] = True
        self._place(renamed)
        return different

    def forget(self, slots: Slots) -> None:
        self._place(slots)

    def _place(self, renamed: Slots) -> None:
        """Finds the ranks of slots whose texts are new, or are no more."""
        if not len(renamed):
            return
        if self._order is None:
            self._late.append(renamed)
            return
        self.reach(int(renamed.max()) + 1)
        self.values[renamed] = np.inf
        order = self._order[np.isfinite(self.values[self._order])]
        pairs = sorted((text, slot) for slot in renamed.tolist() if (text := self._lines.sort_text(slot)))
        if len(pairs) * _MANY_TEXTS > len(order):
            for _ in self._rank(distinct(np.append(order, renamed))):
                pass
        else:
            self._insert(order, pairs)

    def _insert(self, order: Slots, pairs: list[tuple[str, int]]) -> None:
        """Gives the slots of `pairs`, in the order of their texts, ranks among those of `order`."""
        text_at = self._lines.sort_text
        found = [(bisect_left(order, text, key=lambda slot: text_at(int(slot))), text, slot) for text, slot in pairs]
        crowded = False
        for place, group in groupby(found, key=lambda each: each[0]):
            slots_of: dict[str, list[int]] = {}
            for _, text, slot in group:
                slots_of.setdefault(text, []).append(slot)
            if place < len(order):  # the last of them may be a text that is known
                self.values[slots_of.pop(text_at(int(order[place])), [])] = self.values[order[place]]
            low, high = (self.values[order[at]] if 0 <= at < len(order) else None for at in (place - 1, place))
            ranks, tight = ranks_between(low, high, len(slots_of))
            crowded |= tight
            for slots, rank in zip(slots_of.values(), ranks, strict=True):
                self.values[slots] = rank
        self._order = np.insert(order, [place for place, _, _ in found], [slot for _, _, slot in found])
        if crowded:
            ordered = self.values[self._order]
            self.values[self._order] = np.cumsum(np.diff(ordered, prepend=ordered[:1]) != 0) * RANK_STEP


def _together(noted: list[Slots]) -> Slots:
    return noted[0] if len(noted) == 1 else distinct(np.concatenate((no_slots(), *noted)))

"""Groups of equal failure reasons within the order of the table: which group each task is in, how many of it match the
filter, and the heading that every group with such tasks has.

Headings are known by slots, as tasks are. The rank of the reason is the first key of the order; a heading comes right
before its tasks. Like the index this needs numpy, and is imported with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from taskmon.core.task import Task
from taskmon.core.task_reason import pattern_of
from taskmon.gui.models.slot_arrays import Flags, Floats, Slots, downwards, grown, no_slots, slots_of
from taskmon.gui.models.task_group import bad_end
from taskmon.gui.models.text_ranks import TextRanks
from taskmon.gui.task_rows import Heading

_HEADING: Final = "\0"
"""Before a reason it makes the key of a heading, which no task has for an id."""


class HeadingChange(NamedTuple):
    """The slots of headings that come, go, and tell another number."""

    coming: Slots
    going: Slots
    changed: Slots


class ReasonGroups:
    """The group of each slot by number; group 0 holds the tasks without a reason and comes last."""

    def __init__(self, new_slot: Callable[[], int], closed: AbstractSet[str]) -> None:
        """`new_slot` gives a slot for a heading; a group whose reason is in `closed` when it comes is folded."""
        self._new_slot = new_slot
        self._closed = closed
        self._ranks = TextRanks()
        self._reasons: list[str] = []
        self._number_of: dict[str, int] = {}
        self._rank: Floats = np.empty(0)
        self._open: Flags = np.empty(0, dtype=np.bool_)
        self._counts: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._group: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._words: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._said: dict[int, str] = {}  # what headings have told word for word since `settle`
        self._heading: dict[int, int] = {}  # group -> slot
        self._headed: dict[int, int] = {}  # slot -> group
        self._before: dict[int, int] = {}  # group -> what its heading tells until `settle`
        self._descending = False
        self.values: Floats = np.empty(0)
        """What the order compares first, by slot."""
        self._number("")

    # What is where -----------------------------------------------------------------------------------------------

    def heading(self, slot: int, tasks: Sequence[Task | None], shown: Flags) -> Heading | None:
        """What stands in a heading's row; None for the slot of a task. Of the `tasks` by slot some are `shown`."""
        group = self._headed.get(slot)
        if group is None:
            return None
        if group not in self._said:
            self._said[group] = self._all_say(group, tasks, shown)
        return self._told(group)._replace(said=self._said[group])

    def _all_say(self, group: int, tasks: Sequence[Task | None], shown: Flags) -> str:
        """The words of all tasks of a group, where they are the same and not the group's reason; else nothing."""
        members = self.members(self._reasons[group], shown)
        words = self._words[members]
        first = tasks[members[0]] if len(members) and (words == words[0]).all() else None
        said = "" if first is None else bad_end(first)
        return said if said != self._reasons[group] else ""

    def heading_key(self, slot: int) -> str:
        """What identifies a heading among all rows; empty for one that is just leaving."""
        group = self._headed.get(slot)
        return "" if group is None else _HEADING + self._reasons[group]

    def heading_slot(self, key: str) -> int | None:
        """The slot of a heading by its key; None if there is none."""
        group = self._number_of.get(key[1:]) if key.startswith(_HEADING) else None
        return None if group is None else self._heading.get(group)

    def reason_of(self, slot: int) -> str:
        """The reason of the group that a task is in."""
        return self._reasons[int(self._group[slot])]

    def headings(self) -> Slots:
        """The slots of all headings."""
        return np.fromiter(self._headed, dtype=np.intp, count=len(self._headed))

    def all(self) -> list[Heading]:
        """Every group that has a heading, in no order."""
        return [self._told(group) for group in self._heading]

    def unfiltered(self, slots: Slots, tasks: Sequence[Task | None]) -> Iterator[Heading]:
        """From top to bottom, the headings that there would be if all `slots` with `tasks` matched the filter."""
        sizes = self._sizes(slots)
        there: Flags = np.zeros(len(tasks), dtype=np.bool_)
        there[slots] = True
        groups = np.flatnonzero(sizes)
        for group in groups[np.argsort(self._rank[groups])].tolist():
            yield self._told(group)._replace(size=int(sizes[group]), said=self._all_say(group, tasks, there))

    def opened(self, slots: Slots) -> Flags:
        """Which of `slots`, all of tasks, are in groups that are unfolded."""
        self._reach(slots)
        return np.ones(len(slots), dtype=np.bool_) if self._open.all() else self._open[self._group[slots]]

    def members(self, reason: str, shown: Flags) -> Slots:
        """The tasks of a group among those that are `shown` by slot."""
        group = self._number_of.get(reason)
        if group is None:
            return no_slots()
        size = min(len(shown), len(self._group))
        return np.flatnonzero(shown[:size] & (self._group[:size] == group))

    def _sizes(self, slots: Slots) -> npt.NDArray[np.int64]:
        """How many of `slots` are in each group."""
        return np.bincount(self._group[slots], minlength=len(self._reasons)).astype(np.int64)

    def _told(self, group: int) -> Heading:
        return Heading(self._reasons[group], int(self._counts[group]), bool(self._open[group]))

    # What changes ------------------------------------------------------------------------------------------------

    def set_open(self, reason: str, is_open: bool) -> None:
        """Unfolds or folds a group, if it is there."""
        group = self._number_of.get(reason)
        if group is not None and self._open[group] != is_open:
            self._open[group] = is_open
            self._before[group] = -1

    def turned(self, descending: bool) -> Floats:
        """What the `values` of tasks are when `descending` is set."""
        return self.values if descending == self._descending else downwards(self.values)

    def set_descending(self, descending: bool) -> None:
        """Groups from Z to A; those without a reason come last either way."""
        if descending != self._descending:
            self._descending = descending
            self._value_all()

    def begin(self, slots: Slots, tasks: Sequence[Task | None], step: int) -> Iterator[None]:
        """Reads the reasons of `slots`, `step` of them at a time."""
        for first in range(0, len(slots), step):
            self.read(slots[first : first + step], tasks)
            yield

    def fold_closed(self) -> None:
        """Folds exactly the groups whose reasons are in `closed` now."""
        self._open[: len(self._reasons)] = [reason not in self._closed for reason in self._reasons]

    def read(self, slots: Slots, tasks: Sequence[Task | None]) -> Flags:
        """Puts the tasks of `slots` into their groups; tells which of them are in another place of the order now."""
        self._reach(slots)
        words = [bad_end(task) if (task := tasks[slot]) is not None else "" for slot in slots.tolist()]
        self._words[slots] = [hash(said) for said in words]
        reasons = [pattern_of(said) for said in words]
        self._learn([reason for reason in dict.fromkeys(reasons) if reason not in self._number_of])
        number_of = self._number_of
        self._group[slots] = [number_of[reason] for reason in reasons]
        values = self._rank[self._group[slots]]
        moved: Flags = self.values[slots] != values
        self.values[slots] = values
        return moved

    def count(self, slots: Slots, step: int) -> None:
        """`slots` match the filter from now on, or with a `step` of -1 no longer."""
        sizes = self._sizes(slots)
        for group in np.flatnonzero(sizes).tolist():
            self._before.setdefault(group, int(self._counts[group]))
        self._counts[: len(sizes)] += step * sizes

    def settle(self, tasks: Sequence[Task | None], shown: Flags) -> HeadingChange:
        """What `count` and `set_open` mean for the headings since the last time, now that of `tasks` these are
        `shown`."""
        coming: list[int] = []
        going: list[int] = []
        changed: list[int] = []
        for group, before in self._before.items():
            slot, count, said = self._heading.get(group), self._counts[group], self._said.pop(group, None)
            if slot is None:
                coming += [self._make_heading(group)] if count else []
            elif not count:
                going.append(slot)
                del self._headed[self._heading.pop(group)]
            elif count != before or (said is not None and said != self._all_say(group, tasks, shown)):
                changed.append(slot)
        self._before.clear()
        return HeadingChange(slots_of(coming), slots_of(going), slots_of(changed))

    def _make_heading(self, group: int) -> int:
        slot = self._new_slot()
        self._heading[group], self._headed[slot] = slot, group
        self._reach(np.array([slot]))
        self.values[slot] = np.nextafter(self._rank[group], -np.inf)
        return slot

    def _reach(self, slots: Slots) -> None:
        size = int(slots.max(initial=-1)) + 1
        if size > len(self.values):
            self.values = grown(self.values, size, np.inf)
            self._group = grown(self._group, size, 0)
            self._words = grown(self._words, size, 0)

    # Ranks -------------------------------------------------------------------------------------------------------

    def _learn(self, reasons: list[str]) -> None:
        if not reasons:
            return
        spread = self._ranks.learn([_sort_text(reason) for reason in reasons])
        for reason in reasons:
            self._number(reason)
        if spread is not None:
            self._value_all()

    def _number(self, reason: str) -> int:
        group = self._number_of.get(reason)
        if group is not None:
            return group
        group = self._number_of[reason] = len(self._reasons)
        self._reasons.append(reason)
        self._rank = grown(self._rank, group + 1, np.inf)
        self._open = grown(self._open, group + 1, 1)
        self._counts = grown(self._counts, group + 1, 0)
        self._open[group] = reason not in self._closed
        self._rank[group] = self._rank_of(reason)
        return group

    def _rank_of(self, reason: str) -> float:
        if not reason:
            return np.inf
        rank = self._ranks.of([_sort_text(reason)])[0]
        return -rank if self._descending else rank

    def _value_all(self) -> None:
        self._rank[: len(self._reasons)] = [self._rank_of(reason) for reason in self._reasons]
        self.values[:] = self._rank[self._group]
        for slot, group in self._headed.items():
            self.values[slot] = np.nextafter(self._rank[group], -np.inf)


def _sort_text(reason: str) -> str:
    """Without regard to case, and still another text for every other reason."""
    return f"{reason.casefold()}\n{reason}" if reason else ""

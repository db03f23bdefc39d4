"""Which task is in which slot, and what all of them say, kept so that it can be searched and sorted at once.

Needs numpy, like the index.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.shared_facts import SharedFacts, shared_facts, shared_text
from taskmon.gui.models.slot_arrays import Flags, Slots, grown
from taskmon.gui.models.text_finders import TextFinder
from taskmon.gui.models.text_lines import TextLines

_TOLD: Final = attrgetter(
    "status", "is_terminated", "project", "simulator", "machine_group_name", "machine_group_id", "error_detail",
    "executer", "task_metadata", "extra_params", "input_submit_time", "create_time", "num_retries",
)  # fmt: skip
"""What groups, queue, filter and searched text are made of."""


class Put(NamedTuple):
    """What came of a task: its slot, the task before, whether anything but measurements is new, and whether its id or
    name is."""

    slot: int
    before: Task | None
    told: bool
    renamed: bool


class SharedBySlot:
    """What the tasks share, each different value once, and a number for it per slot. A value that no task has any
    longer is forgotten; its number is not used again."""

    def __init__(self) -> None:
        self.values: list[SharedFacts | None] = []
        self.number: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._texts: list[str] = []
        self._uses: list[int] = []
        self._number_of: dict[SharedFacts, int] = {}

    def put(self, slot: int, value: SharedFacts) -> None:
        """A slot that had none before, or was taken `away`, gets a value."""
        number = self._number_of.get(value)
        if number is None:
            number = self._number_of[value] = len(self.values)
            self.values.append(value)
            self._texts.append(shared_text(value))
            self._uses.append(0)
        self._uses[number] += 1
        self.number = grown(self.number, slot + 1, 0)
        self.number[slot] = number

    def away(self, slot: int) -> None:
        """The value of a slot is no longer its value."""
        number = int(self.number[slot])
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._number_of[cast("SharedFacts", self.values[number])]
            self.values[number], self._texts[number] = None, ""

    def text(self, slot: int) -> str:
        """The shared part of a slot's searched text."""
        return self._texts[int(self.number[slot])]

    def passing(self, passes: Callable[[SharedFacts], bool], slots: Slots) -> Flags:
        """Which of `slots` have a value that passes."""
        verdict = [value is not None and passes(value) for value in self.values]
        return self._of(verdict, slots)

    def saying(self, found: Callable[[str], bool], slots: Slots) -> Flags:
        """Of which of `slots` the shared text passes."""
        return self._of([found(text) for text in self._texts], slots)

    def _of(self, verdict: list[bool], slots: Slots) -> Flags:
        flags: Flags = np.array(verdict, dtype=np.bool_)[self.number[slots]]
        return flags


class TaskSlots:
    """A copy of the store's tasks."""

    def __init__(self) -> None:
        self.tasks: list[Task | None] = []
        self.ids = TextLines()
        self.names = TextLines()
        """What the column of names shows."""
        self.shared = SharedBySlot()
        self.living: set[int] = set()
        self._there: Flags = np.empty(0, dtype=np.bool_)
        self._slot_of: dict[str, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot_of(self, task_id: str) -> int | None:
        """Where a task is; None if there is none."""
        return self._slot_of.get(task_id)

    def all(self) -> Slots:
        """The slots of all tasks, in growing order."""
        return np.flatnonzero(self._there)

    # What changes ------------------------------------------------------------------------------------------------

    def take(self) -> int:
        """A slot of its own for something that is no task."""
        if self._free:
            return self._free.pop()
        self.tasks.append(None)
        self._there = grown(self._there, len(self.tasks), 0)
        return len(self.tasks) - 1

    def put(self, task: Task) -> Put:
        """A new task, or another value of one."""
        slot, before, renamed = self._slot_of.get(task.task_id), None, False
        if slot is None:
            slot = self._slot_of[task.task_id] = self.take()
            self._there[slot] = renamed = True
            self.ids.put(slot, task.task_id)
        else:
            before = cast("Task", self.tasks[slot])
            if _TOLD(before) == _TOLD(task):
                self.tasks[slot] = task
                return Put(slot, before, told=False, renamed=False)
            self.shared.away(slot)
        self.tasks[slot] = task
        self.shared.put(slot, shared_facts(task))
        renamed |= self.names.put(slot, task.label)
        (self.living.discard if task.is_terminated else self.living.add)(slot)
        return Put(slot, before, told=True, renamed=renamed)

    def forget(self, task_id: str) -> tuple[int, Task] | None:
        """A task exists no more; its slot keeps it until `release`."""
        slot = self._slot_of.pop(task_id, None)
        if slot is None:
            return None
        self._there[slot] = False
        self.living.discard(slot)
        self.shared.away(slot)
        self.ids.put(slot, "")
        self.names.put(slot, "")
        return slot, cast("Task", self.tasks[slot])

    def release(self, slots: Slots) -> None:
        """`slots` may be used again."""
        for slot in slots.tolist():
            self.tasks[slot] = None
            self._free.append(slot)

    # What filters ask --------------------------------------------------------------------------------------------

    def text(self, slot: int) -> str:
        """The `search_text` of a task."""
        task = cast("Task", self.tasks[slot])
        return f"{task.task_id.lower()}\n{task.label.lower()}\n{self.shared.text(slot)}"

    def saying(self, found: Callable[[str], bool], finder: TextFinder, slots: Slots) -> Slots:
        """Those of `slots` that say something, in any one field; `found` tells it of a text, `finder` of many."""
        flags = self.shared.saying(found, slots)
        in_nothing = finder.within(b"")  # only then could an empty name seem to say it
        for lines, certain in ((self.ids, True), (self.names, not in_nothing)):
            rest = np.flatnonzero(~flags)
            if len(rest):
                left = slots[rest]
                flags[rest] = lines.found(finder, left) & (certain or lines.filled(left))
        return slots[flags]

    def called(self, finder: TextFinder, slots: Slots) -> Slots:
        """Those of `slots` that have something in their id or name."""
        return slots[self.ids.found(finder, slots) | self.names.found(finder, slots)]

    def sharing(self, passes: Callable[[SharedFacts], bool], slots: Slots) -> Slots:
        """Those of `slots` of which what they share with others passes."""
        return slots[self.shared.passing(passes, slots)]

    def accepted(self, accepts: Callable[[int], bool], slots: Slots) -> Slots:
        """Those of `slots` that pass one by one."""
        return slots[np.array(list(map(accepts, slots.tolist())), dtype=np.bool_)]

    @staticmethod
    def without(refused: Slots, slots: Slots) -> Slots:
        """`slots` but for those `refused` of them; both in growing order."""
        flags: Flags = np.ones(len(slots), dtype=np.bool_)
        flags[np.searchsorted(slots, refused)] = False
        return slots[flags]

    def status_counts(self, slots: Slots) -> dict[Status, int]:
        """How many of `slots` are in each state."""
        found: dict[Status, int] = {}
        counts = np.bincount(self.shared.number[slots], minlength=len(self.shared.values)).tolist()
        for value, count in zip(self.shared.values, counts, strict=True):
            if value is not None and count:
                found[value.status] = found.get(value.status, 0) + count
        return found

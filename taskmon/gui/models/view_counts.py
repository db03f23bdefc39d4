"""How many tasks each named view would show, kept up with every change. Needs numpy, like the index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from taskmon.gui.models.slot_arrays import Flags, Slots, grown
from taskmon.gui.models.task_filter import TaskFilter
from taskmon.gui.models.task_slots import TaskSlots


class ViewCounts:
    """One verdict per task and view."""

    def __init__(self) -> None:
        self._filters: Mapping[str, TaskFilter] = {}
        self._flags: dict[str, Flags] = {}

    @property
    def moving(self) -> bool:
        """Whether time alone changes a number."""
        return any(view.moving for view in self._filters.values())

    def choose(self, filters: Mapping[str, TaskFilter], all_: TaskSlots) -> None:
        """Counts these views from now on."""
        same = [name for name, old in self._filters.items() if name in filters and old.text == filters[name].text]
        self._flags = {name: self._flags[name] for name in same if not filters[name].moving}
        fresh = [name for name in filters if name not in self._flags]
        self._filters = filters
        self._judge(fresh, all_.all(), all_)

    def update(self, touched: Slots, gone: Slots, all_: TaskSlots) -> None:
        """Looks at the `touched` slots again; `gone` ones count no more."""
        self._judge(self._filters, touched, all_)
        for name, flags in self._flags.items():
            known = gone[gone < len(flags)]
            self._flags[name][known] = False

    def _judge(self, names: Iterable[str], slots: Slots, all_: TaskSlots) -> None:
        for name in names:
            flags = grown(self._flags.get(name, np.zeros(0, dtype=np.bool_)), len(all_.tasks), 0)
            flags[slots] = False
            flags[self._filters[name].select(slots, all_)] = True
            self._flags[name] = flags

    def count(self, name: str) -> int:
        """How many tasks the view shows."""
        return int(np.count_nonzero(self._flags[name])) if name in self._flags else 0

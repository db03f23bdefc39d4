"""Rows that are held while the table changes, and found again afterwards. Like the index it needs numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taskmon.gui.models.delta import runs
from taskmon.gui.models.slot_arrays import no_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.gui.models.task_index import TaskIndex


class HeldRows:
    """What is in the rows of some stretches now, each told as its first and last row. To be asked before the index
    takes the next change: the slot of what has gone is given away then."""

    def __init__(self, index: TaskIndex, stretches: Sequence[tuple[int, int]]) -> None:
        self._index = index
        self._slots = np.concatenate((no_slots(), *(index.order[first : last + 1] for first, last in stretches)))

    def stretches(self) -> list[tuple[int, int]]:
        """Where they are."""
        rows = self._index.rows()[self._slots]
        return runs(np.sort(rows[rows >= 0]))

    def hidden(self) -> list[str]:
        """The ids of the tasks among them that have no row any more."""
        return self._index.ids_of(self._slots[self._index.rows()[self._slots] < 0])

"""What a change of the index means for the rows that are shown, as slots of the index."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from taskmon.gui.models.slot_arrays import Slots, no_slots


@dataclass(frozen=True, slots=True)
class Delta:
    """What a change means for the shown rows, as slots: those that leave, those that come, those that stay but may
    belong elsewhere, and those that stay and look different. `gone` slots are free once the rows have left. With an
    `order` of all rows, which nobody has to find then, every row may belong elsewhere."""

    leaving: Slots = field(default_factory=no_slots)
    coming: Slots = field(default_factory=no_slots)
    moving: Slots = field(default_factory=no_slots)
    changed: Slots = field(default_factory=no_slots)
    gone: Slots = field(default_factory=no_slots)
    order: Slots | None = None


Steps = Generator[None, None, Delta]
"""Long work in steps of a millisecond or so, and what it means in the end."""


def runs(rows: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    """Growing row numbers as (first, last) of unbroken stretches."""
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts = rows[np.concatenate(([0], breaks + 1))]
    lasts = rows[np.concatenate((breaks, [len(rows) - 1]))]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))

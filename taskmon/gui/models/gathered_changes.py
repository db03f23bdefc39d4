"""Several changes of the index as one, so that a second's news moves the rows once and not slice by slice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from taskmon.gui.models.changed_cells import WHOLE, Span, Spans
from taskmon.gui.models.delta import Delta
from taskmon.gui.models.sort_order import Slots


class GatheredChanges:
    """What the changes so far mean for the rows that are shown, which have not heard of any of them yet."""

    def __init__(self) -> None:
        self._leaving: set[int] = set()
        self._coming: set[int] = set()
        self._moving: set[int] = set()
        self._gone: set[int] = set()
        self._seen: dict[int, Span | None] = {}

    def __bool__(self) -> bool:
        return bool(self._leaving or self._coming or self._moving or self._gone or self._seen)

    def add(self, delta: Delta, spans: Spans) -> None:
        """One more change, with the columns in which its rows look different."""
        leaving, coming = set(delta.leaving.tolist()), set(delta.coming.tolist())
        returned, unseen = coming & self._leaving, leaving & self._coming
        self._leaving = (self._leaving - returned) | (leaving - unseen)
        self._coming = (self._coming - unseen) | (coming - returned)
        self._moving = (self._moving | set(delta.moving.tolist()) | returned) - self._leaving - self._coming - unseen
        self._gone.update(delta.gone.tolist())
        for slot in delta.changed.tolist():
            self._see(slot, spans.get(slot, WHOLE))
        for slot in returned:
            self._see(slot, WHOLE)

    def _see(self, slot: int, span: Span | None) -> None:
        known = self._seen.get(slot)
        self._seen[slot] = span if known is None else known.with_(span)

    def take(self) -> tuple[Delta, Spans]:
        """All of it, and nothing is left."""
        stay = self._seen.keys() - self._leaving - self._coming - self._gone
        delta = Delta(
            leaving=_slots(self._leaving),
            coming=_slots(self._coming),
            moving=_slots(self._moving),
            changed=_slots(stay),
            gone=_slots(self._gone),
        )
        spans = self._seen
        self._leaving, self._coming, self._moving, self._gone, self._seen = set(), set(), set(), set(), {}
        return delta, spans


def _slots(slots: Iterable[int]) -> Slots:
    return np.array(sorted(slots), dtype=np.intp)

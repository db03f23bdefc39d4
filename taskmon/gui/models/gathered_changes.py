"""Several changes of the index as one, so that a second's news moves the rows once and not slice by slice."""

from __future__ import annotations

from taskmon.gui.models.changed_cells import WHOLE, Span, Spans
from taskmon.gui.models.delta import Delta
from taskmon.gui.models.slot_arrays import slots_of


class GatheredChanges:
    """What the changes so far mean for the rows that are shown, which have not heard of any of them yet."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._leaving: set[int] = set()
        self._coming: set[int] = set()
        self._moving: set[int] = set()
        self._changed: set[int] = set()
        self._gone: set[int] = set()
        self._spans: dict[int, Span | None] = {}

    def __bool__(self) -> bool:
        return bool(self._leaving or self._coming or self._moving or self._changed or self._gone)

    def add(self, delta: Delta, spans: Spans) -> None:
        """One more change, with the columns in which its rows look different."""
        leaving, coming = set(delta.leaving.tolist()), set(delta.coming.tolist())
        changed = set(delta.changed.tolist())
        returned, unseen = coming & self._leaving, leaving & self._coming
        self._note_spans(changed, returned, spans)
        self._leaving = (self._leaving - returned) | (leaving - unseen)
        self._coming = (self._coming - unseen) | (coming - returned)
        elsewhere = self._leaving | self._coming | unseen
        self._moving = (self._moving | set(delta.moving.tolist()) | returned) - elsewhere
        self._changed = (self._changed | changed | returned) - elsewhere
        self._gone.update(delta.gone.tolist())

    def _note_spans(self, changed: set[int], returned: set[int], spans: Spans) -> None:
        """`_spans` names those of the changed slots that look different in some columns only."""
        for slot in self._spans.keys() & (returned | (changed - spans.keys())):
            del self._spans[slot]
        for slot in changed & spans.keys():
            span, known = spans[slot], self._spans.get(slot, WHOLE if slot in self._changed else None)
            self._spans[slot] = span if known is None else known.with_(span)

    def take(self) -> tuple[Delta, Spans]:
        """All of it, and nothing is left."""
        delta = Delta(
            leaving=slots_of(self._leaving),
            coming=slots_of(self._coming),
            moving=slots_of(self._moving),
            changed=slots_of(self._changed),
            gone=slots_of(self._gone),
        )
        spans = self._spans
        self._forget()
        return delta, spans

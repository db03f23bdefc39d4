"""Tells Qt about a change of the index step by step, in few signals and with every persistent index kept right.

Like the index it needs numpy, and is imported with it.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QModelIndex

from taskmon.gui.models.changed_cells import OBSERVED, WHOLE, Span, Spans, around, changed_columns
from taskmon.gui.models.delta import runs
from taskmon.gui.models.gathered_changes import GatheredChanges
from taskmon.gui.models.task_index import FEW

if TYPE_CHECKING:
    from taskmon.core.task import Task
    from taskmon.gui.models.delta import Delta
    from taskmon.gui.models.slot_arrays import Flags, Slots
    from taskmon.gui.models.task_index import TaskIndex
    from taskmon.gui.task_rows import TaskRows

MANY: Final = 12
"""From so many stretches of rows on, one change of layout is cheaper than a signal for each stretch."""

MANY_CHANGED: Final = 32
"""From so many stretches on, one `dataChanged` spans them all."""

_NOWHERE: Final = QModelIndex()

_WITH_HINT: Final = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"
"""Which of the two signatures of a change of layout is meant; the type stubs know only the other one."""

_ROWS: Final = QAbstractItemModel.LayoutChangeHint.VerticalSortHint
"""Only rows change places: without this word the header builds its columns anew, and all is painted twice."""


class RowChanges:
    """Installs one delta. Rows leave first, then the others move, then rows come, then those that look different are
    told; scattered rows leave from and come to the end of the table, and a change of layout does the rest."""

    def __init__(self, model: TaskRows, index: TaskIndex) -> None:
        self._model = model
        self._index = index
        self.gathered = GatheredChanges()

    def spans(self, tasks: Collection[Task], looked_at: Container[str]) -> Spans:
        """Of the `tasks` that are about to be taken and are shown, what may look different then, by slot; those that
        are `looked_at` again may do so for what is known from elsewhere. Of many nothing is said: they are told in
        one span anyway."""
        index = self._index
        spans: dict[int, Span | None] = {}
        if len(tasks) >= MANY_CHANGED:
            return spans
        for task in tasks:
            row = index.row_of(task.task_id)
            known = None if row is None else index.find(row)
            if row is None or known is None:
                continue
            span = changed_columns(known, task)
            spans[int(index.order[row])] = OBSERVED.with_(span) if task.task_id in looked_at else span
        return spans

    def install(self, delta: Delta, spans: Spans) -> None:
        """`spans` says where changed rows look different; those that it does not name may do so everywhere."""
        if len(delta.leaving):
            self._leave(delta.leaving)
        if len(delta.gone):
            self._index.release(delta.gone)
        if delta.order is not None:
            if len(delta.coming):
                self._append(delta.coming)
            self._relayout(delta.order)
        elif len(delta.moving):
            self._move(delta.moving, delta.coming)
        elif len(delta.coming):
            self._come(delta.coming)
        if len(delta.changed):
            self._tell_changed(delta.changed, spans)

    def _leave(self, slots: Slots) -> None:
        order = self._index.order
        leaving: Flags = np.zeros(len(order), dtype=np.bool_)
        leaving[self._index.rows()[slots]] = True
        if np.count_nonzero(leaving[1:] & ~leaving[:-1]) >= MANY:
            self._relayout(np.concatenate((order[~leaving], order[leaving])))
            stretches = [(len(order) - len(slots), len(order) - 1)]
        else:
            stretches = runs(np.flatnonzero(leaving))
        for first, last in reversed(stretches):
            self._model.beginRemoveRows(_NOWHERE, first, last)
            order = self._index.order
            self._index.order = np.concatenate((order[:first], order[last + 1 :]))
            self._model.endRemoveRows()

    def _come(self, slots: Slots) -> None:
        settled = self._index.order
        if len(slots) > max(MANY, len(settled) // FEW):
            self._append(slots)
            self._relayout(self._index.merged(settled, slots))
            return
        ordered, places = self._index.places(slots)
        # Equal places are one stretch: rows that come before the same row come together.
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(starts) >= MANY:
            self._append(slots)
            self._relayout(np.insert(settled, places, ordered))
            return
        ends = [*starts[1:].tolist(), len(places)]
        for start, end in reversed(list(zip(starts.tolist(), ends, strict=True))):
            place, order = int(places[start]), self._index.order
            self._model.beginInsertRows(_NOWHERE, place, place + end - start - 1)
            self._index.order = np.concatenate((order[:place], ordered[start:end], order[place:]))
            self._model.endInsertRows()

    def _append(self, slots: Slots) -> None:
        count = len(self._index.order)
        self._model.beginInsertRows(_NOWHERE, count, count + len(slots) - 1)
        self._index.order = np.concatenate((self._index.order, slots))
        self._model.endInsertRows()

    def _move(self, moving: Slots, coming: Slots) -> None:
        settled = self._index.without(moving)
        ordered = self._index.merged(settled, moving)
        if np.array_equal(ordered, self._index.order):
            if len(coming):
                self._come(coming)
            return
        if len(coming):
            ordered = self._index.merged(ordered, coming)
            self._append(coming)
        self._relayout(ordered)

    def _relayout(self, order: Slots) -> None:
        """The same rows in another order; everything that points at one follows it."""
        if np.array_equal(order, self._index.order):
            return
        model = self._model
        model.layoutAboutToBeChanged[_WITH_HINT].emit([], _ROWS)  # type: ignore[index]
        before = model.persistentIndexList()
        slots = self._index.order[[index.row() for index in before]] if before else self._index.order[:0]
        self._index.order = order
        rows = self._index.rows()[slots].tolist()
        after = [model.index(row, index.column()) for row, index in zip(rows, before, strict=True)]
        model.changePersistentIndexList(before, after)
        model.layoutChanged[_WITH_HINT].emit([], _ROWS)  # type: ignore[index]

    def _tell_changed(self, slots: Slots, spans: Spans) -> None:
        if spans:
            slots = np.array([slot for slot in slots.tolist() if spans.get(slot, WHOLE)], dtype=np.intp)
        rows = np.sort(self._index.rows()[slots])
        many = np.count_nonzero(np.diff(rows) != 1) + 1 >= MANY_CHANGED
        for first, last in [(int(rows[0]), int(rows[-1]))] if many else runs(rows):
            these = slots.tolist() if many else self._index.order[first : last + 1].tolist()
            columns = around([spans.get(slot) or WHOLE for slot in these]) if spans else WHOLE
            self._model.dataChanged.emit(self._model.index(first, columns.first), self._model.index(last, columns.last))

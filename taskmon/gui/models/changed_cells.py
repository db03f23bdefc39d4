"""Which columns of a row may look different when its task has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.gui.models.columns import COLUMNS, Column

if TYPE_CHECKING:
    from taskmon.core.task import Task


class Span(NamedTuple):
    """Columns from `first` to `last`, both included."""

    first: int
    last: int

    def with_(self, other: Span | None) -> Span:
        """The smallest span that holds both."""
        return self if other is None else around((self, other))


def around(spans: Collection[Span]) -> Span:
    """The smallest span that holds all of `spans`; at least one is needed."""
    return Span(min(span.first for span in spans), max(span.last for span in spans))


Spans = Mapping[int, Span | None]
"""The columns in which a row looks different, by slot of the index; None where it looks the same."""

WHOLE: Final = Span(0, len(COLUMNS) - 1)

OBSERVED: Final = Span(Column.PROGRESS, Column.REASON)
"""Where a row shows what is known from elsewhere than its task."""


_FIELDS: Final[Mapping[str, Span]] = MappingProxyType(
    {
        "status": Span(Column.STATUS, Column.REASON),
        "num_retries": Span(Column.STATUS, Column.REASON),
        "task_metadata": Span(Column.NAME, Column.NAME),
        "extra_params": Span(Column.NAME, Column.NAME),
        "simulator": Span(Column.NAME, Column.SIMULATOR),
        "project": Span(Column.PROJECT, Column.PROJECT),
        "machine_group_name": Span(Column.MACHINE_GROUP, Column.MACHINE_GROUP),
        "machine_group_id": Span(Column.MACHINE_GROUP, Column.REASON),
        "create_time": Span(Column.SUBMITTED, Column.SUBMITTED),
        "input_submit_time": Span(Column.IN_QUEUE, Column.REASON),
        "start_time": Span(Column.IN_QUEUE, Column.IN_QUEUE),
        "end_time": Span(Column.IN_QUEUE, Column.TIME),
        "computation_start_time": Span(Column.TIME, Column.TIME),
        "computation_end_time": Span(Column.TIME, Column.TIME),
        "is_terminated": Span(Column.TIME, Column.REASON),
        "error_detail": Span(Column.REASON, Column.REASON),
        "estimated_computation_cost": Span(Column.COST, Column.COST),
    }
)
"""In which columns each field of a task is seen, in their texts and in their tooltips."""

_PARTS: Final[Mapping[Callable[[Task], object], Span]] = MappingProxyType(
    {
        lambda task: task.metrics and task.metrics.queue_time_seconds: Span(Column.IN_QUEUE, Column.IN_QUEUE),
        lambda task: task.metrics and task.metrics.computation_seconds: Span(Column.TIME, Column.TIME),
        lambda task: task.executer and task.executer.error_detail: Span(Column.REASON, Column.REASON),
    }
)
"""The same of the fields of a task's parts."""

_seen = attrgetter(*_FIELDS)


def changed_columns(before: Task, now: Task) -> Span | None:
    """The columns that may look different; None if none does."""
    old, new = _seen(before), _seen(now)
    spans = [span for part, span in _PARTS.items() if part(before) != part(now)]
    if old != new:
        spans += [span for span, one, other in zip(_FIELDS.values(), old, new, strict=True) if one != other]
    return around(spans) if spans else None

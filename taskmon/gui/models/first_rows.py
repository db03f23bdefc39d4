"""The first screen of the list as it was left: words instead of tasks, so that the very first paint can show it.

Tasks come from the cached list or the service a moment later; what reads them takes longer to load than the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taskmon.core.lifecycle import Status
from taskmon.gui.models.columns import COLUMNS, Observed, quiet_columns
from taskmon.gui.task_rows import Heading

if TYPE_CHECKING:
    from taskmon.core.task import Task, TaskPage
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.task_rows import ColumnLook

SCREEN: Final = 60
"""Rows that a tall screen shows."""

_HEADING_VALUES: Final = 3

_UNSEEN: Final = Observed()

_COLUMNS: Final = tuple(COLUMNS)
_KEYS: Final = tuple(COLUMNS[column].look.key for column in _COLUMNS)


class FirstRow(NamedTuple):
    """A row as it was painted. `texts` are by the keys of columns."""

    status: Status
    texts: dict[str, str]
    fraction: float | None
    worrying: tuple[int, ...]
    quiet: tuple[int, ...] = ()


class FirstRows(NamedTuple):
    """The first rows of the list of the connection `place` at the moment `seen_at`, when it had `total` tasks."""

    place: str
    seen_at: datetime
    total: int
    rows: tuple[FirstRow | Heading, ...]

    # What the table asks when it paints

    def rowCount(self) -> int:
        return len(self.rows)

    def heading_at(self, row: int) -> Heading | None:
        found = self.rows[row]
        return found if isinstance(found, Heading) else None

    def task_at(self, row: int) -> FirstRow:
        found = self.rows[row]
        if isinstance(found, Heading):
            raise IndexError(row)
        return found

    def cell_texts(self, row: int, columns: Sequence[int]) -> list[str]:
        texts = self.task_at(row).texts
        return [texts.get(_KEYS[column], "") for column in columns]

    def fraction(self, row: int, column: int) -> float | None:
        return self.task_at(row).fraction

    def worrying(self, row: int) -> tuple[int, ...]:
        return self.task_at(row).worrying

    def quiet(self, row: int) -> tuple[int, ...]:
        return self.task_at(row).quiet

    def look(self, column: int) -> ColumnLook:
        return COLUMNS[_COLUMNS[column]].look


def first_rows_of(model: TaskTableModel, place: str, seen_at: datetime) -> FirstRows:
    """What the table would show at its top without its filter, which is gone at the next start."""
    rows = tuple(_row_of(model, row) for row in model.top_rows(SCREEN))
    return FirstRows(place, seen_at, model.total(), rows)


def _row_of(model: TaskTableModel, row: Task | Heading) -> FirstRow | Heading:
    if isinstance(row, Heading):
        return row._replace(reason=row.said or row.reason, said="")
    texts = dict(zip(_KEYS, model.texts_of(row, range(len(_KEYS))), strict=True))
    told = {key: text for key, text in texts.items() if text}
    return FirstRow(row.status, told, model.fraction_of(row), model.worrying_of(row), quiet_columns(row))


def _texts(task: Task, now: datetime) -> dict[str, str]:
    return {facts.look.key: facts.text(task, now, _UNSEEN) for facts in COLUMNS.values()}


def first_rows_told(page: TaskPage, place: str, now: datetime) -> FirstRows | None:
    """What the service of `place` has just told; None for values that are not what they should be."""
    try:
        rows = tuple(FirstRow(task.status, _texts(task, now), None, (), quiet_columns(task)) for task in page.tasks)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return None
    return FirstRows(place, now, page.total_size, rows)


def encoded(first: FirstRows) -> bytes:
    """As JSON, where a heading has three values and a task five."""
    import json  # there is none to write before the window is left

    rows = [[*row[:_HEADING_VALUES]] if isinstance(row, Heading) else [*row] for row in first.rows]
    return json.dumps([first.place, first.seen_at.isoformat(), first.total, rows]).encode()


def decoded(written: bytes) -> FirstRows | None:
    """The opposite of `encoded`; None for anything else."""
    import json  # for who has been here before

    try:
        place, seen_at, total, rows = json.loads(written)
        moment = datetime.fromisoformat(seen_at)
        read = tuple(map(_decoded_row, rows))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    usable = isinstance(place, str) and isinstance(total, int) and moment.tzinfo is not None
    return FirstRows(place, moment, total, read) if usable else None


def _decoded_row(written: Any) -> FirstRow | Heading:
    if len(written) == _HEADING_VALUES:
        title, size, is_open = written
        return Heading(str(title), int(size), bool(is_open))
    status, texts, fraction, worrying, *quiet = written
    return FirstRow(
        Status(status),
        {str(key): str(text) for key, text in texts.items()},
        None if fraction is None else min(1.0, max(0.0, float(fraction))),
        tuple(int(column) for column in worrying),
        tuple(int(column) for columns in quiet for column in columns),
    )

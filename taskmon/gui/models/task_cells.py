"""What Qt and the table ask about single cells: text, tooltip, bar, alignment, what a screen reader says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt

from taskmon.core.units import count_text
from taskmon.gui.models.columns import COLUMNS, Column, Observed, fraction_done, quiet_columns
from taskmon.gui.task_rows import CellKind, ColumnLook, Heading, Held, TaskRows

if TYPE_CHECKING:
    from taskmon.core.lifecycle import Status
    from taskmon.core.task import Task
    from taskmon.gui.models.task_index import TaskIndex

_FACTS: Final = tuple(COLUMNS.values())
"""By Qt's number of the column."""

_SILENT: Final = (Column.REASON, Column.LAST_OUTPUT)
"""The cells that tell of an unusual silence."""

Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


class TaskCells(TaskRows):
    """Answers for the rows of an index, once there is one."""

    def __init__(self, clock: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._observed = Observed()
        self._index: TaskIndex | None = None

    def heading_at(self, row: int) -> Heading | None:
        return None if self._index is None else self._index.heading_at(row)

    def task_at(self, row: int) -> Task:
        if self._index is None:
            raise IndexError(row)
        return self._index.task_at(row)

    def row_of(self, key: str) -> int | None:
        return None if self._index is None else self._index.row_of(key)

    def ids(self, first: int = 0, last: int | None = None) -> list[str]:
        return [] if self._index is None else self._index.ids(first, self._row_count() - 1 if last is None else last)

    def keys(self, first: int, last: int) -> list[str]:
        return [] if self._index is None else self._index.keys(first, last)

    def hold(self, stretches: Sequence[tuple[int, int]]) -> Held | None:
        if self._index is None:
            return None
        from taskmon.gui.models.held_rows import HeldRows  # numpy is there, as the index is

        return HeldRows(self._index, stretches)

    def matching(self) -> int:
        return 0 if self._index is None else len(self._index.matching())

    def status_counts(self) -> dict[Status, int]:
        """How many of the shown tasks are in each state."""
        return {} if self._index is None else self._index.status_counts()

    def cell_texts(self, row: int, columns: Sequence[int]) -> list[str]:
        task = None if self._index is None else self._index.find(row)
        return [""] * len(columns) if task is None else self.texts_of(task, columns)

    def fraction(self, row: int, column: int) -> float | None:
        return self.fraction_of(self.task_at(row)) if column == Column.PROGRESS else None

    def worrying(self, row: int) -> tuple[int, ...]:
        return self.worrying_of(self.task_at(row))

    def quiet(self, row: int) -> tuple[int, ...]:
        return quiet_columns(self.task_at(row))

    def top(self, count: int) -> list[Task]:
        """The first `count` tasks of the order, whatever the filter hides; those in folded groups are left out."""
        return [] if self._index is None else self._index.top(count)

    def top_rows(self, count: int) -> list[Task | Heading]:
        """The first `count` rows as they would be without a filter."""
        return [] if self._index is None else self._index.top_rows(count)

    def texts_of(self, task: Task, columns: Sequence[int]) -> list[str]:
        """The texts of some cells of a task's row, whether it is shown or not."""
        now = self._clock()
        return [_FACTS[column].text(task, now, self._observed) for column in columns]

    def fraction_of(self, task: Task) -> float | None:
        """How much of a task is done, 0 to 1; None where nothing is known."""
        return fraction_done(task, self._observed)

    def worrying_of(self, task: Task) -> tuple[int, ...]:
        """The columns of a task's row that a person should notice although it has not failed."""
        return _SILENT if task.task_id in self._observed.silence else ()

    def look(self, column: int) -> ColumnLook:
        return _FACTS[column].look

    # Qt's questions ----------------------------------------------------------------------------------------------

    def _row_count(self) -> int:
        return 0 if self._index is None else len(self._index.order)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._row_count()

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._index is not None and self._index.heading_at(index.row()) is not None:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if self._index is None or not 0 <= row < self._row_count():
            return None
        task = self._index.find(row)
        if task is None:
            return _heading_data(self._index.heading_at(row), role)
        shows = COLUMNS[Column(index.column())]
        if role == Qt.ItemDataRole.DisplayRole:
            return shows.text(task, self._clock(), self._observed)
        if role == Qt.ItemDataRole.UserRole:
            return task.task_id
        if role == Qt.ItemDataRole.ToolTipRole:
            return shows.tooltip(task, self._clock(), self._observed)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(shows.look)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            spoken = shows.text if role == Qt.ItemDataRole.AccessibleTextRole else shows.tooltip
            return f"{shows.look.title}: {spoken(task, self._clock(), self._observed) or 'nothing'}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        look = self.look(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return look.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(look)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Click to sort by {look.title.lower()}; Shift+click to sort by it within the present order."
        return None


def _heading_data(heading: Heading | None, role: int) -> str | None:
    """The same for every column; nothing for a heading that is just leaving."""
    if heading is None:
        return None
    if role == Qt.ItemDataRole.AccessibleTextRole:
        how = "unfolded" if heading.open else "folded"
        return f"Group: {heading.title}, {count_text(heading.size, 'task')}, {how}"
    return heading.title if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) else None


def _alignment(look: ColumnLook) -> int:
    side = Qt.AlignmentFlag.AlignRight if look.kind is CellKind.NUMBER else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)

"""What the table of tasks and its model agree on, so that neither has to import the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from PySide6.QtCore import QAbstractTableModel, Signal

if TYPE_CHECKING:
    from taskmon.core.lifecycle import Status
    from taskmon.core.task import Task


class CellKind(StrEnum):
    """How a cell is painted."""

    TEXT = "text"
    QUIET = "quiet"  # muted text: worth knowing, not worth noticing
    STATUS = "status"  # mark, word and colour of the task's state
    CODE = "code"  # fixed-width: ids
    NUMBER = "number"  # right-aligned
    BAR = "bar"  # a fraction from 0 to 1


class ColumnLook(NamedTuple):
    """How a column presents itself. `key` names it in saved states; `width` is in pixels of a 96-dpi screen;
    a `ticking` column shows a time that goes on by itself while the task lives; the `elastic` column takes the room
    that the others leave."""

    key: str
    title: str
    kind: CellKind
    width: int
    shown: bool
    ticking: bool = False
    elastic: bool = False


class SortKey(NamedTuple):
    """One column of an order over several; the most important comes first."""

    column: int
    descending: bool = False


class TaskGroup(NamedTuple):
    """An entry of the sidebar: `filter_text` in the filter box shows exactly its `size` tasks.

    `section` is empty for the groups at the top; a `nested` group is a part of the one above it. A `view` is one that
    the user has named: it brings columns and order with it.
    """

    section: str
    title: str
    filter_text: str
    size: int
    nested: bool = False
    view: bool = False


class Heading(NamedTuple):
    """A row that stands above the `size` tasks of a group, which are shown where it is `open`. `reason` is empty for
    the group of the tasks that have neither failed nor been stopped. `said` is what all
    of its tasks say word for word, where the reason leaves some of it out; empty where they say different things."""

    reason: str
    size: int
    open: bool
    said: str = ""

    @property
    def title(self) -> str:
        """The reason in words."""
        return self.said or self.reason or "Neither failed nor stopped"


class Held(Protocol):
    """Rows that are followed through a change."""

    def stretches(self) -> list[tuple[int, int]]:
        """The first and last row of each stretch in which they are now."""

    def hidden(self) -> list[str]:
        """The ids of the tasks among them that have no row any more."""


class HasStatus(Protocol):
    """A row's task, as far as painting it goes."""

    @property
    def status(self) -> Status: ...


class PaintedRows(Protocol):
    """What painting a row asks; `TaskRows` says what each answer means."""

    def rowCount(self) -> int: ...
    def heading_at(self, row: int) -> Heading | None: ...
    def task_at(self, row: int) -> HasStatus: ...
    def cell_texts(self, row: int, columns: Sequence[int]) -> list[str]: ...
    def fraction(self, row: int, column: int) -> float | None: ...
    def worrying(self, row: int) -> tuple[int, ...]: ...
    def quiet(self, row: int) -> tuple[int, ...]: ...
    def look(self, column: int) -> ColumnLook: ...


class TaskRows(QAbstractTableModel):
    """A Qt table model whose rows are tasks, with the shortcuts that a table of 100,000 rows needs.

    Every row keeps its identity, the task id, through every change that it announces. `update_begins` and
    `update_ended` enclose the several steps in which Qt is told of one change. Where the tasks are grouped, there are
    headings between them: rows that are no tasks and cannot be selected.
    """

    update_begins = Signal()
    update_ended = Signal()
    grouping_changed = Signal(bool)
    folding_changed = Signal()
    is_chosen = False
    """Whether the change under way is another filter, order or grouping, not news of tasks."""

    def task_at(self, row: int) -> Task:
        """The task of a row."""
        raise NotImplementedError

    def heading_at(self, row: int) -> Heading | None:
        """The heading of a row; None where the row is a task."""
        raise NotImplementedError

    def set_open(self, reason: str, is_open: bool) -> None:
        """Unfolds or folds a group. It stays so whatever arrives and however the table is sorted."""
        raise NotImplementedError

    def reveal(self, task_id: str) -> None:
        """Unfolds the group that hides a task."""
        raise NotImplementedError

    def grouped(self) -> bool:
        """Whether equal failures stand together under headings."""
        raise NotImplementedError

    def group_by_reason(self, on: bool) -> None:
        """Puts equal failures together under headings, or ends that."""
        raise NotImplementedError

    def set_all_open(self, is_open: bool) -> None:
        """Unfolds or folds every group that there is."""
        raise NotImplementedError

    def folded(self) -> list[str]:
        """The reasons of the groups that are folded, or will be when they come."""
        raise NotImplementedError

    def fold_only(self, reasons: Iterable[str]) -> None:
        """Folds exactly these groups, whether they are there or come later; unfolds all others."""
        raise NotImplementedError

    def matching(self) -> int:
        """How many tasks pass the filter, folded ones too."""
        raise NotImplementedError

    def row_of(self, key: str) -> int | None:
        """Where a row is now, by a task's id or one of `keys`; None while the filter or a folded group hides it, or
        the service has forgotten it."""
        raise NotImplementedError

    def ids(self, first: int = 0, last: int | None = None) -> list[str]:
        """The ids of the tasks in the rows `first` to `last`, both included; to the end without `last`."""
        raise NotImplementedError

    def keys(self, first: int, last: int) -> list[str]:
        """What identifies each of the rows `first` to `last`, both included: a task's id, or a heading's own key."""
        raise NotImplementedError

    def hold(self, stretches: Sequence[tuple[int, int]]) -> Held | None:
        """Follows what is in these rows, first and last of each stretch, through the steps of one change; None while
        there are no rows at all."""
        raise NotImplementedError

    def cell_texts(self, row: int, columns: Sequence[int]) -> list[str]:
        """The texts of some cells of a row, all of the same moment."""
        raise NotImplementedError

    def fraction(self, row: int, column: int) -> float | None:
        """The value of a bar, 0 to 1; None where nothing is known."""
        raise NotImplementedError

    def worrying(self, row: int) -> tuple[int, ...]:
        """The columns of a row that a person should notice although the task has not failed."""
        raise NotImplementedError

    def quiet(self, row: int) -> tuple[int, ...]:
        """The columns of a row that show a stand-in for what is not known."""
        raise NotImplementedError

    def look(self, column: int) -> ColumnLook:
        """How a column presents itself."""
        raise NotImplementedError

    def sort_keys(self) -> tuple[SortKey, ...]:
        """The order that the user asked for."""
        raise NotImplementedError

    def sort_by(self, keys: Sequence[SortKey]) -> None:
        """Another order; tasks that are equal in it stay newest first."""
        raise NotImplementedError

"""The rows of a file tree as Qt sees them: a flat table, which costs what is in view and not what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from taskmon.core.file_tree import FileTree
from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text, short_duration_text, size_text
from taskmon.gui.widgets.file_preview import is_picture
from taskmon.gui.widgets.file_rows import AGE, NAME, SIZE, FileRows, Order, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.core.file_tree import Entry

    Index = QModelIndex | QPersistentModelIndex

UNKNOWN: Final = "—"
_DAY_S: Final = 86_400
TITLES: Final = ("File", "Size", "Changed")
_NOWHERE: Final = QModelIndex()
_LOOKED_AT: Final = 20_000
"""So many rows are looked at for a name that somebody types."""


class FileTreeModel(QAbstractTableModel):
    """Shows FileRows. Other rows replace them without a reset, so the view's header and scroll bars stay."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = FileRows(FileTree(), Order())
        self._order = Order()
        self._clock: Callable[[], datetime] | None = None

    # -- values in ------------------------------------------------------------------------------------------------

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def show_order(self, order: Order) -> None:
        """Tells in the titles by what rows are ordered."""
        self._order = order
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(TITLES) - 1)

    def show(self, rows: FileRows) -> None:
        """Shows other rows; what was selected or current must be found again by who knows where it went."""
        before, now = len(self.rows), len(rows)
        if now > before:
            self.beginInsertRows(_NOWHERE, before, now - 1)
        elif now < before:
            self.beginRemoveRows(_NOWHERE, now, before - 1)
        self.rows = rows
        if now > before:
            self.endInsertRows()
        elif now < before:
            self.endRemoveRows()

    # -- what Qt asks ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            sign = (" ↓" if self._order.descending else " ↑") if section == self._order.column else ""
            return TITLES[section] + sign
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def match(
        self, start: Index, role: int, value: Any, hits: int = 1, flags: Qt.MatchFlag = Qt.MatchFlag.MatchStartsWith
    ) -> list[QModelIndex]:
        """The next row whose name begins with what somebody types."""
        typed, count = str(value).casefold(), len(self.rows)
        for number in range(min(count, _LOOKED_AT)):
            row = (start.row() + number) % count
            if self.rows.name(row).casefold().startswith(typed):
                return [self.index(row, NAME)]
        return []

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts(index.row())[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(self.rows.entry(index.row()), column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME:
            return self._said(index.row())
        return None

    # -- words ----------------------------------------------------------------------------------------------------

    def texts(self, row: int) -> tuple[str, str, str]:
        """What a row says in each column."""
        entry = self.rows.entry(row)
        size = UNKNOWN if entry.size is None else size_text(entry.size)
        return one_line(entry.name) or UNKNOWN, size, self._age(entry.modified)

    def _age(self, modified: datetime | None) -> str:
        if modified is None:
            return UNKNOWN
        seconds = max(0.0, (self._clock() - modified).total_seconds()) if self._clock is not None else _DAY_S
        if seconds < _DAY_S:
            return f"{short_duration_text(seconds)} ago"
        return f"{modified.astimezone():%Y-%m-%d %H:%M}"

    @staticmethod
    def icon_of(place: Place) -> str:
        """The name of the icon for a file or folder."""
        if place.is_folder:
            return "folder"
        if is_picture(place.path):
            return "chart"
        return "log" if place.path.endswith((".txt", ".log", ".out", ".err")) else "files"

    def _said(self, row: int) -> str:
        """A row for who cannot see the indentation and the arrow."""
        entry, words = self.rows.entry(row), list[str]()
        if entry.is_folder:
            state = "open" if self.rows.is_open(entry.path) else "closed"
            words.append(f"{state} folder with {count_text(entry.files, 'file')}")
        if depth := self.rows.depth(row):
            words.append(f"level {depth + 1}")
        return ", ".join((one_line(entry.name) or UNKNOWN, *words))

    @staticmethod
    def _tip(entry: Entry, column: int) -> str:
        if column == AGE:
            return (
                f"{entry.modified.astimezone():%Y-%m-%d %H:%M:%S}" if entry.modified else "The service does not tell."
            )
        if column == SIZE:
            return f"{entry.size:,} bytes" if entry.size is not None else "The service does not tell."
        return one_line(entry.path) + (f": {count_text(entry.files, 'file')}" if entry.is_folder else "")

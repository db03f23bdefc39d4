"""A tree of files for Qt, which asks for one folder at a time and for a thousand rows of it at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt

from taskmon.core.file_tree import Entry, FileTree
from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text, short_duration_text, size_text
from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.file_preview import is_picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.gui.theme import Theme

    Index = QModelIndex | QPersistentModelIndex

NAME, SIZE, AGE = range(3)
ROWS_AT_ONCE: Final = 1000
"""How many rows of one folder are listed at first, and more each time somebody scrolls on: Qt looks at each."""
UNKNOWN: Final = "—"
_DAY_S: Final = 86_400
_NUMBER: Final = re.compile(r"\d+")
_TITLES: Final = ("File", "Size", "Changed")
_NOWHERE: Final = QModelIndex()


class _Folder:
    """A folder that was looked into: its entries in the shown order, and how many of them are listed."""

    def __init__(self, number: int, path: str, row: int, above: _Folder | None) -> None:
        self.number, self.path, self.row, self.above = number, path, row, above
        self.entries: list[Entry] = []
        self.listed = 0


class FileTreeModel(QAbstractItemModel):
    """Shows a FileTree. Rows keep their identity by path when another tree of the same task comes."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = FileTree()
        self._theme = LIGHT
        self._clock: Callable[[], datetime] | None = None
        self._order = (NAME, False)
        self._begin()

    def _begin(self) -> None:
        self._folders: list[_Folder] = []
        self._by_path: dict[str, _Folder] = {}
        self._look_into("", 0, None)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def begin_with(self, tree: FileTree) -> None:
        """Shows the files of another task."""
        self.beginResetModel()
        self.tree = tree
        self._begin()
        self.endResetModel()

    def go_on_with(self, tree: FileTree) -> None:
        """Shows a later tree of the same task: what is selected, current and open stays so."""
        self.tree = tree
        entries = {folder.path: self._sorted(tree.entries(folder.path)) for folder in self._folders}
        if all(_same_rows(folder.entries, entries[folder.path]) for folder in self._folders):
            for folder in self._folders:
                folder.entries = entries[folder.path]
            return  # the same rows with other numbers: the view paints them anew
        self._rearrange(entries)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (max(0, column), order == Qt.SortOrder.DescendingOrder)
        self._rearrange({folder.path: self._sorted(folder.entries) for folder in self._folders})

    def _rearrange(self, entries: dict[str, list[Entry]]) -> None:
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        keys = [(_key(self.entry(index)), index.column()) for index in held]
        rows: dict[tuple[bool, str], tuple[_Folder, int]] = {}
        for folder in self._folders:
            folder.entries = entries[folder.path]
            folder.listed = min(len(folder.entries), max(folder.listed, ROWS_AT_ONCE))
            for row, entry in enumerate(folder.entries[: folder.listed]):
                rows[_key(entry)] = folder, row
                if entry.is_folder and entry.path in self._by_path:
                    self._by_path[entry.path].row = row
        places = [
            self.createIndex(place[1], column, place[0].number) if (place := rows.get(key)) else QModelIndex()
            for key, column in keys
        ]
        self.changePersistentIndexList(held, places)
        self.layoutChanged.emit()

    def _sorted(self, entries: list[Entry]) -> list[Entry]:
        column, descending = self._order
        if column == SIZE:
            return sorted(entries, key=lambda entry: -1 if entry.size is None else entry.size, reverse=descending)
        if column == AGE:
            return sorted(entries, key=lambda entry: entry.modified.timestamp() if entry.modified else 0.0,
                          reverse=descending)  # fmt: skip
        named = sorted(entries, key=lambda entry: _natural(entry.name), reverse=descending)
        return sorted(named, key=lambda entry: not entry.is_folder)

    # -- places ---------------------------------------------------------------------------------------------------

    def entry(self, index: Index) -> Entry:
        """What a row stands for; `index` must be valid."""
        return self._folders[index.internalId()].entries[index.row()]

    def index_of(self, path: str) -> QModelIndex:
        """The row of a file or folder, as far as its folder was looked into and lists it."""
        folder = self._by_path.get(path.rpartition("/")[0])
        if folder is not None:
            for row, entry in enumerate(folder.entries[: folder.listed]):
                if entry.path == path:
                    return self.createIndex(row, NAME, folder.number)
        return QModelIndex()

    def _look_into(self, path: str, row: int, above: _Folder | None) -> _Folder:
        folder = self._by_path.get(path)
        if folder is None:
            folder = self._by_path[path] = _Folder(len(self._folders), path, row, above)
            self._folders.append(folder)
            folder.entries = self._sorted(self.tree.entries(path))
            folder.listed = min(len(folder.entries), ROWS_AT_ONCE)
        return folder

    def _inside(self, parent: Index) -> _Folder | None:
        """The folder that a row stands for; None for a file's."""
        if not parent.isValid():
            return self._folders[0]
        entry = self.entry(parent)
        if not entry.is_folder or parent.column() != NAME:
            return None
        return self._look_into(entry.path, parent.row(), self._folders[parent.internalId()])

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        folder = self._inside(parent)
        if folder is None or not (0 <= row < folder.listed and 0 <= column < len(_TITLES)):
            return QModelIndex()
        return self.createIndex(row, column, folder.number)

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        folder = self._folders[index.internalId()] if index.isValid() else self._folders[0]
        return self.createIndex(folder.row, NAME, folder.above.number) if folder.above is not None else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        folder = self._inside(parent)
        return folder.listed if folder is not None else 0

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(_TITLES)

    def hasChildren(self, parent: Index = _NOWHERE) -> bool:
        if not parent.isValid():
            return bool(self.tree.files)
        return parent.column() == NAME and self.entry(parent).is_folder

    def canFetchMore(self, parent: Index) -> bool:
        folder = self._inside(parent)
        return folder is not None and folder.listed < len(folder.entries)

    def fetchMore(self, parent: Index) -> None:
        folder = self._inside(parent)
        if folder is None or not isinstance(parent, QModelIndex):
            return
        last = min(len(folder.entries), folder.listed + ROWS_AT_ONCE)
        self.beginInsertRows(parent, folder.listed, last - 1)
        folder.listed = last
        self.endInsertRows()

    def unlisted(self) -> int:
        """How many rows of the folders looked into wait to be scrolled to."""
        return sum(len(folder.entries) - folder.listed for folder in self._folders)

    # -- what is seen ---------------------------------------------------------------------------------------------

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, column = self.entry(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, column)
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return icon("folder" if entry.is_folder else icon_name(entry.path), self._theme)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(entry, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME and entry.is_folder:
            return f"{one_line(entry.name)}, folder with {count_text(entry.files, 'file')}"
        return None

    def _text(self, entry: Entry, column: int) -> str:
        if column == NAME:
            return one_line(entry.name) or UNKNOWN
        if column == SIZE:
            return UNKNOWN if entry.size is None else size_text(entry.size)
        if entry.modified is None:
            return UNKNOWN
        seconds = max(0.0, (self._clock() - entry.modified).total_seconds()) if self._clock is not None else _DAY_S
        if seconds < _DAY_S:
            return f"{short_duration_text(seconds)} ago"
        return f"{entry.modified.astimezone():%Y-%m-%d %H:%M}"

    @staticmethod
    def _tip(entry: Entry, column: int) -> str:
        if column == AGE:
            return (
                f"{entry.modified.astimezone():%Y-%m-%d %H:%M:%S}" if entry.modified else "The service does not tell."
            )
        if column == SIZE:
            return f"{entry.size:,} bytes" if entry.size is not None else "The service does not tell."
        return one_line(entry.path) + (f": {count_text(entry.files, 'file')}" if entry.is_folder else "")


def icon_name(path: str) -> str:
    """The icon of a file by its name."""
    if is_picture(path):
        return "chart"
    return "log" if path.endswith((".txt", ".log", ".out", ".err")) else "files"


def _natural(name: str) -> str:
    """`step 9` stands in front of `step 10`."""
    return _NUMBER.sub(lambda number: number[0].zfill(12), name.casefold())


def _key(entry: Entry) -> tuple[bool, str]:
    return entry.is_folder, entry.path


def _same_rows(before: list[Entry], after: list[Entry]) -> bool:
    return len(before) == len(after) and all(map(_is_same, before, after))


def _is_same(before: Entry, after: Entry) -> bool:
    return before.path == after.path and before.is_folder == after.is_folder

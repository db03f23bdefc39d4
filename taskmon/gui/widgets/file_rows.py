"""The rows of a tree of files: how they are ordered, which icon they have."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidgetItem

from taskmon.gui.widgets.file_preview import is_picture

PATH: Final = Qt.ItemDataRole.UserRole
"""The file's path, in column 0; folders have none."""

ORDER: Final = Qt.ItemDataRole.UserRole + 1
"""The number that a column is ordered by."""


class FileRow(QTreeWidgetItem):
    """Sizes and times are ordered by what they are, not by how they are written; folders stand first by name."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = tree.sortColumn() if tree is not None else 0
        if column == 0:
            mine, theirs = (bool(item.data(0, PATH)) for item in (self, other))
            return (mine, self.text(0).casefold()) < (theirs, other.text(0).casefold())
        return float(self.data(column, ORDER) or 0) < float(other.data(column, ORDER) or 0)


def folder_path(item: QTreeWidgetItem) -> str:
    """The path of a folder's row."""
    names = []
    at: QTreeWidgetItem | None = item
    while at is not None:
        names.append(at.text(0))
        at = at.parent()
    return "/".join(reversed(names))


def icon_name(path: str) -> str:
    """The icon of a file by its path; an empty path is a folder's."""
    if not path:
        return "folder"
    if is_picture(path):
        return "chart"
    return "log" if path.endswith((".txt", ".log", ".out", ".err")) else "files"

"""The tree of a task's files: several rows at once, by mouse and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView

from taskmon.gui.widgets.file_preview import is_picture
from taskmon.gui.widgets.file_tree_model import AGE, NAME, SIZE, FileTreeModel
from taskmon.gui.widgets.plain_tooltip import PlainTooltips

if TYPE_CHECKING:
    from PySide6.QtCore import QItemSelection
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from taskmon.core.file_tree import Entry, FileTree
    from taskmon.gui.theme import Theme

_OPENED_ROWS: Final = 60
"""Folders of a task are opened by themselves while the rows are no more than that."""


class FileTreeView(QTreeView):
    """Emits what the person means; paths are below the task's output folder."""

    choice_changed = Signal()
    file_opened = Signal(str)
    log_requested = Signal(str)
    download_requested = Signal()
    copied = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = FileTreeModel()
        self.setModel(self.files)
        self.setItemDelegate(PlainTooltips(self))
        self.setAccessibleName("Files of the task")
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer_menu)
        self.doubleClicked.connect(self._open)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(SIZE, 100)
        self.setColumnWidth(AGE, 150)
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)

    def set_theme(self, theme: Theme) -> None:
        self.files.set_theme(theme)
        self.viewport().update()

    # -- values in ------------------------------------------------------------------------------------------------

    def begin_with(self, tree: FileTree) -> None:
        """The files of another task, or others than before; a small tree is shown open."""
        self.files.begin_with(tree)
        self._open_small()
        self.choice_changed.emit()

    def go_on_with(self, tree: FileTree) -> None:
        """Later files of the same task: what is selected, open and looked at stays where it is."""
        top = self.indexAt(QPoint(1, 1))
        path = self.files.entry(top).path if top.isValid() and self.verticalScrollBar().value() else ""
        self.files.go_on_with(tree)
        if path and (there := self.files.index_of(path)).isValid() and there != self.indexAt(QPoint(1, 1)):
            self.scrollTo(there, QAbstractItemView.ScrollHint.PositionAtTop)
        self.viewport().update()

    def _open_small(self) -> None:
        waiting, rows = [QModelIndex()], 0
        while waiting and rows <= _OPENED_ROWS:
            place = waiting.pop(0)
            rows += self.files.rowCount(place)
            if rows > _OPENED_ROWS and place.isValid():
                return
            if place.isValid():
                self.expand(place)
            some = min(self.files.rowCount(place), _OPENED_ROWS)
            below = [self.files.index(row, NAME, place) for row in range(some)]
            waiting += [index for index in below if self.files.entry(index).is_folder]

    # -- what is chosen -------------------------------------------------------------------------------------------

    def current(self) -> Entry | None:
        """The one entry that is selected; None for none or several."""
        rows = self.selectionModel().selectedRows(NAME)
        return self.files.entry(rows[0]) if len(rows) == 1 else None

    def chosen(self) -> list[Entry]:
        """All selected files and folders, as they stand in the tree."""
        return [self.files.entry(index) for index in self.selectionModel().selectedRows(NAME)]

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.choice_changed.emit()

    def copy_paths(self) -> None:
        """Puts the paths of the chosen files on the clipboard, one per line."""
        entries = self.chosen()
        if entries:
            mime = QMimeData()
            mime.setText("\n".join(entry.path for entry in entries))
            QGuiApplication.clipboard().setMimeData(mime)
            self.copied.emit(len(entries))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_paths()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex().siblingAtColumn(NAME)
            if index.isValid() and self.files.entry(index).is_folder:
                self.setExpanded(index, not self.isExpanded(index))
            self._open(index)
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid() and not self.files.entry(index).is_folder:
            self.file_opened.emit(self.files.entry(index).path)

    def _offer_menu(self, at: QPoint) -> None:
        entries = self.chosen()
        if not entries:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        [only, *more] = entries
        readable = not more and not only.is_folder and not is_picture(only.path)
        menu.addAction("Open as log", lambda: self.log_requested.emit(only.path)).setEnabled(readable)
        menu.addAction("Download…", self.download_requested.emit)
        menu.addSeparator()
        copy = menu.addAction("Copy path" if not more else "Copy paths", self.copy_paths)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        menu.popup(self.viewport().mapToGlobal(at))

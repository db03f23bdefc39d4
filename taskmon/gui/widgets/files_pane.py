"""The files of a task as a tree with sizes and times; one can be read as a log, downloaded or opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.units import count_text, size_text

if TYPE_CHECKING:
    from taskmon.core.extensions import TaskFiles
    from taskmon.gui.theme import Theme

_PATH = Qt.ItemDataRole.UserRole
SHOWN_FILES = 5_000
"""More files than this are counted, not listed."""


class FilesPane(QWidget):
    """Wishes carry the file's path below the task's output folder."""

    log_requested = Signal(str)
    download_requested = Signal(str)
    refresh_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files: TaskFiles | None = None
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._tree = QTreeWidget(self)
        self._tree.setAccessibleName("Files of the task")
        self._tree.setHeaderLabels(["File", "Size", "Changed"])
        self._tree.setUniformRowHeights(True)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._tree.customContextMenuRequested.connect(self._offer_menu)
        self._tree.itemActivated.connect(lambda item: self._wish(self.log_requested, item))
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.header().setStretchLastSection(False)
        self._tree.setColumnWidth(1, 110)
        self._tree.setColumnWidth(2, 160)
        self._read = QPushButton("Read as log", self)
        self._read.clicked.connect(lambda: self._wish(self.log_requested, self._tree.currentItem()))
        self._get = QPushButton("Download file…", self)
        self._get.clicked.connect(lambda: self._wish(self.download_requested, self._tree.currentItem()))
        self._refresh = QPushButton("Refresh", self)
        self._refresh.clicked.connect(self.refresh_requested)
        self._tree.currentItemChanged.connect(self._enable)
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self._note, 1)
        for button in (self._refresh, self._read, self._get):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self._tree)
        self.show_nothing()

    def set_theme(self, theme: Theme) -> None:
        self._note.setStyleSheet(f"color: {theme.muted};")

    def show_nothing(self, note: str = "Select a task to see its files.") -> None:
        self._files = None
        self._tree.clear()
        self._note.setText(note)
        self._enable()

    def show_files(self, files: TaskFiles) -> None:
        """Lists the files; the current one stays current."""
        if files == self._files:
            return
        self._files = files
        current = self._path(self._tree.currentItem())
        self._tree.clear()
        folders: dict[str, QTreeWidgetItem] = {}
        for file in files.files[:SHOWN_FILES]:
            parent, _, name = file.path.rpartition("/")
            changed = f"{file.modified.astimezone():%Y-%m-%d %H:%M:%S}" if file.modified else ""
            item = QTreeWidgetItem([name, size_text(file.size), changed])
            item.setData(0, _PATH, file.path)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._folder(parent, folders).addChild(item)
            if file.path == current:
                self._tree.setCurrentItem(item)
        total = sum(file.size for file in files.files)
        hidden = len(files.files) - SHOWN_FILES
        more = f" · the first {SHOWN_FILES:,} are listed" if hidden > 0 else ""
        growing = "" if files.complete else " · still being written"
        self._note.setText(f"{count_text(len(files.files), 'file')}, {size_text(total)}{growing}{more}")
        self._enable()

    def _folder(self, path: str, folders: dict[str, QTreeWidgetItem]) -> QTreeWidgetItem:
        if not path:
            return self._tree.invisibleRootItem()
        if path not in folders:
            parent, _, name = path.rpartition("/")
            folders[path] = QTreeWidgetItem([name])
            self._folder(parent, folders).addChild(folders[path])
        return folders[path]

    def _path(self, item: QTreeWidgetItem | None) -> str:
        return str(item.data(0, _PATH) or "") if item is not None else ""

    def _wish(self, signal: SignalInstance, item: QTreeWidgetItem | None) -> None:
        path = self._path(item)
        if path:
            signal.emit(path)

    def _enable(self) -> None:
        chosen = bool(self._path(self._tree.currentItem()))
        self._read.setEnabled(chosen)
        self._get.setEnabled(chosen)

    def _offer_menu(self, at: QPoint) -> None:
        item = self._tree.itemAt(at)
        if not self._path(item):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Read as log", lambda: self._wish(self.log_requested, item))
        menu.addAction("Download file…", lambda: self._wish(self.download_requested, item))
        menu.popup(self._tree.viewport().mapToGlobal(at))

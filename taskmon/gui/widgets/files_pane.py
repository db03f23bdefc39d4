"""The files of a task as a tree with sizes and ages; one can be read as a log, looked at, downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.units import count_text, short_duration_text, size_text
from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.file_preview import FilePreview, is_picture
from taskmon.gui.widgets.file_rows import ORDER, PATH, FileRow, folder_path, icon_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QHideEvent, QShowEvent

    from taskmon.core.extensions import TaskFile, TaskFiles
    from taskmon.gui.theme import Theme

_CHANGED: Final = Qt.ItemDataRole.UserRole + 2
_SIZE_COLUMN, _AGE_COLUMN = 1, 2
_AGE_MS: Final = 1000
_REFRESH_TICKS: Final = 5
SHOWN_FILES: Final = 5_000
"""More files than this are counted, not listed."""


class FilesPane(QWidget):
    """Wishes carry the file's path below the task's output folder. Ages are shown once there is a clock."""

    log_requested = Signal(str)
    download_requested = Signal(str)
    preview_requested = Signal(str)
    refresh_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files: TaskFiles | None = None
        self._theme = LIGHT
        self._clock: Callable[[], datetime] | None = None
        self._closed: set[str] = set()  # folders that the person has closed
        self._ticks = 0
        self._previews = False
        self._note = QLabel(self)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self.tree = QTreeWidget(self)
        self.preview = FilePreview(self)
        self._dress_tree()
        self._read = self._button("Read as log", self.log_requested)
        self._get = self._button("Download file…", self.download_requested)
        self._refresh = QPushButton("Refresh", self)
        self._refresh.clicked.connect(self.refresh_requested)
        self._timer = QTimer(self, interval=_AGE_MS)
        self._timer.timeout.connect(self._tick)
        self._arrange()
        self.show_nothing()

    def _dress_tree(self) -> None:
        tree = self.tree
        tree.setAccessibleName("Files of the task")
        tree.setHeaderLabels(["File", "Size", "Changed"])
        tree.setUniformRowHeights(True)
        tree.setSortingEnabled(True)
        tree.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._offer_menu)
        tree.itemActivated.connect(self._open)
        tree.currentItemChanged.connect(self._choose)
        tree.itemCollapsed.connect(lambda item: self._closed.add(folder_path(item)))
        tree.itemExpanded.connect(lambda item: self._closed.discard(folder_path(item)))
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setStretchLastSection(False)
        tree.setColumnWidth(_SIZE_COLUMN, 100)
        tree.setColumnWidth(_AGE_COLUMN, 150)

    def _button(self, text: str, wish: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(lambda: self._wish(wish, self.tree.currentItem()))
        return button

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self._note, 1)
        for button in (self._refresh, self._read, self._get):
            row.addWidget(button)
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self.tree)
        halves.addWidget(self.preview)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(halves, 1)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._note.setStyleSheet(f"color: {theme.muted};")
        self.preview.set_theme(theme)
        for item in self._items():
            item.setIcon(0, icon(icon_name(self._path(item)), theme))

    def offer_previews(self) -> None:
        """Somebody answers `preview_requested`: pictures are shown from now on."""
        self._previews = True

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """Lets ages be told, not just times."""
        self._clock = clock
        self._show_ages()

    def show_nothing(self, note: str = "Select one task to see its files.") -> None:
        self._files = None
        self._closed.clear()
        self.tree.clear()
        self.preview.show_nothing()
        self._note.setText(note)
        self._enable()

    def show_files(self, files: TaskFiles) -> None:
        """Lists the files; the current one stays current, closed folders stay closed."""
        if files == self._files:
            return
        self._files = files
        current = self._path(self.tree.currentItem())
        place = self.tree.verticalScrollBar().value()
        self.tree.blockSignals(True)
        self.tree.setSortingEnabled(False)
        self.tree.clear()
        folders: dict[str, FileRow] = {}
        for file in files.files[:SHOWN_FILES]:
            item = self._add(file, folders)
            if file.path == current:
                self.tree.setCurrentItem(item)
        for path, row in folders.items():
            row.setText(_SIZE_COLUMN, size_text(row.data(_SIZE_COLUMN, ORDER)))
            row.setExpanded(path not in self._closed)
        self.tree.setSortingEnabled(True)
        self.tree.blockSignals(False)
        self.tree.verticalScrollBar().setValue(place)
        self._note.setText(_summary(files))
        self._show_ages()
        self._enable()

    def _add(self, file: TaskFile, folders: dict[str, FileRow]) -> FileRow:
        parent, _, name = file.path.rpartition("/")
        item = FileRow([name, size_text(file.size)])
        item.setIcon(0, icon(icon_name(file.path), self._theme))
        item.setData(0, PATH, file.path)
        item.setData(_SIZE_COLUMN, ORDER, file.size)
        item.setTextAlignment(_SIZE_COLUMN, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if file.modified is not None:
            item.setData(_AGE_COLUMN, _CHANGED, file.modified)
            item.setData(_AGE_COLUMN, ORDER, file.modified.timestamp())
            item.setToolTip(_AGE_COLUMN, f"{file.modified.astimezone():%Y-%m-%d %H:%M:%S}")
        self._folder(parent, folders, file.size or 0).addChild(item)
        return item

    def _folder(self, path: str, folders: dict[str, FileRow], size: int) -> QTreeWidgetItem:
        """The row of a folder, made if need be; it and the folders around it grow by `size`."""
        if not path:
            return self.tree.invisibleRootItem()
        parent, _, name = path.rpartition("/")
        around = self._folder(parent, folders, size)
        if path not in folders:
            row = folders[path] = FileRow([name])
            row.setIcon(0, icon("folder", self._theme))
            row.setData(_SIZE_COLUMN, ORDER, 0)
            row.setTextAlignment(_SIZE_COLUMN, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            around.addChild(row)
        folders[path].setData(_SIZE_COLUMN, ORDER, folders[path].data(_SIZE_COLUMN, ORDER) + size)
        return folders[path]

    # -- ages -----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _tick(self) -> None:
        self._show_ages()
        self._ticks += 1
        if self._ticks % _REFRESH_TICKS == 0 and self._files is not None and not self._files.complete:
            self.refresh_requested.emit()

    def _show_ages(self) -> None:
        now = self._clock() if self._clock is not None else None
        for item in self._items():
            changed: datetime | None = item.data(_AGE_COLUMN, _CHANGED)
            if changed is None:
                continue
            seconds = max(0.0, (now - changed).total_seconds()) if now is not None else None
            if seconds is not None and seconds < 86_400:
                text = f"{short_duration_text(seconds)} ago"
            else:
                text = f"{changed.astimezone():%Y-%m-%d %H:%M}"
            if item.text(_AGE_COLUMN) != text:
                item.setText(_AGE_COLUMN, text)

    def _items(self) -> list[QTreeWidgetItem]:
        waiting, found = [self.tree.invisibleRootItem()], []
        while waiting:
            item = waiting.pop()
            children = [child for place in range(item.childCount()) if (child := item.child(place)) is not None]
            waiting += children
            found += children
        return found

    # -- wishes ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _path(item: QTreeWidgetItem | None) -> str:
        return str(item.data(0, PATH) or "") if item is not None else ""

    def _wish(self, signal: SignalInstance, item: QTreeWidgetItem | None) -> None:
        path = self._path(item)
        if path:
            signal.emit(path)

    def _open(self, item: QTreeWidgetItem) -> None:
        """A double click or Enter: a picture is looked at, everything else is read as a log."""
        if is_picture(self._path(item)):
            self._choose(item)
        else:
            self._wish(self.log_requested, item)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        self._enable()
        path = self._path(item)
        if self._previews and is_picture(path):
            self.preview.show_waiting(path)
            self.preview_requested.emit(path)
        else:
            self.preview.show_nothing()

    def _enable(self) -> None:
        path = self._path(self.tree.currentItem())
        self._read.setEnabled(bool(path) and not is_picture(path))
        self._get.setEnabled(bool(path))

    def _offer_menu(self, at: QPoint) -> None:
        item = self.tree.itemAt(at)
        path = self._path(item)
        if not path:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Read as log", lambda: self._wish(self.log_requested, item))
        menu.addAction("Download file…", lambda: self._wish(self.download_requested, item))
        menu.popup(self.tree.viewport().mapToGlobal(at))


def _summary(files: TaskFiles) -> str:
    total = sum(file.size or 0 for file in files.files)
    hidden = len(files.files) - SHOWN_FILES
    more = f" · the first {SHOWN_FILES:,} are listed" if hidden > 0 else ""
    growing = "" if files.complete else " · still being written"
    return f"{count_text(len(files.files), 'file')}, {size_text(total)}{growing}{more}"

"""The tree of a task's files: several rows at once, by mouse and keyboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from taskmon.gui.widgets.file_painter import INDENT, arrow_left
from taskmon.gui.widgets.file_preview import is_picture
from taskmon.gui.widgets.file_rows import NAME
from taskmon.gui.widgets.file_table import FileTable
from taskmon.gui.widgets.file_tree_model import TITLES

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent


class FileTreeView(FileTable):
    """Emits what the person means; paths are below the task's output folder."""

    file_opened = Signal(str)
    log_requested = Signal(str)
    download_requested = Signal()
    copied = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrow_pressed = False
        self.doubleClicked.connect(self._activate)

    def copy_paths(self) -> None:
        """Puts the paths of the chosen files on the clipboard, one per line."""
        paths = self.chosen_paths()
        if paths:
            mime = QMimeData()
            mime.setText("\n".join(paths))
            QGuiApplication.clipboard().setMimeData(mime)
            self.copied.emit(len(paths))

    # -- mouse and keyboard ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._arrow_pressed = event.button() == Qt.MouseButton.LeftButton and self._on_arrow(
            index, event.position().x()
        )
        if self._arrow_pressed:
            self.set_open(index.row(), is_open=not self.is_open(self.files.rows.place(index.row()).path))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._arrow_pressed:  # Qt would select from the place of an earlier press to here
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._arrow_pressed:
            super().mouseReleaseEvent(event)
        self._arrow_pressed = False

    def _on_arrow(self, index: QModelIndex, x: float) -> bool:
        if not index.isValid() or index.column() != NAME or not self.files.rows.place(index.row()).is_folder:
            return False
        left = arrow_left(self.columns()[NAME], self.files.rows.depth(index.row()))
        return left <= x <= left + INDENT

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._on_arrow(self.indexAt(event.position().toPoint()), event.position().x()):
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and last row; Qt's table would stay in the row."""
        last = len(self.files.rows) - 1
        if last >= 0 and action == QAbstractItemView.CursorAction.MoveHome:
            return self.files.index(0, NAME)
        if last >= 0 and action == QAbstractItemView.CursorAction.MoveEnd:
            return self.files.index(last, NAME)
        return super().moveCursor(action, modifiers)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_paths()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(index)
        elif key == Qt.Key.Key_Asterisk:
            self.set_all_open(is_open=True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and index.isValid():
            self._step(index.row(), inwards=key == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def _step(self, row: int, *, inwards: bool) -> None:
        """Right opens a folder, then goes into it; Left closes it, or goes to the folder around."""
        place = self.files.rows.place(row)
        is_open = place.is_folder and self.is_open(place.path)
        if place.is_folder and is_open != inwards:
            self.set_open(row, is_open=inwards)
            return
        target = (row + 1 if is_open else None) if inwards else self.files.rows.parent_row(row)
        if target is not None:
            self.setCurrentIndex(self.files.index(target, NAME))

    def _activate(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        place = self.files.rows.place(index.row())
        if place.is_folder:
            self.set_open(index.row(), is_open=not self.is_open(place.path))
        else:
            self.file_opened.emit(place.path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex().siblingAtColumn(NAME)).bottomLeft())
        self._offer_menu(at)

    def _offer_menu(self, at: QPoint) -> None:
        count, only = self.count_chosen(), self.current()
        if not count:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        readable = only is not None and not only.is_folder and not is_picture(only.path)
        menu.addAction("Open as log", lambda: self.log_requested.emit(only.path if only else "")).setEnabled(readable)
        menu.addAction("Download…", self.download_requested.emit)
        menu.addSeparator()
        copy = menu.addAction("Copy path" if count == 1 else "Copy paths", self.copy_paths)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        menu.addSeparator()
        orders = menu.addMenu("Order by")
        for column, title in enumerate(TITLES):
            orders.addAction(title, partial(self._turn_order, column))
        if self.files.rows.has_folders():
            menu.addAction("Open all folders", lambda: self.set_all_open(is_open=True))
            menu.addAction("Close all folders", lambda: self.set_all_open(is_open=False))
        menu.popup(at)

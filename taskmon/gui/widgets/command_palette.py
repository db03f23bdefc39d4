"""Every action of the window, found by typing (Ctrl+K); a link to a log that is pasted here is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from taskmon.core.log_link import looks_like_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction


def matches(words: str, text: str) -> bool:
    """Whether every word of `words` is somewhere in `text`, whatever the case."""
    low = text.lower()
    return all(word in low for word in words.lower().split())


class CommandPalette(QDialog):
    """A line to type in and the actions that match; Enter carries out the chosen one, or opens the link (`str`)."""

    chosen = Signal(object)
    link_given = Signal(str)

    def __init__(self, actions: Sequence[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("All actions")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions = list(actions)
        self._line = QLineEdit(self)
        self._line.setPlaceholderText("Type what you want to do")
        self._line.setAccessibleName("Search all actions")
        self._list = QListWidget(self)
        self._list.setAccessibleName("Matching actions")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self._line)
        layout.addWidget(self._list)
        self.resize(520, 400)
        self._line.textChanged.connect(self._narrow)
        self._line.returnPressed.connect(self._choose)
        self._list.itemActivated.connect(self._choose)
        self._line.installEventFilter(self)
        self._narrow("")

    def _narrow(self, words: str) -> None:
        self._list.clear()
        if looks_like_link(words):
            QListWidgetItem(f"Open {words.strip()}", self._list)
            self._list.setCurrentRow(0)
            return
        for action in sorted(self._actions, key=lambda action: not matches(words, action.text())):
            label = action.text().replace("&", "")
            if not matches(words, f"{label} {action.toolTip()}"):
                continue
            shortcut = action.shortcut().toString()
            label = f"{label} ✓" if action.isChecked() else label
            item = QListWidgetItem(action.icon(), f"{label}    {shortcut}" if shortcut else label, self._list)
            item.setData(Qt.ItemDataRole.UserRole, action)
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
        self._list.setCurrentRow(0)

    def _choose(self) -> None:
        item = self._list.currentItem()
        if looks_like_link(self._line.text()):
            self.accept()
            self.link_given.emit(self._line.text().strip())
        elif item is not None and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            action = item.data(Qt.ItemDataRole.UserRole)
            self.accept()
            self.chosen.emit(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self._list.setCurrentRow(max(0, min(self._list.count() - 1, self._list.currentRow() + step)))
                return True
        return super().eventFilter(watched, event)

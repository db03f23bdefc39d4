"""A log in a window of its own, to be read beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from taskmon.gui.widgets.log_pane import LogPane

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent


class LogWindow(QWidget):
    """`closed` is emitted once, when the person closes it."""

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.pane = LogPane(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pane)
        self.resize(900, 600)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

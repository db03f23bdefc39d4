"""One line about a download that goes on: what, how far, and a button that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

_STEPS: Final = 1000


class TransferRow(QWidget):
    """Hidden while nothing goes on."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName("Progress of the download")
        self._bar.setTextVisible(False)
        self._stop = QPushButton("Stop", self)
        self._stop.setAccessibleName("Stop the download")
        self._stop.clicked.connect(self.stop_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 6)
        row.setSpacing(12)
        row.addWidget(self._label, 3)
        row.addWidget(self._bar, 2)
        row.addWidget(self._stop)
        self.set_theme(LIGHT)
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether a download goes on."""
        return not self.isHidden()

    def set_theme(self, theme: Theme) -> None:
        restyle(self._label, f"color: {theme.text};")

    def show_state(self, text: str | None, fraction: float | None = None) -> None:
        """`fraction` from 0 to 1, None where nobody knows; without `text` the row goes away."""
        self.setVisible(text is not None)
        self._label.setText(text or "")
        self._bar.setRange(0, _STEPS if fraction is not None else 0)
        if fraction is not None:
            self._bar.setValue(round(_STEPS * min(1.0, fraction)))

"""A line for a secret: dots unless its owner asks to see it, and dots again as soon as the line is filled anew."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from taskmon.gui.widgets.form_controls import QuietButton


class SecretField(QWidget):
    """`changed` on every edit. The secret leaves this widget only through `secret()`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit(self)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setAcceptDrops(False)
        self.line.setContextMenuPolicy(Qt.ContextMenuPolicy.DefaultContextMenu)
        self.line.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.toggle = QuietButton("Sho&w", self)
        self.toggle.setCheckable(True)
        self.toggle.setMinimumWidth(72)
        self.toggle.setAccessibleName("Show the key")
        self.setFocusProxy(self.line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.toggle)
        self.line.textChanged.connect(self._follow)
        self.toggle.toggled.connect(self._reveal)
        self._follow()

    def secret(self) -> str:
        """What stands in the line, without blanks around it."""
        return self.line.text().strip()

    def fill(self, secret: str, placeholder: str) -> None:
        """Replaces the secret, covered; `placeholder` stands in an empty line."""
        self.toggle.setChecked(False)
        self.line.setPlaceholderText(placeholder)
        if secret != self.line.text():
            self.line.setText(secret)

    def _follow(self) -> None:
        self.toggle.setEnabled(bool(self.line.text()))
        if not self.line.text():
            self.toggle.setChecked(False)
        self.changed.emit()

    def _reveal(self, shown: bool) -> None:
        self.line.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self.toggle.setText("Hid&e" if shown else "Sho&w")

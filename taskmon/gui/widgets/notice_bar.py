"""A quiet bar above the list: one sentence that stays until it is no longer true, and the button that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme


class NoticeBar(QFrame):
    """Hidden while it has nothing to say; `action_requested` when its button is pressed."""

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QuietButton("", self)
        self.button.clicked.connect(self.action_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 10, 7)
        layout.setSpacing(12)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.button)
        self.set_theme(theme.LIGHT)
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def show_notice(self, text: str, action: str = "") -> None:
        """Shows `text`, with a button labelled `action` if there is one; an empty text hides the bar."""
        if text and text != self.text():
            self._text.setText(text)
            self._text.setToolTip(plain_tooltip(text))
            self.setAccessibleName(text)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.setVisible(bool(text))
        if not text:
            self._text.clear()

    def set_theme(self, colours: Theme) -> None:
        self.setStyleSheet(
            f"#notice {{ background: {colours.warning_fill}; "
            f"border: none; border-bottom: 1px solid {colours.border}; }}"
            f"#notice QLabel {{ color: {colours.warning_ink}; background: transparent; }}"
        )

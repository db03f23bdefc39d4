"""A note at the foot of the table: how many tasks are selected, and one click selects all that match."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from taskmon.core.units import count_text
from taskmon.gui.theme import LIGHT, Theme, ui_font

_GAP = 10


class SelectionNote(QFrame):
    """Floats over the lower edge of its parent while several tasks, but not all, are selected, and while the selection
    is waiting for tasks that are still being loaded. Emits `all_requested()`."""

    all_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setFont(ui_font(9.5))
        self._all = QPushButton(self)
        self._all.setFont(ui_font(9.5))
        self._all.setCursor(Qt.CursorShape.PointingHandCursor)
        self._all.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._all.clicked.connect(lambda: self.all_requested.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 5, 8, 5)
        layout.setSpacing(6)
        layout.addWidget(self._words)
        layout.addWidget(self._all)
        parent.installEventFilter(self)
        self.set_theme(LIGHT)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"SelectionNote {{ background: {theme.raised}; border: 1px solid {theme.border}; border-radius: 8px; }}"
            f"QLabel {{ color: {theme.text}; }}"
            f"QPushButton {{ background: transparent; color: {theme.accent}; border: 0; padding: 3px 6px; }}"
            "QPushButton:hover { text-decoration: underline; }"
        )

    def show_selection(self, selected: int, matching: int, unloaded: int, *, everything: bool) -> None:
        """`selected` of `matching` shown tasks; `unloaded` more tasks are still on their way. `everything`: those that
        match are selected as they arrive."""
        coming = f"{count_text(unloaded, 'task')} still being loaded"
        if everything and unloaded:
            words = f"All {matching:,} that match are selected, and those among {coming} will be."
        else:
            words = f"{selected:,} of {matching:,} selected"
        rest = f"Select all {matching:,} that match" + (f" and those among {coming}" if unloaded else "")
        self._words.setText(words)
        self._all.setText(rest)
        self._all.setVisible(not everything)
        self.setVisible(1 < selected < matching or bool(unloaded and selected > 1))
        self.setAccessibleName(words)
        self._place()

    def words(self) -> str:
        """What is said, and what is offered."""
        return f"{self._words.text()} {'' if self._all.isHidden() else self._all.text()}".strip()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.adjustSize()
            self.move(max(0, (parent.width() - self.width()) // 2), parent.height() - self.height() - _GAP)
            self.raise_()

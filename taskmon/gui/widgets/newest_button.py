"""The small floating button that says how much has arrived below, and leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from taskmon.core.units import count_text
from taskmon.gui.theme import LIGHT, ui_font

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

_MARGIN: Final = 14


class NewestButton(QToolButton):
    """Hidden while nothing new is below the visible lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFont(ui_font(9.5, strong=True))
        self.setToolTip("Show the newest lines and follow them (End)")
        self.set_theme(LIGHT)
        self.hide()

    def show_count(self, lines: int) -> None:
        """Says how many lines are new; zero hides the button."""
        self.setText(f"{count_text(lines, 'new line')} ↓")
        self.setVisible(lines > 0)

    def place(self, area: QSize) -> None:
        """Puts the button at the lower right of its area."""
        self.adjustSize()
        self.move(area.width() - self.width() - _MARGIN, area.height() - self.height() - _MARGIN)

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"QToolButton {{ color: {theme.accent_text}; background: {theme.accent}; border: none;"
            f" border-radius: 13px; padding: 5px 14px; min-height: 16px; }}"
            f"QToolButton:hover {{ background: {theme.text}; color: {theme.surface}; }}"
        )

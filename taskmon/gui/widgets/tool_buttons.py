"""The small buttons of toolbars: words or a sign, and a tip that also is what a screen reader says."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QMenu, QToolButton

from taskmon.gui.theme import log_font

SMALL_BUTTON: Final = 30
SMALL_PADDING: Final = "QToolButton { padding: 5px 3px; }"


def tool_button(text: str, tip: str, *, checkable: bool = False, checked: bool = False) -> QToolButton:
    """A button with words beside its icon; without words it is its icon only."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.setCheckable(checkable or checked)
    button.setChecked(checked)
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def sign_toggle(sign: str, tip: str, *, checked: bool = False) -> QToolButton:
    """A small switch with a sign such as `.*`."""
    button = tool_button(sign, tip, checkable=True, checked=checked)
    button.setAccessibleName(tip)
    button.setFont(log_font(9.5))
    button.setFixedWidth(SMALL_BUTTON)
    button.setStyleSheet(SMALL_PADDING)
    return button


def offer_menu(button: QToolButton, menu: QMenu) -> None:
    """Puts an arrow beside the button, which opens `menu`; so do a right click and, by keys, Down and the menu key."""

    def show() -> None:
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    button.customContextMenuRequested.connect(show)
    QShortcut(Qt.Key.Key_Down, button, show, context=Qt.ShortcutContext.WidgetShortcut)

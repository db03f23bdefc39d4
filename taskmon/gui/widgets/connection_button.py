"""The first button of the toolbar: the name of the present service, and the menu of all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QActionGroup, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from taskmon.core.place_name import THIS_COMPUTER
from taskmon.core.plain_text import one_line
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

_WHAT: Final = "the service whose tasks are shown"


class ConnectionButton(QToolButton):
    """`chosen(str)` is the name of a connection. The last line of the menu is the action given to `show_choices`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setStyleSheet("QToolButton { padding-right: 24px; } QToolButton::menu-indicator { image: none; }")
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self.setMenu(self._menu)
        self._say(THIS_COMPUTER)
        self.setToolTip(f"{THIS_COMPUTER}: {_WHAT}")

    def show_name(self, name: str) -> None:
        """The present service."""
        self._say(name)
        self.setToolTip(plain_tooltip(f"{one_line(name)}: {_WHAT}"))

    def _say(self, name: str) -> None:
        self.setText(one_line(name).replace("&", "&&"))
        self.setAccessibleName(f"Connection: {one_line(name)}")

    def show_choices(self, choices: Sequence[tuple[str, str]], present: str, more: QAction) -> None:
        """`choices` are (name, address); the present one is ticked."""
        self._menu.clear()
        for action in self._group.actions():
            self._group.removeAction(action)
        for name, address in choices:
            action = self._menu.addAction(one_line(name).replace("&", "&&"))
            action.setToolTip(plain_tooltip(one_line(address)))
            action.setCheckable(True)
            action.setChecked(name == present)
            action.triggered.connect(lambda _=False, name=name: self.chosen.emit(name))
            self._group.addAction(action)
        self._menu.addSeparator()
        self._menu.addAction(more)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().placeholderText().color(), 1.6))
        centre = QPointF(self.width() - 14, self.height() / 2 + 0.5)
        painter.drawPolyline(QPolygonF([centre + QPointF(-4, -2), centre + QPointF(0, 2), centre + QPointF(4, -2)]))
        painter.end()

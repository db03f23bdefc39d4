"""What else a person can do with a log: the menu behind the dots, with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget


class LogMenu(QMenu):
    """Its actions also belong to the pane, so that their keys work wherever in the pane the focus is."""

    def __init__(self, pane: QWidget) -> None:
        super().__init__(pane)
        self._pane = pane

    def add(self, text: str, act: Callable[[], object], key: str = "") -> QAction:
        """One entry; `key` such as Ctrl+G, empty for none."""
        action = QAction(text, self._pane)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._pane.addAction(action)
        action.triggered.connect(lambda _checked=False: act())
        self.addAction(action)
        return action

    def action_of(self, event: QKeyEvent) -> QAction | None:
        """The entry that has the pressed keys."""
        keys = QKeySequence(event.keyCombination())
        return next((action for action in self._pane.actions() if action.shortcut() == keys), None)

    def add_switch(self, text: str, switched: Callable[[bool], object]) -> QAction:
        """One entry that is on or off."""
        action = QAction(text, self._pane, checkable=True)
        action.toggled.connect(switched)
        self.addAction(action)
        return action

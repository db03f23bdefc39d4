"""The controls of a log pane and how they are arranged; `log_pane.py` gives them life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from taskmon.gui.icons import icon
from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.form_controls import ChoiceBox
from taskmon.gui.widgets.log_foot import LogFoot
from taskmon.gui.widgets.log_menu import LogMenu
from taskmon.gui.widgets.log_search_bar import LogSearchBar
from taskmon.gui.widgets.log_view import LogView
from taskmon.gui.widgets.tool_buttons import SMALL_PADDING, tool_button

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent

    from taskmon.gui.theme import Theme

MERGED: Final = "stdout+stderr"
"""Stands for both streams in one where a file's path is asked for."""

EVERYTHING: Final = "everything"
SHOWN: Final = "shown"
_FILES_WIDTH: Final = 148
_WORDS_WIDTH: Final = 1040
"""A pane of fewer pixels has no room for words on its buttons."""


class LogControls(QWidget):
    """Toolbar, view and foot, with the wishes that they can utter.

    `save_requested` carries EVERYTHING or SHOWN, `link_requested` a line of the log (from 0), `rules_changed` a tuple
    of HighlightRule, `seen_changed` whether the pane is on the screen.
    """

    file_selected = Signal(str)
    search_requested = Signal(str, bool, bool)
    follow_changed = Signal(bool)
    wrap_changed = Signal(bool)
    font_size_changed = Signal(float)
    context_changed = Signal(int)
    time_requested = Signal(str)
    save_requested = Signal(str)
    link_requested = Signal(int)
    rules_changed = Signal(object)
    window_requested = Signal()
    theme_changed = Signal(object)
    seen_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setAccessibleName("Log")
        self.files = ChoiceBox()
        self.files.setAccessibleName("File")
        self.files.setToolTip("Which output of the task")
        self.files.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.files.setFixedWidth(_FILES_WIDTH)
        self.follow = tool_button("Follow", "Keep the newest lines in view (End)", checked=True)
        self.wrap = tool_button("Wrap", "Continue long lines in the next row", checkable=True)
        self.more = tool_button("", "More about this log")
        self.search = LogSearchBar()
        self.view = LogView()
        self.foot = LogFoot()
        self.menu = LogMenu(self)
        self._placeholder = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._arrange()
        self._set_narrow(True)  # else the words would keep a pane wide that has never been so
        self.more.setMenu(self.menu)
        self.more.setStyleSheet("QToolButton { padding-right: 9px; } QToolButton::menu-indicator { image: none; }")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _arrange(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(8, 5, 8, 5)
        tools.setSpacing(4)
        for widget in (self.files, self.follow, self.wrap):
            tools.addWidget(widget)
        tools.addSpacing(4)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.more)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._placeholder)
        self._stack.addWidget(self.view)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(tools)
        page.addLayout(self._stack, 1)
        page.addWidget(self.foot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow pane keeps the words for the tooltips."""
        super().resizeEvent(event)
        self._set_narrow(event.size().width() < _WORDS_WIDTH)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen_changed.emit(False)

    def event(self, event: QEvent) -> bool:
        """Takes the keys of its menu before the window does: Qt runs neither where both have the same one (Ctrl+F)."""
        if event.type() == QEvent.Type.ShortcutOverride and self.menu.action_of(cast("QKeyEvent", event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if action := self.menu.action_of(event):
            action.trigger()
        else:
            super().keyPressEvent(event)

    def _set_narrow(self, narrow: bool) -> None:
        self.files.setFixedWidth(_FILES_WIDTH - 44 if narrow else _FILES_WIDTH)
        styles = Qt.ToolButtonStyle
        for button in (self.follow, self.wrap):
            button.setToolButtonStyle(styles.ToolButtonIconOnly if narrow else styles.ToolButtonTextBesideIcon)
            restyle(button, SMALL_PADDING if narrow else "")
        self.search.set_narrow(narrow)

    @property
    def theme(self) -> Theme:
        """The theme that the pane wears now."""
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.view.set_theme(theme)
        self.search.set_theme(theme)
        self.foot.set_theme(theme)
        self.follow.setIcon(icon("follow", theme))
        self.wrap.setIcon(icon("wrap", theme))
        self.more.setIcon(icon("more", theme))
        self._placeholder.setStyleSheet(f"color: {theme.muted}; background: {theme.surface};")
        self._placeholder.setFont(ui_font(11))

    def focus_search(self) -> None:
        """Puts the cursor into the search field."""
        self.search.focus_field()

    def focus_lines(self) -> None:
        """Lets the keys scroll the log, also when its first lines come later."""
        (self._stack.currentWidget() or self).setFocus()

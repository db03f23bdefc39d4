"""The search field of a log: what to look for, how, and how many lines were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from taskmon.core.units import count_text
from taskmon.gui.icons import icon
from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.plain_tooltip import plain_tooltip
from taskmon.gui.widgets.tool_buttons import SMALL_BUTTON, SMALL_PADDING, offer_menu, sign_toggle, tool_button

if TYPE_CHECKING:
    from taskmon.core.log_source import SearchResult
    from taskmon.gui.theme import Theme

_PAUSE_MS: Final = 250
_COUNT_TIP: Final = "Matching lines in the whole log. A change of colour in the middle of the words hides a match."
CONTEXTS: Final = (0, 1, 2, 3, 5, 10, 20, 50)
_NO_MATCH: Final = "No match"
_ROOMY_FIELD: Final = 130
"""A field of fewer pixels needs them for what is typed: no magnifier, no button to clear."""


class LogSearchBar(QWidget):
    """Asks once typing pauses. `stepped` carries +1 or -1: the next or the previous match. Escape empties the field;
    of an empty one it tells `left()`: the keys go back to the lines."""

    search_requested = Signal(str, bool, bool)
    stepped = Signal(int)
    only_matches_changed = Signal(bool)
    context_changed = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_log = False
        self._asked: tuple[str, bool, bool] = ("", True, False)
        self._theme = LIGHT
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search the whole log")
        self.field.setAccessibleName("Search the log")
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(60)
        self.field.setMaximumWidth(360)
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._magnifier = QAction(self.field)
        self.field.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self.regex = sign_toggle(".*", "Regular expression", checked=True)
        self.case = sign_toggle("Aa", "Upper and lower case are different")
        self.previous = self._step("previous", "Previous match (Shift+Enter)", -1)
        self.next = self._step("next", "Next match (Enter)", 1)
        self.count = QLabel(_NO_MATCH)
        self.count.setToolTip(_COUNT_TIP)
        self.only_matches = tool_button("Only matches", "Show only the lines that match", checkable=True)
        self.only_matches.setAccessibleName(self.only_matches.toolTip())
        self._contexts = QActionGroup(self)
        self._contexts.triggered.connect(self._choose_context)
        offer_menu(self.only_matches, self._context_menu())
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._ask)
        self.set_context(0)
        self._arrange()
        self.field.textChanged.connect(self._typed)
        self.field.installEventFilter(self)
        self.regex.toggled.connect(self._ask)
        self.case.toggled.connect(self._ask)
        self.only_matches.toggled.connect(self.only_matches_changed)
        self.set_theme(LIGHT)
        self.count.setMinimumWidth(self.count.sizeHint().width())
        self.show_result(None, None)

    def _step(self, name: str, tip: str, direction: int) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setObjectName(name)
        button.setFixedWidth(SMALL_BUTTON)
        button.setStyleSheet(SMALL_PADDING)
        button.clicked.connect(lambda: self.stepped.emit(direction))
        return button

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget in (self.field, self.regex, self.case, self.previous, self.next, self.count, self.only_matches):
            row.addWidget(widget, 100 if widget is self.field else 0)
        row.addStretch(1)

    def _context_menu(self) -> QMenu:
        menu = QMenu(self)
        for lines in CONTEXTS:
            action = menu.addAction(f"{count_text(lines, 'line')} around each" if lines else "Each match alone")
            action.setData(lines)
            action.setCheckable(True)
            self._contexts.addAction(action)
        return menu

    def _choose_context(self) -> None:
        self.only_matches.setChecked(True)
        self.context_changed.emit(self.context_lines)

    @property
    def context_lines(self) -> int:
        """Lines to show before and after each match."""
        chosen = self._contexts.checkedAction()
        return 0 if chosen is None else int(chosen.data())

    def set_context(self, lines: int) -> None:
        """Chooses the number of lines around a match; one that is not offered chooses none."""
        for action in self._contexts.actions():
            action.setChecked(action.data() == (lines if lines in CONTEXTS else 0))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._magnifier.setIcon(icon("search", theme))
        self.previous.setIcon(icon("previous", theme))
        self.next.setIcon(icon("next", theme))
        self.only_matches.setIcon(icon("filter", theme))
        self._colour_count(problem=False)

    def set_narrow(self, narrow: bool) -> None:
        """Leaves words to the tooltips where there is no room for them."""
        styles = Qt.ToolButtonStyle
        self.only_matches.setToolButtonStyle(styles.ToolButtonIconOnly if narrow else styles.ToolButtonTextBesideIcon)

    def focus_field(self) -> None:
        """Puts the cursor into the field, its text selected."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_log(self, *, present: bool) -> None:
        """Another log, in which the text of the field is looked for anew; or none, and nothing is looked for."""
        self._has_log = present
        self.show_result(None, None)
        if present and self.field.text():
            self._asked = ("", True, False)
            self._ask()

    def show_result(self, result: SearchResult | None, position: int | None) -> None:
        """`position` is the place of the current match, from 0; None if none is current."""
        found = result.count if result is not None else 0
        if result is None:
            text = "Searching…" if self._has_log and self.field.text() else ""
        elif found == 0:
            text = _NO_MATCH if result.finished else "Searching…"
        else:
            text = f"{found:,}" if position is None else f"{position + 1:,} of {found:,}"
            text += "" if result.finished else "…"
        self._colour_count(problem=False)
        self.count.setText(text)
        self.count.setToolTip(_COUNT_TIP)
        for button in (self.previous, self.next):
            button.setEnabled(found > 0)
        self.only_matches.setEnabled(found > 0 or self.only_matches.isChecked())

    def show_problem(self, sentence: str) -> None:
        """The pattern cannot be used; the sentence is read where the count would be."""
        self.show_result(None, None)
        self._colour_count(problem=True)
        self.count.setText("Not valid")
        self.count.setToolTip(plain_tooltip(sentence))

    def _colour_count(self, *, problem: bool) -> None:
        colour = self._theme.error_ink if problem else self._theme.muted
        restyle(self.count, f"color: {colour}; padding: 0 4px;")

    def _typed(self) -> None:
        if self.field.text():
            self._pause.start()
        else:
            self._ask()

    def _ask(self) -> None:
        self._pause.stop()
        wanted = (self.field.text(), self.regex.isChecked(), self.case.isChecked())
        if wanted != self._asked:
            unsearched = not wanted[0] and not self._asked[0]
            self._asked = wanted
            if not unsearched:
                self.show_result(None, None)
                self.search_requested.emit(*wanted)

    def look_for(self, words: str) -> None:
        """Searches for words as they are written."""
        self.regex.setChecked(False)
        self.field.setText(words)
        self._ask()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.Resize:
            roomy = self.field.width() >= _ROOMY_FIELD
            self._magnifier.setVisible(roomy)
            self.field.setClearButtonEnabled(roomy)
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._pause.isActive():
                    self._ask()
                else:
                    self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                if not self.field.text():
                    self.left.emit()
                self.field.clear()
                return True
        return super().eventFilter(watched, event)

"""The log pane: which file, its view, the search in it, and a line that says how it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from taskmon.core.log_source import MatchingLines
from taskmon.core.units import count_text, size_text
from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.log_search_bar import LogSearchBar
from taskmon.gui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import LineSource, SearchResult
    from taskmon.gui.theme import Theme

_FILE_NAMES: Final = {"stdout.txt": "stdout", "stderr.txt": "stderr"}
EVERYTHING: Final = "everything"


class LogPane(QWidget):
    """Shows a LineSource and says what the person wishes. It never reads, searches or saves by itself."""

    file_selected = Signal(str)
    search_requested = Signal(str, bool, bool)
    follow_changed = Signal(bool)
    wrap_changed = Signal(bool)
    save_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._source: LineSource | None = None
        self._matching: MatchingLines | None = None
        self._result: SearchResult | None = None
        self._current: int | None = None
        self._jump_to_first = False
        self._ended = False
        self._note = ""
        self._problem = ""
        self.setAccessibleName("Log")
        self.files = QComboBox()
        self.files.setAccessibleName("File")
        self.files.setToolTip("Which output of the task")
        self.follow = self._button("Follow", "Keep the newest lines in view (End)", checkable=True)
        self.wrap = self._button("Wrap", "Continue long lines in the next row", checkable=True)
        self.save = self._button("Save as…", "Save the whole log to a file")
        self.search = LogSearchBar()
        self.view = LogView()
        self._placeholder = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._status = QLabel()
        self._silence = QLabel()
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.show_source(None)

    def _button(self, text: str, tip: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(checkable)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _arrange(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(8, 5, 8, 5)
        tools.setSpacing(4)
        for widget in (self.files, self.follow, self.wrap):
            tools.addWidget(widget)
        tools.addSpacing(8)
        tools.addWidget(self.search, 1)
        tools.addStretch()
        tools.addWidget(self.save)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._placeholder)
        self._stack.addWidget(self.view)
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 3, 10, 4)
        foot.addWidget(self._status)
        foot.addStretch()
        foot.addWidget(self._silence)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(tools)
        page.addLayout(self._stack, 1)
        page.addLayout(foot)

    def _connect(self) -> None:
        self.follow.setChecked(True)
        self.files.activated.connect(lambda place: self.file_selected.emit(self.files.itemData(place)))
        self.follow.clicked.connect(self.view.set_follow)
        self.view.follow_changed.connect(self.follow.setChecked)
        self.view.follow_changed.connect(self.follow_changed)
        self.view.copy_refused.connect(self.show_problem)
        self.wrap.toggled.connect(self.view.set_wrap)
        self.wrap.toggled.connect(self.wrap_changed)
        self.save.clicked.connect(lambda: self.save_requested.emit(EVERYTHING))
        self.search.search_requested.connect(self._search)
        self.search.stepped.connect(self._step)
        self.search.only_matches_changed.connect(self._show_lines)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_files(self, files: list[str]) -> None:
        """The files to choose from, by their path below the task's outputs; the chosen one stays chosen."""
        chosen = self.files.currentData()
        self.files.clear()
        for path in files:
            self.files.addItem(_FILE_NAMES.get(path, path), path)
        self.files.setCurrentIndex(max(0, self.files.findData(chosen)))

    def show_file(self, path: str) -> None:
        """Chooses a file without asking for it."""
        self.files.setCurrentIndex(max(0, self.files.findData(path)))

    def show_source(self, source: LineSource | None) -> None:
        """Shows another log from its end, or none. A search that is in the field is asked for again."""
        self._source, self._matching = source, None
        self._result, self._current = None, None
        self._ended, self._note, self._problem = False, "", ""
        self.set_silence("")
        self.search.only_matches.setChecked(False)
        self.view.show_source(source)
        self.search.show_result(None, None)
        self._show_state()
        if source is not None:
            self.search.ask_again()

    def source_grew(self) -> None:
        """The source has grown (or was cut)."""
        if self._matching is None:
            self.view.source_grew()
        self._show_state()

    def show_ended(self) -> None:
        """The log will not grow any more."""
        self._ended = True
        self._note = ""
        self._show_state()

    def show_note(self, text: str) -> None:
        """A calm sentence: in the middle while there are no lines, in the foot when there are."""
        self._note = text
        self._show_state()

    def show_problem(self, sentence: str) -> None:
        """What went wrong; an empty sentence takes it back."""
        self._problem = sentence
        self._show_state()

    def set_silence(self, text: str) -> None:
        """How long there has been no output, when that is unusual; empty hides it."""
        self._silence.setText(text)
        self._silence.setVisible(bool(text))

    def set_severity(self, severity_of: Callable[[str], Severity | None]) -> None:
        """How bad lines are told: a simulator's own patterns."""
        self.view.set_severity(severity_of)

    def show_search(self, result: SearchResult | None) -> None:
        """What the search has found so far; None ends it. The first match below the top is jumped to once."""
        if result is None:
            self._result, self._current = None, None
            self.search.only_matches.setChecked(False)
            self._show_lines()
            return
        self._result = result
        if self._matching is not None:
            self._matching.show_result(result)
            self.view.show_search(replace(result, lines=(), count=0))
            self.view.source_grew()
        else:
            self.view.show_search(result)
            if self._jump_to_first and result.count:
                self._jump_to_first = False
                self._go_to(result.position_at_or_after(self.view.first_visible_line) % result.count)
        self._show_position()

    def show_search_problem(self, sentence: str) -> None:
        """The pattern is refused, in a sentence."""
        self.show_search(None)
        self.search.show_problem(sentence)
        self.show_problem(sentence)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.view.set_theme(theme)
        self.search.set_theme(theme)
        self.follow.setIcon(icon("follow", theme))
        self.wrap.setIcon(icon("wrap", theme))
        self.save.setIcon(icon("save", theme))
        self._placeholder.setStyleSheet(f"color: {theme.muted}; background: {theme.surface};")
        self._placeholder.setFont(ui_font(11))
        self._silence.setStyleSheet(f"color: {theme.warning_ink};")
        self._show_state()

    def focus_search(self) -> None:
        """Puts the cursor into the search field."""
        self.search.focus_field()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _search(self, pattern: str, regex: bool, case: bool) -> None:
        self._jump_to_first = bool(pattern)
        self._current = None
        self.view.show_match(None)
        self.show_problem("")
        self.search_requested.emit(pattern, regex, case)

    def _step(self, direction: int) -> None:
        result = self._result
        if result is None or not result.count:
            return
        if self._current is None:
            place = result.position_at_or_after(self.view.first_visible_line)
            self._go_to((place if direction > 0 else place - 1) % result.count)
        else:
            self._go_to((self._current + direction) % result.count)

    def _go_to(self, place: int) -> None:
        """Jumps to a match by its place among the matches."""
        if self._result is None:
            return
        self._current = place
        self.view.show_match(place if self._matching is not None else self._result.lines[place])
        self._show_position()

    def _show_position(self) -> None:
        self.search.show_result(self._result, self._current)

    def _show_lines(self) -> None:
        """Shows all lines, or only those that match, and keeps the current match in view."""
        only = self.search.only_matches.isChecked() and self._result is not None and self._source is not None
        current = self._current
        if only and self._source is not None and self._result is not None:
            self._matching = MatchingLines(self._source, self._result)
            self.view.show_source(self._matching)
            self.view.show_search(replace(self._result, lines=(), count=0))
        elif self._matching is not None:
            line = self._matching.number(self.view.first_visible_line)
            self._matching = None
            self.view.show_source(self._source)
            self.view.scroll_to(line)
        if not only:
            self.view.show_search(self._result)
        if current is not None and self._result is not None:
            self._go_to(current)
        self._show_position()

    def _show_state(self) -> None:
        source = self._source
        empty = source is None or source.size == 0
        self._stack.setCurrentWidget(self._placeholder if empty else self.view)
        self._placeholder.setText(
            (self._problem or self._note or ("This file is empty." if self._ended else "")) if empty else ""
        )
        self.save.setEnabled(not empty)
        self._status.setText("" if empty else self._state_text())
        colour = self._theme.error_ink if self._problem else self._theme.muted
        self._status.setStyleSheet(f"color: {colour};")

    def _state_text(self) -> str:
        source = self._source
        if source is None or self._problem:
            return self._problem
        lines = count_text(source.line_count, "line") if source.complete else "counting lines…"
        parts = ["ended" if self._ended else "live", lines, size_text(source.size)]
        return " · ".join(part for part in (*parts, self._note) if part)

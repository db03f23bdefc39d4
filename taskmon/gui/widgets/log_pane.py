"""The log pane: shows a log, and lets a person search it, walk its errors, jump in it and filter it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskmon.core.log_highlights import HighlightRule
from taskmon.core.log_times import is_time, jump_target
from taskmon.core.units import count_text, size_text
from taskmon.gui.widgets.log_controls import EVERYTHING, MERGED, SHOWN, LogControls
from taskmon.gui.widgets.log_filter import LogFilter
from taskmon.gui.widgets.log_rules_form import LogRulesForm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from taskmon.core.log_highlights import Highlight
    from taskmon.core.log_signals import Severity
    from taskmon.core.log_source import LineSource, SearchResult
    from taskmon.gui.theme import Theme

_FILE_NAMES: Final = {"stdout.txt": "stdout", "stderr.txt": "stderr", MERGED: "stdout + stderr"}
_SAVE: Final = "Save everything…"
_COUNTING: Final = "The lines of this log are still being counted. Press Enter again in a moment."
_JUMP_REFUSED: Final = "Type a line number, a part such as 50%, or a time if the lines begin with times."


class LogPane(LogControls):
    """Shows a LineSource and says what the person wishes. It never reads, searches or saves by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: LineSource | None = None
        self._result: SearchResult | None = None
        self._current: int | None = None
        self._errors: SearchResult | None = None
        self._warnings: SearchResult | None = None
        self._jump_to_first = False
        self._ended, self._liveness = False, "live"
        self._saving: float | None = None
        self._note = self._problem = ""
        self._rules: tuple[HighlightRule, ...] = ()
        self._rules_form: LogRulesForm | None = None
        self._filter = LogFilter(self.view)
        self._fill_menu()
        self._connect()
        self.set_theme(self._theme)
        self.show_source(None)

    def _fill_menu(self) -> None:
        menu = self.menu
        menu.add("Search", self.focus_search, "Ctrl+F")
        self._jump = menu.add("Jump to line or time…", self.foot.ask_where, "Ctrl+G")
        menu.add("Next error", lambda: self.step_problem(1), "F8")
        menu.add("Previous error", lambda: self.step_problem(-1), "Shift+F8")
        menu.addSeparator()
        menu.add("Highlight rules…", self.show_rules)
        self.raw = menu.add_switch("Show escapes and returns", self.view.set_raw)
        menu.addSeparator()
        menu.add("Copy link to line", self._ask_for_link, "Ctrl+Shift+L")
        menu.add("Open in a window of its own", self.window_requested.emit)
        menu.addSeparator()
        self.save_shown = menu.add("Save what I see…", lambda: self.save_requested.emit(SHOWN))
        self.save = menu.add(_SAVE, lambda: self.save_requested.emit(EVERYTHING))

    def _connect(self) -> None:
        self.files.activated.connect(lambda place: self.file_selected.emit(self.files.itemData(place)))
        self.follow.clicked.connect(self.view.set_follow)
        self.view.follow_changed.connect(self.follow.setChecked)
        self.view.follow_changed.connect(self.follow_changed)
        self.view.font_size_changed.connect(self.font_size_changed)
        self.view.copy_refused.connect(self.show_problem)
        self.view.copy_told.connect(lambda told: self.foot.show_status(told, problem=False))
        self.view.link_wished.connect(self._ask_for_link)
        self.view.search_wished.connect(self.search.look_for)
        self.view.highlight_wished.connect(self._add_rule)
        self.wrap.toggled.connect(self.view.set_wrap)
        self.wrap.toggled.connect(self.wrap_changed)
        self.search.search_requested.connect(self._search)
        self.search.stepped.connect(self._step)
        self.search.only_matches_changed.connect(self._show_lines)
        self.search.context_changed.connect(self._change_context)
        self.foot.problem_stepped.connect(self.step_problem)
        self.foot.jump_requested.connect(self.jump)
        self.foot.jump_closed.connect(self._forget_refusal)
        self.foot.left.connect(self.view.setFocus)
        self.search.left.connect(self.focus_lines)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_files(self, files: list[str]) -> None:
        """The files to choose from, by their path below the task's outputs; the chosen one stays chosen."""
        chosen = self.files.currentData()
        self.files.clear()
        for path in files:
            self.files.addItem(_FILE_NAMES.get(path, path), path)
        self.files.setCurrentIndex(max(0, self.files.findData(chosen)))
        self._name_view()

    def show_file(self, path: str) -> None:
        """Chooses a file without asking for it."""
        self.files.setCurrentIndex(max(0, self.files.findData(path)))
        self._name_view()

    def _name_view(self) -> None:
        self.view.setAccessibleName(f"Log of {self.files.currentText()}")

    def show_source(self, source: LineSource | None) -> None:
        """Shows another log from its end, or none. A search that is in the field is asked for again."""
        self._source = source
        self._result, self._current = None, None
        self._ended, self._note, self._problem = False, "", ""
        self.set_silence("")
        self.show_problems(None)
        self.view.mark_other_stream(None)
        self.foot.legend.hide()
        self.foot.jump.hide()
        self.search.only_matches.setChecked(False)
        self._filter.show_source(source)
        self.search.show_log(present=source is not None)
        self._show_state()

    def source_grew(self) -> None:
        """The source has grown (or was cut)."""
        if not self._filter.active:
            self.view.source_grew()
        self._show_state()

    def show_ended(self) -> None:
        """The log will not grow any more."""
        self._ended = True
        self._note = ""
        self.view.show_ended()
        self._show_state()

    def show_note(self, text: str) -> None:
        """A calm sentence: in the middle while there are no lines, in the foot when there are."""
        self._note = text
        self._show_state()

    def show_problem(self, sentence: str) -> None:
        """What went wrong; an empty sentence takes it back."""
        self._problem = sentence
        self._show_state()

    def show_saving(self, fraction: float | None) -> None:
        """How much of the log is saved, 0 to 1: the entry of the menu stops it; None: nothing is being saved."""
        self.save.setText(_SAVE if fraction is None else f"Stop saving ({fraction:.0%})")
        self.save_shown.setVisible(fraction is None)
        self._saving = fraction
        self._show_state()

    def set_silence(self, text: str, *, live: bool = True) -> None:
        """How long there has been no output, when that is unusual; empty hides it. Not `live`: none can come now."""
        self.foot.show_silence(text)
        self._liveness = "live" if live else "not live"
        self._show_state()

    def set_severity(self, severity_of: Callable[[str], Severity | None]) -> None:
        """How bad lines are told: a simulator's own patterns."""
        self.view.set_severity(severity_of)

    def mark_stderr(self, is_stderr: Callable[[int], bool]) -> None:
        """Marks the lines, by number, that came by stderr, and says what the mark means."""
        self.view.mark_other_stream(is_stderr)
        self.foot.legend.show()

    def show_problems(self, errors: SearchResult | None, warnings: SearchResult | None = None) -> None:
        """The lines with bad news found so far; None: they have not been looked for."""
        self._errors, self._warnings = errors, warnings
        self.view.show_problems(errors)
        self._show_bad_lines(None)

    def set_rules(self, rules: tuple[HighlightRule, ...], highlights: Sequence[Highlight], problem: str = "") -> None:
        """The highlight rules and what they paint; `problem` says why one of them cannot be used."""
        self._rules = rules
        self.view.show_highlights(highlights)
        if self._rules_form is not None:
            self._rules_form.show_problem(problem)

    def show_search(self, result: SearchResult | None) -> None:
        """What the search has found so far; None ends it. The first match below the top is jumped to once."""
        self._result = result
        if result is None:
            self._current = None
            self.search.only_matches.setChecked(False)
            self._show_lines()
            return
        if self._filter.active:
            self._filter.show_result(result)
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
        super().set_theme(theme)
        self._show_state()
        self.theme_changed.emit(theme)

    # -- moving ---------------------------------------------------------------------------------------------------

    def show_line(self, line: int) -> None:
        """Jumps to a line of the log."""
        self.view.show_line(self._filter.place_of(line))

    def jump(self, wanted: str) -> None:
        """Jumps to what a person typed: a number, a part of the log, a time."""
        if self._source is not None and not self._source.complete:
            self.show_problem(_COUNTING)
        elif is_time(wanted):
            self.time_requested.emit(wanted)
        else:
            self.show_jump(jump_target(self._source.line_count, wanted) if self._source is not None else None)

    def show_jump(self, line: int | None) -> None:
        """Jumps to the line that a person meant; None: there is none such."""
        if line is None:
            self.show_problem(_JUMP_REFUSED)
            return
        self.show_problem("")
        self.foot.jump.hide()
        self.show_line(line)
        self.view.setFocus()

    def _forget_refusal(self) -> None:
        if self._problem in (_COUNTING, _JUMP_REFUSED):
            self.show_problem("")

    def step_problem(self, direction: int) -> None:
        """Jumps to the next (+1) or previous (-1) error, or warning where there are no errors, and round at the end."""
        found = self._errors if self._errors is not None and self._errors.count else self._warnings
        if found is None or not found.count:
            return
        here = self._filter.line_of(self.view.current_line)
        place = found.position_at_or_after(here + 1) if direction > 0 else found.position_at_or_after(here) - 1
        place %= found.count
        self.show_line(found.lines[place])
        self._show_bad_lines(place)

    def _show_bad_lines(self, place: int | None) -> None:
        errors, warnings = (found.count if found is not None else 0 for found in (self._errors, self._warnings))
        self.foot.show_problems(errors, warnings, place)

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
            place = result.position_at_or_after(self._filter.line_of(self.view.first_visible_line))
            self._go_to((place if direction > 0 else place - 1) % result.count)
        else:
            self._go_to((self._current + direction) % result.count)

    def _go_to(self, place: int) -> None:
        """Jumps to a match by its place among the matches."""
        if self._result is None:
            return
        self._current = place
        self.view.show_match(self._filter.place_of(self._result.lines[place]))
        self._show_position()

    def _show_position(self) -> None:
        self.search.show_result(self._result, self._current)

    # -- wishes ---------------------------------------------------------------------------------------------------

    def show_rules(self) -> None:
        """Opens the form of the highlight rules."""
        if self._rules_form is None:
            form = LogRulesForm(self._rules, self._theme, self)
            form.rules_changed.connect(self.rules_changed)
            form.finished.connect(self._forget_form)
            self._rules_form = form
            form.open()

    def _forget_form(self) -> None:
        if self._rules_form is not None:
            self._rules_form.deleteLater()
            self._rules_form = None

    def _add_rule(self, words: str) -> None:
        used = {rule.colour for rule in self._rules}
        colour = next((place for place in range(len(self._theme.series)) if place not in used), 0)
        self.rules_changed.emit((*self._rules, HighlightRule(words, colour)))

    def _ask_for_link(self) -> None:
        if self._source is not None and self._source.line_count:
            self.link_requested.emit(self._filter.line_of(self.view.current_line))

    @property
    def shown_lines(self) -> LineSource | None:
        """The lines that a person sees: all, or only those that a search found."""
        return self._filter.shown

    # -- inside ---------------------------------------------------------------------------------------------------

    def _change_context(self, lines: int) -> None:
        self._show_lines()
        self.context_changed.emit(lines)

    def _show_lines(self) -> None:
        """Shows all lines, or only those that match, and keeps the current match in view."""
        current = self._current
        if self.search.only_matches.isChecked() and self._result is not None:
            self._filter.show_matches(self._result, self.search.context_lines)
        else:
            self._filter.show_all()
            self.view.show_search(self._result)
            self.view.show_problems(self._errors)
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
        for action in (self.save, self.save_shown):
            action.setEnabled(not empty or self._saving is not None)
        self.foot.show_status("" if empty else self._state_text(), problem=bool(self._problem))

    def _state_text(self) -> str:
        source = self._source
        if source is None or self._problem:
            return self._problem
        lines = count_text(source.line_count, "line") if source.complete else "counting lines…"
        saving = "" if self._saving is None else f"saving {self._saving:.0%}"
        parts = ["ended" if self._ended else self._liveness, lines, size_text(source.size), saving]
        return " · ".join(part for part in (*parts, self._note) if part)

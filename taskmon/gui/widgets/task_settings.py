"""How the task is run: its project and name, how long it may take, and what happens when something goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from taskmon.core.errors import InvalidInputError
from taskmon.core.plain_text import one_line
from taskmon.core.project import DEFAULT_PROJECT
from taskmon.core.submission import name_problem, parse_time_to_live
from taskmon.core.units import short_duration_text, typed_duration_text
from taskmon.gui.widgets.form_controls import CheckBox, ChoiceBox
from taskmon.gui.widgets.form_field import ROW_SPACING, FieldRow, Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.submission import Submission
    from taskmon.gui.theme import Theme

_STAYS: Final = "The task goes on when the window closes; it is here when you come back."
_GOES: Final = "Closing the window kills the task, also if the window crashes, unless it has ended by then."
_GOES_BUT: Final = (
    "Closing the window kills the task, unless it has ended by then. If the window crashes the task goes on, "
    "because this service does not notice."
)


class TaskSettings(QWidget):
    """Emits `changed` on every edit."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._projects: tuple[str, ...] | None = None
        self._goes = _GOES
        self._project = ChoiceBox(editable=True)
        self._project.setEditText(DEFAULT_PROJECT)
        self._name = QLineEdit()
        self._time = QLineEdit()
        for line in (self._name, self._time):
            line.setAcceptDrops(False)
        self._time.setPlaceholderText("no limit; or for example 30m, 2h, 1d12h")
        self._resubmit = CheckBox("&Resubmit if the machine is taken away")
        self._stop = CheckBox("Stop the task if I close the &window")
        self._project_row = FieldRow("&Project", self._project, self)
        self._name_row = FieldRow("Task &name", self._name, self)
        self._time_row = FieldRow("Time to &live", self._time, self)
        self._resubmit_row = FieldRow("", self._resubmit, self)
        self._stop_row = FieldRow("", self._stop, self)
        self._rows = (self._project_row, self._name_row, self._time_row, self._resubmit_row, self._stop_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_SPACING)
        for row in self._rows:
            layout.addWidget(row)
        self._project.editTextChanged.connect(self.changed)
        self._name.textChanged.connect(self.changed)
        self._time.textChanged.connect(self.changed)
        self._resubmit.toggled.connect(self.changed)
        self._stop.toggled.connect(self.changed)

    def show_projects(self, names: Sequence[str]) -> None:
        """Offers the existing projects; what stands in the field stays."""
        self._projects = tuple(names)
        text = self._project.currentText()
        self._project.blockSignals(True)
        self._project.clear()
        self._project.addItems([one_line(name) for name in names])
        self._project.setEditText(text)
        self._project.blockSignals(False)
        self.changed.emit()

    def show_folder_names(self, names: Sequence[str]) -> None:
        """The task is called like its folder if nothing is written; several folders always name their own tasks."""
        several = len(names) > 1
        self._name.setEnabled(not several)
        self._name.setPlaceholderText("the name of each folder" if several else one_line("".join(names)))

    def show_submission(self, before: Submission, *, with_name: bool) -> None:
        """Sets what was chosen before; the name only where it is the same piece of work."""
        self._project.setEditText(before.project)
        self._time.setText(typed_duration_text(before.time_to_live_seconds))
        self._resubmit.setChecked(before.resubmit_on_preemption)
        self._stop.setChecked(before.stop_with_window)
        if with_name:
            self._name.setText(before.name)

    def show_leases(self, *, offered: bool) -> None:
        """Whether the service notices by itself that the window has gone."""
        self._goes = _GOES if offered else _GOES_BUT
        self.changed.emit()

    def project(self) -> str:
        return self._project.currentText().strip() or DEFAULT_PROJECT

    def name(self) -> str:
        """What was written; empty for the folder's own name."""
        return self._name.text().strip() if self._name.isEnabled() else ""

    def time_to_live_seconds(self) -> float | None:
        """None for no limit, also while what stands there cannot be read (see `check`)."""
        try:
            return parse_time_to_live(self._time.text())
        except InvalidInputError:
            return None

    def resubmit_on_preemption(self) -> bool:
        return self._resubmit.isChecked()

    def stop_with_window(self) -> bool:
        return self._stop.isChecked()

    def check(self) -> str:
        """Shows every problem beside its field; the first one, or an empty text."""
        project = name_problem(self.project())
        known = self._projects is None or self.project() in (*self._projects, DEFAULT_PROJECT)
        self._project_row.say(project or ("" if known else "A new project."), Tone.ERROR if project else Tone.QUIET)
        name = name_problem(self.name())
        self._name_row.say(name, Tone.ERROR)
        self._stop_row.say(self._goes if self.stop_with_window() else _STAYS)
        return project or name or self._check_time()

    def mark_changes(self, before: Submission) -> int:
        """Marks the rows that differ from `before`; how many do."""
        time_before = short_duration_text(before.time_to_live_seconds) or "no limit"
        pairs = (
            (self._project_row, self.project() != before.project, one_line(before.project)),
            (self._name_row, self.name() != before.name, one_line(before.name) or "empty"),
            (self._time_row, self.time_to_live_seconds() != before.time_to_live_seconds, time_before),
            (self._resubmit_row, self.resubmit_on_preemption() != before.resubmit_on_preemption,
             "on" if before.resubmit_on_preemption else "off"),
        )  # fmt: skip
        for row, changed, was in pairs:
            row.mark_changed(was if changed else None)
        return sum(changed for _, changed, _ in pairs)

    def set_theme(self, colours: Theme) -> None:
        for part in (*self._rows, self._resubmit, self._stop):
            part.set_theme(colours)

    def _check_time(self) -> str:
        try:
            seconds = parse_time_to_live(self._time.text())
        except InvalidInputError as error:
            self._time_row.say(str(error), Tone.ERROR)
            return str(error)
        words = f"The commands are stopped after {short_duration_text(seconds)}."
        self._time_row.say(words if seconds is not None else "")
        return ""

"""The part of the machines dialog in which a new group of machines of this computer is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from taskmon.core.errors import InvalidInputError
from taskmon.core.machine_story import GroupDraft, draft_problem
from taskmon.core.submission import parse_time_to_live
from taskmon.core.units import short_duration_text
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import CheckBox
from taskmon.gui.widgets.form_field import ROW_SPACING, FieldRow, Tone

if TYPE_CHECKING:
    from collections.abc import Collection

    from taskmon.gui.theme import Theme

_SPOT: Final = "Works only while the computer is otherwise idle; its tasks are reclaimed when you need it."
_NOT_SPOT: Final = "Works however busy the computer is."


class GroupForm(QWidget):
    """Emits `create_requested(GroupDraft)`."""

    create_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken: Collection[str] = ()
        title = QLabel("New group on this computer", self)
        title.setFont(theme.ui_font(11, strong=True))
        self.name, self.machines = QLineEdit(), QLineEdit("1")
        self.time, self.idle = QLineEdit(), QLineEdit()
        self.time.setPlaceholderText("no limit; or for example 2h")
        self.idle.setPlaceholderText("never; or for example 10m")
        self.spot = CheckBox("&Spot: give way to me")
        self._name_row = FieldRow("&Name", self.name, self)
        self._machines_row = FieldRow("&Machines", self.machines, self)
        self._spot_row = FieldRow("", self.spot, self)
        self._time_row = FieldRow("Time to &live", self.time, self)
        self._idle_row = FieldRow("End when &idle for", self.idle, self)
        self._rows = (self._name_row, self._machines_row, self._spot_row, self._time_row, self._idle_row)
        self.button = QPushButton("Sta&rt machines", self)
        self.button.setAutoDefault(False)
        self.button.setMinimumHeight(32)
        self.button.clicked.connect(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(ROW_SPACING)
        column.addWidget(title)
        for row in self._rows:
            column.addWidget(row)
        column.addWidget(self.button)
        column.addStretch(1)
        for field in (self.name, self.machines, self.time, self.idle):
            field.textChanged.connect(self._check)
        self.spot.toggled.connect(self._check)
        self._check()

    def show_taken(self, names: Collection[str]) -> None:
        """Names that other groups have."""
        self._taken = names
        self._check()

    def clear(self) -> None:
        """Ready for the next group."""
        self.name.clear()

    def draft(self) -> GroupDraft:
        """What is asked for. Raises InvalidInputError for a field that cannot be read."""
        number = self.machines.text().strip()
        if not (number.isascii() and number.isdigit()):
            raise InvalidInputError("Say how many machines, as a number.")
        return GroupDraft(
            name=self.name.text(),
            machines=int(number),
            spot=self.spot.isChecked(),
            time_to_live_s=parse_time_to_live(self.time.text()),
            max_idle_s=parse_time_to_live(self.idle.text()),
        )

    def set_theme(self, colours: Theme) -> None:
        for part in (*self._rows, self.spot):
            part.set_theme(colours)

    def _ask(self) -> None:
        self.create_requested.emit(self.draft())

    def _check(self) -> None:
        """Beside every field what it means or what is wrong with it; the button only for what can be asked."""
        self._spot_row.say(_SPOT if self.spot.isChecked() else _NOT_SPOT)
        fine = self._check_time(self._time_row, self.time, "The group ends after {}, with everything on it.")
        fine &= self._check_time(self._idle_row, self.idle, "The group ends after {} without a task.")
        self._name_row.say("")
        self._machines_row.say("")
        try:
            problem = draft_problem(self.draft(), self._taken)
        except InvalidInputError as error:
            if fine:
                self._machines_row.say(str(error), Tone.ERROR)
            self.button.setEnabled(False)
            return
        if problem and self.name.text():
            row = self._machines_row if "machines" in problem else self._name_row
            row.say(problem, Tone.ERROR)
        self.button.setEnabled(not problem)

    @staticmethod
    def _check_time(row: FieldRow, field: QLineEdit, words: str) -> bool:
        try:
            seconds = parse_time_to_live(field.text())
        except InvalidInputError as error:
            row.say(str(error), Tone.ERROR)
            return False
        row.say("" if seconds is None else words.format(short_duration_text(seconds)))
        return True

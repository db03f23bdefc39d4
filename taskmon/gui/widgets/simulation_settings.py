"""What is run: the simulator, guessed from the files or chosen, its parameters and the commands that come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.simulators import Simulator
from taskmon.core.submission import COMMANDS, guess
from taskmon.gui.widgets.command_field import CommandField
from taskmon.gui.widgets.form_controls import ChoiceBox
from taskmon.gui.widgets.form_field import ROW_SPACING, FieldRow, Tone
from taskmon.gui.widgets.parameter_fields import ParameterFields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskmon.core.submission import FolderContents, Submission
    from taskmon.gui.theme import Theme

MNEMONICS: Final = frozenset("bcefilmnopruwy")
"""Letters that the form's own labels and buttons use; parameters get others."""

_ANY_COMMANDS: Final = Simulator(key=COMMANDS, name="Commands", image="", commands=())


class SimulationSettings(QWidget):
    """Emits `changed` whenever what would be run may have changed."""

    changed = Signal()

    def __init__(self, catalogue: Sequence[Simulator], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._catalogue = _with_commands(catalogue)
        self._folders: Sequence[FolderContents] = ()
        self._origin = ("", Tone.QUIET)
        self._missing: Mapping[str, str] = {}
        self._chosen = False
        self._box = ChoiceBox()
        for simulator in self._catalogue:
            self._box.addItem(simulator.name, simulator.key)
        self.setFocusProxy(self._box)
        self._row = FieldRow("S&imulator", self._box, self)
        self._parameters = ParameterFields(self)
        self._commands = CommandField("&Commands", self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_SPACING)
        for part in (self._row, self._parameters, self._commands):
            layout.addWidget(part)
        self._box.activated.connect(self._note_choice)
        self._box.currentIndexChanged.connect(self._show_simulator)
        self._parameters.changed.connect(self._show_preview)
        self._commands.changed.connect(self.changed)
        self._box.setCurrentIndex(len(self._catalogue) - 1)
        self._show_simulator()

    def show_folders(self, folders: Sequence[FolderContents]) -> None:
        """Offers the files of these folders and, for folders not seen before, the simulator they look made for."""
        if {folder.path for folder in folders} != {folder.path for folder in self._folders}:
            self._chosen = False
        self._folders = folders
        if self._chosen or not self._show_guess():
            self._parameters.show_folders(folders)
            self._show_preview()

    def show_submission(self, before: Submission, origin: str) -> None:
        """Sets what was submitted before; `origin` says beside the simulator where this comes from."""
        index = self._box.findData(before.simulator)
        if index < 0:
            return
        self._chosen = True
        self._origin = (origin, Tone.QUIET)
        self._box.setCurrentIndex(index)
        self._parameters.show_values(before.values)
        self._commands.show_preview(self.simulator, self._parameters.values())
        if before.commands:
            self._commands.show_commands(before.commands)
        self.changed.emit()

    @property
    def simulator(self) -> Simulator:
        return self._catalogue[self._box.currentIndex()]

    def values(self) -> dict[str, str]:
        return self._parameters.values()

    def commands(self) -> tuple[str, ...]:
        """The commands that replace the simulator's own; empty where those are used unchanged."""
        return self._commands.written_lines()

    def check(self) -> str:
        """Shows every problem beside its field; the first one, or an empty text."""
        self._say_origin()
        edited = self._commands.edited
        self._parameters.setVisible(bool(self.simulator.parameters) and not edited)
        commands = self._commands.check()
        return commands if edited else self._parameters.check()

    def show_missing(self, missing: Mapping[str, str]) -> None:
        """By the key of each simulator that is known not to run where the task goes: a sentence that says so."""
        self._missing = missing
        self.changed.emit()

    def _say_origin(self) -> None:
        missing = self._missing.get(self.simulator.key, "")
        text, tone = self._origin
        self._row.say("\n".join(filter(None, (missing, text))), Tone.WARNING if missing else tone)

    def mark_changes(self, before: Submission) -> int:
        """Marks the rows that differ from `before`; how many do."""
        other = self.simulator.key != before.simulator
        was = next((entry.name for entry in self._catalogue if entry.key == before.simulator), before.simulator)
        self._row.mark_changed(was if other else None)
        parameters = 0 if self._commands.edited else self._parameters.mark_changes(before.values)
        return other + parameters + (bool(before.commands) and self._commands.mark_change(before.commands))

    def set_theme(self, colours: Theme) -> None:
        for part in (self._row, self._parameters, self._commands):
            part.set_theme(colours)

    def _show_guess(self) -> bool:
        """True if another simulator was selected, so that its fields have been made already."""
        found = guess(self._folders, self._catalogue)
        before = self._box.currentIndex()
        if found is None:
            text = "No file here tells which simulator it is for." if self._folders else ""
            self._origin = (text, Tone.QUIET)
            self._box.setCurrentIndex(self._box.findData(COMMANDS))
        else:
            text = f"guessed from {one_line(found.path)}"
            self._origin = (f"{text}. {found.doubts}", Tone.WARNING) if found.doubts else (text, Tone.QUIET)
            self._box.setCurrentIndex(self._box.findData(found.simulator.key))
        return self._box.currentIndex() != before

    def _note_choice(self) -> None:
        self._chosen = True
        self._origin = ("", Tone.QUIET)
        self.changed.emit()

    def _show_simulator(self) -> None:
        self._parameters.show_parameters(self.simulator, self._folders, set(MNEMONICS))
        self._commands.show_simulator(self.simulator)
        self._show_preview()

    def _show_preview(self) -> None:
        self._commands.show_preview(self.simulator, self._parameters.values())
        self.changed.emit()


def _with_commands(catalogue: Sequence[Simulator]) -> tuple[Simulator, ...]:
    """The catalogue, which always ends with free commands, whatever was handed in."""
    free = next((entry for entry in catalogue if entry.key == COMMANDS), _ANY_COMMANDS)
    return (*(entry for entry in catalogue if entry.key != COMMANDS), free)

"""The parameters of one simulator: a field for each, filled with what the folder suggests, checked as one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.submission import candidate_files, parameter_problem
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import ChoiceBox
from taskmon.gui.widgets.form_field import ROW_SPACING, FieldRow, Tone, with_mnemonic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskmon.core.simulators import Parameter, Simulator
    from taskmon.core.submission import FolderContents
    from taskmon.gui.theme import Theme

_LISTED_FILES: Final = 200


class ParameterFields(QWidget):
    """One row per parameter. `changed` is emitted when a value may have changed."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = theme.LIGHT
        self._rows: dict[str, _ParameterRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(ROW_SPACING)

    def show_parameters(self, simulator: Simulator, folders: Sequence[FolderContents], taken: set[str]) -> None:
        """Replaces the fields; `taken` are the letters that other labels use as mnemonics."""
        for row in self._rows.values():
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        letters = set(taken)
        self._rows = {
            parameter.name: _ParameterRow(parameter, with_mnemonic(parameter.label, letters), self)
            for parameter in simulator.parameters
        }
        for row in self._rows.values():
            row.set_theme(self._theme)
            self._layout.addWidget(row)
            row.show_folders(folders)
            row.changed.connect(self.changed)

    def show_folders(self, folders: Sequence[FolderContents]) -> None:
        """Offers the files of other folders; a file that was chosen and is not there gives way to the likeliest."""
        for row in self._rows.values():
            row.show_folders(folders)

    def show_values(self, values: Mapping[str, str]) -> None:
        """Sets the values that can be used as they are; the others keep what the folder suggests."""
        for name, value in values.items():
            if name in self._rows:
                self._rows[name].show_value(value)

    def values(self) -> dict[str, str]:
        return {name: row.value() for name, row in self._rows.items()}

    def check(self) -> str:
        """Shows each row's problem beside it; the first of them, with its label, or an empty text."""
        problems = [row.check() for row in self._rows.values()]
        return next((problem for problem in problems if problem), "")

    def mark_changes(self, before: Mapping[str, str]) -> int:
        """Marks the values that differ from `before`; how many do."""
        return sum(row.mark_change(before[name]) for name, row in self._rows.items() if name in before)

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        for row in self._rows.values():
            row.set_theme(colours)


class _ParameterRow(FieldRow):
    """One parameter. A file is a combo box of the folder's files that also takes a name typed by hand."""

    changed = Signal()

    def __init__(self, parameter: Parameter, label: str, parent: QWidget) -> None:
        field = ChoiceBox(editable=True) if parameter.kind == "file" else QLineEdit()
        super().__init__(label, field, parent)
        self._parameter = parameter
        self._field = field
        self._folders: Sequence[FolderContents] = ()
        if isinstance(field, QComboBox):
            field.editTextChanged.connect(self.changed)
        else:
            field.setText(parameter.default)
            field.setAcceptDrops(False)
            field.textChanged.connect(self.changed)

    def show_folders(self, folders: Sequence[FolderContents]) -> None:
        self._folders = folders
        if not isinstance(self._field, QComboBox):
            return
        kept = self.value()
        candidates = candidate_files(self._parameter, folders)
        self._field.blockSignals(True)
        self._field.clear()
        for path in candidates[:_LISTED_FILES]:
            self._field.addItem(one_line(path), path)
        self._field.setEditText(self._field.itemText(0) if candidates else self._parameter.default)
        self._field.blockSignals(False)
        self._hidden = max(0, len(candidates) - _LISTED_FILES)
        self.show_value(kept)

    def show_value(self, value: str) -> None:
        if not value or (self._folders and parameter_problem(self._parameter, value, self._folders)):
            return
        if isinstance(self._field, QComboBox):
            self._field.setEditText(one_line(value))
        else:
            self._field.setText(value)

    def value(self) -> str:
        """The path as it is on disk, even where its name cannot be shown as it is."""
        if isinstance(self._field, QLineEdit):
            return self._field.text().strip()
        text = self._field.currentText()
        index = self._field.findText(text, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive)
        return str(self._field.itemData(index)) if index >= 0 else text.strip()

    def check(self) -> str:
        problem = parameter_problem(self._parameter, self.value(), self._folders)
        if problem:
            self.say(problem, Tone.ERROR)
        elif isinstance(self._field, QComboBox) and self._hidden:
            self.say(f"{self._hidden:,} more files match; write the name of any of them.")
        elif not self.value() and self._parameter.default:
            self.say(f"Empty means {self._parameter.default}.")
        else:
            self.say(self._parameter.help)
        return f"{self._parameter.label}: {problem[:1].lower()}{problem[1:]}" if problem else ""

    def mark_change(self, before: str) -> bool:
        changed = self.value() != before
        self.mark_changed(one_line(before) or "empty" if changed else None)
        return changed

"""The command lines of a task: what the simulator's entry makes of the parameters, or what a person writes instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.submission import command_lines, command_problem, preview
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import FieldRow, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskmon.core.simulators import Simulator
    from taskmon.gui.theme import Theme

_EDIT: Final = "&Edit commands"
_RESTORE: Final = "Us&e the simulator's commands"
_AROUND_TEXT: Final = 22
_FEWEST_LINES: Final = 3
_MOST_LINES: Final = 6


class CommandField(FieldRow):
    """A preview of the commands; editable on request, and always for a simulator that has none of its own.

    `changed` is emitted when a person changes the commands or turns editing on or off.
    """

    changed = Signal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        body = QWidget()
        text = _CommandText()
        button = QuietButton(_EDIT)
        super().__init__(label, body, parent, buddy=text, tall=True)
        self._text = text
        self._button = button
        self._theme: Theme = theme.LIGHT
        self._own: tuple[str, ...] = ()
        self._written = ""
        self._free = False
        button.setCheckable(True)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(text)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(button)
        layout.addLayout(below)
        button.toggled.connect(self._switch)
        text.textChanged.connect(self._note_change)

    def show_simulator(self, simulator: Simulator) -> None:
        """Starts over with a simulator; one without commands of its own is written by hand from the start."""
        self._written = self._written if self._free and not simulator.commands else ""
        self._free = not simulator.commands
        self._button.setVisible(not self._free)
        self._button.setChecked(False)
        self._allow_editing(self._free)
        if self._free:
            self._put(self._written)
        self._text.setPlaceholderText("One command per line, for example:\n./simulate input.dat" if self._free else "")

    def show_preview(self, simulator: Simulator, values: Mapping[str, str]) -> None:
        """Shows what `values` make of the simulator's commands, unless a person is writing their own."""
        self._own = tuple(one_line(line) for line in preview(simulator, values))
        if not self.edited:
            self._put("\n".join(self._own))

    def show_commands(self, lines: Sequence[str]) -> None:
        """Puts in commands that a person has written before."""
        self._written = "\n".join(lines)
        if not self._free:
            self._button.setChecked(True)
        self._put(self._written)

    @property
    def edited(self) -> bool:
        """True while the commands are a person's, so that the parameters do not matter."""
        return self._free or self._button.isChecked()

    def lines(self) -> tuple[str, ...]:
        """The commands as they stand."""
        return command_lines(self._text.toPlainText())

    def written_lines(self) -> tuple[str, ...]:
        """The commands that replace the simulator's own; empty where those are used unchanged."""
        lines = self.lines()
        return lines if self._free or (self.edited and lines != self._own) else ()

    def check(self) -> str:
        """Shows what is wrong with commands written by hand; that sentence, or an empty text."""
        if not self.edited:
            self.say("")
            return ""
        problem = command_problem(self.lines())
        self.say(problem, Tone.ERROR if problem and self.lines() else Tone.QUIET)
        return problem

    def mark_change(self, before: Sequence[str]) -> bool:
        """Marks the row when the commands differ from `before`."""
        changed = self.lines() != tuple(before)
        self.mark_changed("  ⏎  ".join(before) or "empty" if changed else None)
        return changed

    def set_theme(self, colours: Theme) -> None:
        super().set_theme(colours)
        self._theme = colours
        self._colour()

    def _switch(self, edit: bool) -> None:
        self._button.setText(_RESTORE if edit else _EDIT)
        self._allow_editing(edit)
        self._put((self._written or "\n".join(self._own)) if edit else "\n".join(self._own))
        if edit:
            self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.changed.emit()

    def _allow_editing(self, editable: bool) -> None:
        self._text.setReadOnly(not editable)
        self._text.updateGeometry()
        self._colour()

    def _colour(self) -> None:
        """A preview lies flat on the form, a field to write in stands out from it."""
        ground = self._theme.window if self._text.isReadOnly() else self._theme.surface
        self._text.setStyleSheet(f"QPlainTextEdit {{ background: {ground}; }}")

    def _put(self, text: str) -> None:
        if text == self._text.toPlainText():
            return
        self._text.blockSignals(True)
        self._text.setPlainText(text)
        self._text.blockSignals(False)
        self._text.updateGeometry()

    def _note_change(self) -> None:
        self._text.updateGeometry()
        if self.edited:
            self._written = self._text.toPlainText()
            self.changed.emit()


class _CommandText(QPlainTextEdit):
    """As high as its lines, within reason. Tab leaves it: a command line needs no tabs, a keyboard user a way out."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(theme.log_font(9.5))
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(3)
        self.setAcceptDrops(False)

    def sizeHint(self) -> QSize:
        fewest = 1 if self.isReadOnly() else _FEWEST_LINES
        lines = min(_MOST_LINES, max(fewest, self.blockCount()))
        too_wide = self.document().idealWidth() > self.viewport().width()
        bar = self.horizontalScrollBar().sizeHint().height() if too_wide else 0
        return QSize(320, lines * self.fontMetrics().lineSpacing() + _AROUND_TEXT + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

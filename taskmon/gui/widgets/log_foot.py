"""The line below a log: how it stands, its errors and how to walk them, where to jump, an unusual silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from taskmon.core.units import count_text
from taskmon.gui.icons import icon
from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT, ui_font

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

_JUMP_HINT: Final = "Line, 50% or 12:30"
_COMES_BACK: Final = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
"""Another window or a menu: a field that loses the focus to these is not done with."""
_JUMP_TIP: Final = "Jump to a line number, to a part of the log such as 50%, or to a time where its lines have times"


class LogFoot(QWidget):
    """`problem_stepped` carries +1 or -1; `jump_requested` what was typed; `jump_closed` comes when its field goes."""

    problem_stepped = Signal(int)
    jump_requested = Signal(str)
    jump_closed = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._errors = self._warnings = 0
        self.status = QLabel()
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.legend = QLabel("▌stderr")
        self.legend.setToolTip("Lines marked so came by stderr")
        self.silence = QLabel()
        self.elsewhere = QToolButton()
        self.elsewhere.setToolTip("Show stderr")
        self.problems = QLabel()
        self.jump = QLineEdit()
        self.jump.setPlaceholderText(_JUMP_HINT)
        self.jump.setToolTip(_JUMP_TIP)
        self.jump.setAccessibleName("Jump to")
        self.jump.setFixedWidth(170)
        self.jump.setFont(ui_font(9))
        self.jump.installEventFilter(self)
        self.previous = self._step("Previous error (Shift+F8)", -1)
        self.next = self._step("Next error (F8)", 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 10, 3)
        row.setSpacing(4)
        row.addWidget(self.status, 1)
        row.addWidget(self.elsewhere)
        row.addWidget(self.silence)
        row.addSpacing(8)
        row.addWidget(self.legend)
        row.addSpacing(8)
        for widget in (self.problems, self.previous, self.next, self.jump):
            row.addWidget(widget)
        self.jump.hide()
        self.legend.hide()
        self.elsewhere.hide()
        self.show_problems(0, 0, None)

    def _step(self, tip: str, direction: int) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedWidth(30)
        button.setStyleSheet("QToolButton { padding: 2px 3px; }")
        button.clicked.connect(lambda: self.problem_stepped.emit(direction))
        return button

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.silence.setStyleSheet(f"color: {theme.warning_ink};")
        self.legend.setStyleSheet(f"color: {theme.series[3]};")
        self.elsewhere.setStyleSheet(f"QToolButton {{ color: {theme.muted}; padding: 0 6px; }}")
        self.previous.setIcon(icon("previous", theme))
        self.next.setIcon(icon("next", theme))
        self._colour_problems()

    def show_status(self, text: str, *, problem: bool) -> None:
        """How the log stands, or what went wrong."""
        self.status.setText(text)
        restyle(self.status, f"color: {self._theme.error_ink if problem else self._theme.muted};")

    def show_problems(self, errors: int, warnings: int, place: int | None) -> None:
        """How many bad lines there are; `place` is the one that was jumped to, from 0."""
        self._errors, self._warnings = errors, warnings
        parts = [count_text(errors, "error")] * bool(errors) + [count_text(warnings, "warning")] * bool(warnings)
        if place is not None:
            parts[0] = f"{place + 1:,} of {parts[0]}"
        self.problems.setText(" · ".join(parts))
        kind = "error" if errors or not warnings else "warning"
        self.previous.setToolTip(f"Previous {kind} (Shift+F8)")
        self.next.setToolTip(f"Next {kind} (F8)")
        for widget in (self.problems, self.previous, self.next):
            widget.setVisible(bool(errors or warnings))
        self._colour_problems()

    def _colour_problems(self) -> None:
        ink = self._theme.error_ink if self._errors else self._theme.warning_ink
        restyle(self.problems, f"color: {ink};")

    def show_silence(self, text: str) -> None:
        """How long there has been no output, when that is unusual; empty hides it."""
        self.silence.setText(text)
        self.silence.setVisible(bool(text))

    def show_elsewhere(self, text: str) -> None:
        """That there is something to read in another stream of the task; empty hides it."""
        self.elsewhere.setText(text)
        self.elsewhere.setAccessibleName(text)
        self.elsewhere.setMaximumHeight(self.status.sizeHint().height())  # so that the log above stays as it is
        self.elsewhere.setVisible(bool(text))

    def ask_where(self) -> None:
        """Opens the field for a line to jump to."""
        self.jump.show()
        self.jump.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.jump.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.jump:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.HideToParent:
            self.jump_closed.emit()
        elif isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _COMES_BACK:
            self.jump.hide()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.jump_requested.emit(self.jump.text())
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.jump.hide()
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

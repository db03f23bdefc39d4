"""The last line of the submit form: why it cannot be submitted yet, or what will happen, and the buttons."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from taskmon.core.units import count_text
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import Sentence, Tone

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme


class Phase(Enum):
    """What the form is doing."""

    EDITING = "editing"
    SENDING = "sending"
    PARTLY_SENT = "partly sent"  # all ended, some of them badly
    SENT = "sent"


class FormFooter(QWidget):
    """Offers what makes sense in a phase. Only one button is the primary one, and Enter presses it."""

    submit_requested = Signal()
    retry_requested = Signal()
    cancel_requested = Signal()
    back_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = Sentence(self, points=9.5)
        self.primary = QPushButton("Su&bmit", self)
        self.primary.setDefault(True)
        self.primary.setMinimumWidth(110)
        self._cancel = QuietButton("Cancel &upload", self)
        self._back = QuietButton("&Back to the form", self)
        self._close = QuietButton("Cl&ose", self)
        self._phase = Phase.EDITING
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.sentence, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(0)
        for button in (self._back, self._cancel, self._close, self.primary):
            button.setMinimumHeight(32)
            layout.addWidget(button)
        self.primary.clicked.connect(self._press_primary)
        self._cancel.clicked.connect(self.cancel_requested)
        self._back.clicked.connect(self.back_requested)
        self._close.clicked.connect(self.close_requested)
        self.show_phase(Phase.EDITING)

    def show_phase(self, phase: Phase, *, may_go_back: bool = False) -> None:
        """`may_go_back` says that nothing was sent, so that the whole form can be submitted again."""
        self._phase = phase
        self.primary.setText(
            {Phase.EDITING: "Su&bmit", Phase.SENDING: "Sending…", Phase.PARTLY_SENT: "Retr&y", Phase.SENT: "Cl&ose"}[
                phase
            ]
        )
        self.primary.setEnabled(phase is not Phase.SENDING)
        self._cancel.setVisible(phase is Phase.SENDING)
        self._close.setVisible(phase is not Phase.SENT)
        self._back.setVisible(phase is Phase.PARTLY_SENT and may_go_back)
        if phase is not Phase.EDITING:
            self.primary.setToolTip("")

    def show_readiness(self, problem: str, tasks: int, where: str) -> None:
        """While editing: the reason why `Submit` is off, or how many tasks will go where."""
        if self._phase is not Phase.EDITING:
            return
        self.primary.setEnabled(not problem)
        self.primary.setText("Su&bmit" if tasks <= 1 else f"Su&bmit {count_text(tasks, 'task')}")
        self.primary.setAccessibleDescription(problem)
        self.sentence.say(problem or f"{count_text(tasks, 'task')} on {where}.", Tone.QUIET)

    def set_theme(self, colours: Theme) -> None:
        self.sentence.set_theme(colours)

    def _press_primary(self) -> None:
        wish = {
            Phase.EDITING: self.submit_requested,
            Phase.PARTLY_SENT: self.retry_requested,
            Phase.SENT: self.close_requested,
        }.get(self._phase)
        if wish is not None:
            wish.emit()

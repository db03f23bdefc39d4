"""How far each folder has come on its way to the service, with a way to try a failed one again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.submission import UploadState
from taskmon.core.units import count_text, size_text
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import ElidedLabel, Sentence, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskmon.gui.theme import Theme

_ROWS_AT_FIRST: Final = 30

_WORDS: Final = {
    UploadState.WAITING: "waiting",
    UploadState.SENDING: "sending",
    UploadState.DONE: "sent",
    UploadState.FAILED: "failed",
    UploadState.CANCELLED: "cancelled",
}


class UploadRows(QScrollArea):
    """One row per folder, named by its path. `retry_requested` carries the path of the row whose button was used."""

    retry_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = theme.LIGHT
        self._names: dict[str, str] = {}
        self._states: dict[str, UploadState] = {}
        self._rows: dict[str, _UploadRow] = {}
        self._column = QVBoxLayout()
        self._rest = Sentence()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Upload progress")

    def show_folders(self, names: Mapping[str, str]) -> None:
        """Starts over with all folders waiting; `names` maps each path to what it is called."""
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(16)
        self._column = layout
        self._rest = Sentence(body)
        self._rest.set_theme(self._theme)
        layout.addWidget(self._rest)
        layout.addStretch(1)
        self._names = dict(names)
        self._states = dict.fromkeys(names, UploadState.WAITING)
        self._rows = {}
        for path in islice(names, _ROWS_AT_FIRST):
            self._row(path)
        self.setWidget(body)
        body.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def show_progress(self, folder: str, sent: int, total: int, state: UploadState, detail: str = "") -> None:
        """`sent` and `total` in bytes; `detail` says more, for example why it failed."""
        if folder in self._states:
            self._states[folder] = state
            self._row(folder).show_progress(sent, total, state, detail)

    def show_done(self, folder: str, task_id: str) -> None:
        self.show_progress(folder, 1, 1, UploadState.DONE, f"Task {task_id}")

    def give_up(self, detail: str = "") -> None:
        """What has not arrived yet has failed with `detail`, or is cancelled if it had not begun or there is none."""
        for path, state in self._states.items():
            if not state.ended:
                failed = bool(detail) and state is not UploadState.WAITING
                ending = (UploadState.FAILED, detail) if failed else (UploadState.CANCELLED, "")
                self._states[path] = ending[0]
                if path in self._rows:
                    self._rows[path].show_progress(0, 0, *ending)

    def states(self) -> dict[str, UploadState]:
        """The state of every folder, by path."""
        return dict(self._states)

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        self._rest.set_theme(colours)
        for row in self._rows.values():
            row.set_theme(colours)

    def _row(self, path: str) -> _UploadRow:
        """The row of a folder, made when it is first needed: hundreds at once would stop the window for a moment."""
        row = self._rows.get(path)
        if row is None:
            row = self._rows[path] = _UploadRow(path, self._names[path])
            row.set_theme(self._theme)
            row.retry_requested.connect(self.retry_requested)
            self._column.insertWidget(len(self._rows) - 1, row)
            hidden = len(self._names) - len(self._rows)
            self._rest.say(f"and {count_text(hidden, 'more folder')}" if hidden else "")
        return row


class _UploadRow(QWidget):
    """Name and state in words, a thin bar, and below it the amounts or what went wrong."""

    retry_requested = Signal(str)

    def __init__(self, path: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.state = UploadState.WAITING
        self._theme: Theme = theme.LIGHT
        self._name = ElidedLabel(name, self)
        self._name.setFont(theme.ui_font(strong=True))
        self._word = QLabel(self)
        self._word.setTextFormat(Qt.TextFormat.PlainText)
        self._word.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._bar = ThinBar(self)
        self._detail = Sentence(self)
        self._retry = QuietButton("Retr&y", self)
        self._retry.setAccessibleName(f"Retry {one_line(name)}")
        self._retry.hide()
        self._retry.clicked.connect(lambda: self.retry_requested.emit(self._path))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self._word, 0, 1)
        grid.addWidget(self._bar, 1, 0, 1, 2)
        grid.addWidget(self._detail, 2, 0)
        grid.addWidget(self._retry, 2, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        self.show_progress(0, 0, UploadState.WAITING)

    def show_progress(self, sent: int, total: int, state: UploadState, detail: str = "") -> None:
        self.state = state
        fraction = min(1.0, sent / total) if total > 0 else 0.0
        percent = f"{int(fraction * 100)} %" if state is UploadState.SENDING and total > 0 else ""
        self._word.setText(" ".join(part for part in (_WORDS[state], percent) if part))
        self._bar.show_fraction(fraction)
        amount = (
            f"{size_text(min(sent, total))} of {size_text(total)}" if state is UploadState.SENDING and total else ""
        )
        bad = state is UploadState.FAILED
        self._detail.say(one_line(detail) or amount, Tone.ERROR if bad else Tone.QUIET)
        self._retry.setVisible(state in (UploadState.FAILED, UploadState.CANCELLED))
        self._colour()

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        self._detail.set_theme(colours)
        self._colour()

    def _colour(self) -> None:
        colours = QPalette()
        ink = self._theme.error_ink if self.state is UploadState.FAILED else self._theme.muted
        colours.setColor(QPalette.ColorRole.WindowText, QColor(ink))
        self._word.setPalette(colours)
        stopped = self.state in (UploadState.FAILED, UploadState.CANCELLED)
        self._bar.show_colours(self._theme.border, self._theme.muted if stopped else self._theme.accent)


class ThinBar(QWidget):
    """A rounded bar filled to a fraction; its words stand beside it, so it carries none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self._ground = QColor(theme.LIGHT.border)
        self._filling = QColor(theme.LIGHT.accent)
        self.setFixedHeight(6)

    def show_fraction(self, fraction: float) -> None:
        """`fraction` from 0 to 1."""
        self._fraction = fraction
        self.update()

    def show_colours(self, ground: str, filling: str) -> None:
        self._ground, self._filling = QColor(ground), QColor(filling)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = self.rect()
        for colour, width in ((self._ground, area.width()), (self._filling, round(area.width() * self._fraction))):
            painter.setBrush(colour)
            area.setWidth(width)
            if width:
                painter.drawRoundedRect(area, 3, 3)
        painter.end()

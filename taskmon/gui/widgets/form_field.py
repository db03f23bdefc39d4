"""The parts every form is made of: a labelled row with a sentence under its field, and labels for foreign text."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QWidget

from taskmon.core.plain_text import one_line
from taskmon.gui import theme
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

LABEL_WIDTH: Final = 118
"""Width [px at 96 dpi] of the label column, so that the fields of separate rows stand in one line."""

ROW_SPACING: Final = 11
"""Between two rows of a form [px at 96 dpi]."""

_NOTE_POINTS: Final = 9.0


class Tone(Enum):
    """How loud a sentence is."""

    QUIET = "quiet"
    WARNING = "warning"
    ERROR = "error"
    CHANGED = "changed"


class Sentence(QLabel):
    """Plain text that wraps, is hidden while empty, and takes its colour from a tone."""

    def __init__(self, parent: QWidget | None = None, *, boxed: bool = False, points: float = _NOTE_POINTS) -> None:
        super().__init__(parent)
        self._theme: Theme = theme.LIGHT
        self._tone = Tone.QUIET
        self._boxed = boxed
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setFont(theme.ui_font(points))
        if boxed:
            self.setContentsMargins(10, 7, 10, 7)
        self.hide()

    @property
    def tone(self) -> Tone:
        return self._tone

    def say(self, text: str, tone: Tone = Tone.QUIET) -> None:
        """Shows `text`, or nothing at all when it is empty."""
        self._tone = tone
        if text != self.text():
            self.setText(text)
        self.setVisible(bool(text))
        self._colour()

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        self._colour()

    def _colour(self) -> None:
        ink, fill = {
            Tone.QUIET: (self._theme.muted, self._theme.raised),
            Tone.WARNING: (self._theme.warning_ink, self._theme.warning_fill),
            Tone.ERROR: (self._theme.error_ink, self._theme.error_fill),
            Tone.CHANGED: (self._theme.accent, self._theme.raised),
        }[self._tone]
        self._fill = QColor(fill)
        colours = QPalette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(ink))
        self.setPalette(colours)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._boxed:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._fill)
            painter.drawRoundedRect(self.rect(), 5, 5)
            painter.end()
        super().paintEvent(event)


class ElidedLabel(QLabel):
    """One line of foreign text, shortened in the middle where it does not fit; the tooltip has all of it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Shows `text` with its control characters made visible."""
        line = one_line(text)
        self.setText(line)
        self.setToolTip(plain_tooltip(line))

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area: QRect = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, area.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(area, int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)
        painter.end()


class FieldRow(QWidget):
    """A label, its field, and a sentence below it.

    `buddy` is what the label's mnemonic focuses, if not `field`; beside a `tall` field the label stands at its top.
    """

    def __init__(
        self,
        label: str,
        field: QWidget,
        parent: QWidget | None = None,
        *,
        buddy: QWidget | None = None,
        tall: bool = False,
    ) -> None:
        super().__init__(parent)
        self._target = buddy or field
        self.label = QLabel(label, self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setWordWrap(True)
        self.note = Sentence(self)
        if label:
            self.label.setBuddy(self._target)
            self._target.setAccessibleName(without_mnemonic(label))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        if tall:
            self.label.setContentsMargins(0, 8, 0, 0)
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(field, 0, 1)
        grid.addWidget(self.note, 1, 1)
        grid.setColumnStretch(1, 1)
        if isinstance(field, QCheckBox):
            self.note.setContentsMargins(23, 0, 0, 0)
            grid.setVerticalSpacing(2)

    def say(self, text: str, tone: Tone = Tone.QUIET) -> None:
        """Shows a sentence below the field and gives it to screen readers as the field's description."""
        self.note.say(text, tone)
        self._target.setAccessibleDescription(text)

    def mark_changed(self, before: str | None) -> None:
        """Marks the row as different from the task that is run again; `before` is what it was, None if it is equal."""
        self.label.setFont(theme.ui_font(strong=before is not None))
        if before is not None and self.note.tone is not Tone.ERROR:
            self.say(f"was {before}", Tone.CHANGED)

    def set_theme(self, colours: Theme) -> None:
        self.note.set_theme(colours)


def with_mnemonic(label: str, taken: set[str]) -> str:
    """`label` with its first letter not in `taken` made its mnemonic (and put there), else a digit after it.

    Ampersands of the label stay text.
    """
    escaped = label.replace("&", "&&")
    for index, character in enumerate(escaped):
        letter = character.lower()
        if letter.isalpha() and letter.isascii() and letter not in taken:
            taken.add(letter)
            return f"{escaped[:index]}&{escaped[index:]}"
    digit = next((number for number in "123456789" if number not in taken), "")
    taken.add(digit)
    return f"{escaped} (&{digit})" if digit else escaped


def without_mnemonic(label: str) -> str:
    """The words of a label as a screen reader says them."""
    return label.replace("&&", "\0").replace("&", "").replace("\0", "&")

"""What the explanation of a task consists of: title, captioned sentences, the text of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from taskmon.core.lifecycle import Status, facts
from taskmon.gui.theme import LIGHT, Theme, log_font, mark, ui_font
from taskmon.gui.widgets.status_mark import paint_mark

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_MOST_ERROR_LINES: Final = 6


def text_label(parent: QWidget) -> QLabel:
    """Plain words that wrap and can be copied."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(ui_font())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class Section(QWidget):
    """A small caption and a sentence under it."""

    def __init__(self, caption: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._caption = QLabel(caption, self)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._caption.setFont(ui_font(8.5, strong=True))
        self._words = text_label(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self._caption)
        column.addWidget(self._words)

    def show_words(self, words: str) -> None:
        self._words.setText(words)
        self.setAccessibleName(f"{self._caption.text()}: {words}")
        self.show()

    def set_captioned(self, captioned: bool) -> None:
        """Whether the caption is there; the words tell by themselves what they are."""
        self._caption.setVisible(captioned)

    def set_theme(self, theme: Theme) -> None:
        self._caption.setStyleSheet(f"color: {theme.muted}")
        self._words.setStyleSheet(f"color: {theme.text}")


class Title(QWidget):
    """The state's mark and name in its colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._status = Status.PENDING_INPUT
        self.setFixedHeight(round(QFontMetricsF(ui_font(11.5, strong=True)).height()) + 4)

    def show_status(self, status: Status) -> None:
        self._status = status
        self.setAccessibleName(facts(status).alias)
        self.show()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ink = QColor(self._theme.of(self._status).ink if self._status.known else self._theme.muted)
        painter = QPainter(self)
        paint_mark(painter, QRectF(0, (self.height() - 14) / 2, 14, 14), mark(self._status), ink)
        painter.setFont(ui_font(11.5, strong=True))
        painter.setPen(ink)
        words = QRectF(21, 0, self.width() - 21, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, facts(self._status).alias)
        painter.end()


class ErrorText(QPlainTextEdit):
    """What the service or the runner said went wrong, as it is: plain, selectable, as tall as a few lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFont(log_font(9))
        self.setAccessibleName("Error detail")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
        self.setVisible(bool(text))
        self.updateGeometry()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {theme.error_fill}; color: {theme.error_ink}; border: none; "
            f"border-radius: 6px; padding: 4px; selection-background-color: {theme.error_ink}; "
            f"selection-color: {theme.error_fill}; }}"
        )

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        columns = max(20, int((self.width() - 24) / max(1.0, metrics.averageCharWidth())))
        lines = sum(1 + len(line) // columns for line in self.toPlainText()[:4000].split("\n"))
        return QSize(200, round(min(lines, _MOST_ERROR_LINES) * metrics.lineSpacing()) + 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

"""The chosen file at a glance: a picture, or the first part of a text, exactly as it is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT, log_font
from taskmon.gui.widgets.picture_view import PictureView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from taskmon.gui.theme import Theme

_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ppm", ".pgm", ".svg", ".webp", ".xpm"})


def is_picture(path: str) -> bool:
    """Whether a file's name says that it is a picture."""
    return PurePosixPath(path).suffix.lower() in _PICTURES


class FilePreview(QWidget):
    """Answers about another file than the one that is looked at are ignored: they came too late."""

    log_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = ""
        self._theme = LIGHT
        self._fact = ""
        self.picture = PictureView(self)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setTabChangesFocus(True)
        self._caption = QLabel(self)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._more = QPushButton("Open as log", self)
        self._more.clicked.connect(lambda: self.log_requested.emit(self.path))
        self._arrange()
        self.setMinimumWidth(240)
        self.set_theme(LIGHT)
        self.show_nothing()

    def _arrange(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self.picture)
        self._stack.addWidget(self.text)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 8, 4)
        foot.addWidget(self._caption, 1)
        foot.addWidget(self._more)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(self._stack, 1)
        page.addLayout(foot)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.picture.set_theme(theme)
        self.text.setFont(log_font(9.5))
        restyle(self.text, "QPlainTextEdit, QPlainTextEdit:focus { border: none; border-radius: 0; padding: 4px 8px; }")
        restyle(self._caption, f"color: {theme.muted};")

    def show_nothing(self, note: str = "Select a file to look at it.") -> None:
        self.path, self._fact = "", ""
        self._show_picture(QImage(), note)

    def show_waiting(self, path: str) -> None:
        """The file's bytes are on their way; what was seen of the same file before stays."""
        if path != self.path:
            self.path, self._fact = path, ""
            self._show_picture(QImage(), "Loading…")

    def show_picture(self, path: str, image: QImage) -> None:
        """A decoded picture; a null one says that the file cannot be read as one."""
        if path == self.path:
            self._fact = f"{image.width():,} × {image.height():,}" if not image.isNull() else ""
            self._show_picture(image, "This file cannot be shown as a picture.")

    def show_text(self, path: str, text: str, fact: str) -> None:
        """The first part of a text file; `fact` says how much of it that is."""
        if path != self.path:
            return
        self._fact = fact
        if self.text.toPlainText() != text:
            place = self.text.verticalScrollBar().value() if self._stack.currentWidget() is self.text else 0
            self.text.setPlainText(text)
            self.text.verticalScrollBar().setValue(place)
        self._stack.setCurrentWidget(self.text)
        self._tell(readable=True)

    def show_note(self, path: str, sentence: str) -> None:
        """Why there is nothing to see."""
        if path == self.path:
            self._fact = ""
            self._show_picture(QImage(), sentence)

    def _show_picture(self, image: QImage, note: str) -> None:
        self.picture.show_image(image, note)
        self._stack.setCurrentWidget(self.picture)
        self._tell(readable=False)

    def _tell(self, *, readable: bool) -> None:
        note = self.picture.note if self._stack.currentWidget() is self.picture and self.picture.image.isNull() else ""
        words = [one_line(self.path), self._fact, note]
        self.setAccessibleName("Preview " + ". ".join(word for word in words if word))
        self.text.setAccessibleName(f"First part of {one_line(self.path)}")
        self._more.setVisible(readable)
        self._write_caption()

    def _write_caption(self) -> None:
        name = one_line(PurePosixPath(self.path).name) if self.path else ""
        whole = " · ".join(word for word in (name, self._fact) if word)
        room = max(60, self._caption.width())
        self._caption.setText(self._caption.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideMiddle, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_caption()

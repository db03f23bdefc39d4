"""The chosen file at a glance: a picture, or the first part of a text, exactly as it is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QTextCursor
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
        self._fact = self._written = ""
        self.picture = PictureView(self)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
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
        self._foot = QWidget(self)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(12, 4, 8, 4)
        foot.addWidget(self._caption, 1)
        foot.addWidget(self._more)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(self._stack, 1)
        page.addWidget(self._foot)

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

    def show_picture(self, path: str, image: QImage, size: QSize | None = None) -> None:
        """A decoded picture, and its `size` in the file if that is larger.

        A null one says that the file cannot be read as one, for example while it is written; what was seen of the same
        file before stays then.
        """
        if path != self.path:
            return
        seen = self.picture.image if self._stack.currentWidget() is self.picture else QImage()
        if image.isNull() and not seen.isNull():
            self._fact = "as it was before; now it cannot be read"
            self._tell(readable=False)
            return
        size = size or image.size()
        self._fact = "" if image.isNull() else f"{size.width():,} × {size.height():,}"
        self._show_picture(image, "This file cannot be shown as a picture.")

    def show_text(self, path: str, text: str, fact: str) -> None:
        """The first part of a text file; `fact` says how much of it that is."""
        if path != self.path:
            return
        self._fact = fact
        if self._stack.currentWidget() is not self.text:
            self._written = ""
        self._write(text)
        self._stack.setCurrentWidget(self.text)
        self._tell(readable=True)

    def _write(self, text: str) -> None:
        """Shows `text`; of what is shown already the end is added. Whoever reads or has selected something stays."""
        before, self._written = self._written, text
        if text == before:
            return
        across, down = self.text.horizontalScrollBar(), self.text.verticalScrollBar()
        places, chosen = (across.value(), down.value()) if before else (0, 0), self.text.textCursor()
        anchor, position = chosen.anchor(), chosen.position()
        if before and text.startswith(before):
            end = QTextCursor(self.text.document())
            end.movePosition(QTextCursor.MoveOperation.End)
            end.insertText(text[len(before) :])
        else:
            self.text.setPlainText(text)
        if before:
            last = self.text.document().characterCount() - 1
            chosen = self.text.textCursor()
            chosen.setPosition(min(anchor, last))
            chosen.setPosition(min(position, last), QTextCursor.MoveMode.KeepAnchor)
            self.text.setTextCursor(chosen)
        across.setValue(places[0])
        down.setValue(places[1])

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
        self._foot.setVisible(bool(self.path))
        self._write_caption()

    def _write_caption(self) -> None:
        name = one_line(PurePosixPath(self.path).name) if self.path else ""
        whole = " · ".join(word for word in (name, self._fact) if word)
        room = max(60, self._caption.width())
        self._caption.setText(self._caption.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideMiddle, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write_caption()

"""A picture that a task wrote, fitted into the room there is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from taskmon.gui.theme import LIGHT, ui_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from taskmon.gui.theme import Theme

_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ppm", ".pgm", ".svg", ".webp", ".xpm"})
_MARGIN: Final = 14.0
_CAPTION: Final = 26.0


def is_picture(path: str) -> bool:
    """Whether a file's name says that it is a picture."""
    return PurePosixPath(path).suffix.lower() in _PICTURES


class FilePreview(QWidget):
    """Hidden while there is nothing to look at. A picture is never enlarged beyond its own size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._path = ""
        self._image = QImage()
        self._note = ""
        self.setMinimumWidth(220)
        self.hide()

    @property
    def path(self) -> str:
        """The file that is looked at."""
        return self._path

    def sizeHint(self) -> QSize:
        return QSize(420, 300)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_nothing(self) -> None:
        self._path = ""
        self.hide()

    def show_waiting(self, path: str) -> None:
        """The file's bytes are on their way; the picture before stays while it is the same file."""
        if path != self._path:
            self._image = QImage()
        self._path, self._note = path, "Loading the picture…"
        self._show()

    def show_picture(self, path: str, image: QImage) -> None:
        """A decoded picture; a null one says that the file cannot be read as one."""
        if path == self._path:
            self._image = image
            self._note = "This file cannot be shown as a picture." if image.isNull() else ""
            self._show()

    def show_note(self, path: str, sentence: str) -> None:
        """Why there is no picture."""
        if path == self._path:
            self._image, self._note = QImage(), sentence
            self._show()

    def _show(self) -> None:
        self.setAccessibleName(f"Picture {self._path}. {self._note}".strip())
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN - _CAPTION)
        painter.setPen(QColor(self._theme.muted))
        painter.setFont(ui_font(9.5))
        if self._image.isNull():
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        else:
            self._paint_image(painter, room)
        foot = QRectF(_MARGIN, self.height() - _CAPTION - 4, self.width() - 2 * _MARGIN, _CAPTION)
        size = f" · {self._image.width():,} × {self._image.height():,}" if not self._image.isNull() else ""
        text = painter.fontMetrics().elidedText(self._path + size, Qt.TextElideMode.ElideMiddle, int(foot.width()))
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _paint_image(self, painter: QPainter, room: QRectF) -> None:
        scale = min(1.0, room.width() / self._image.width(), room.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        place = QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)
        if self._image.hasAlphaChannel():
            painter.save()
            painter.setClipRect(place)
            painter.fillRect(place, QColor(LIGHT.surface))  # plots are drawn for paper
            painter.restore()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        painter.setPen(QColor(self._theme.border))
        painter.drawRect(place)

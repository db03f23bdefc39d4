"""A picture that a task wrote, fitted into the room there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from taskmon.gui.theme import LIGHT, ui_font

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from taskmon.gui.theme import Theme

_MARGIN: Final = 14.0


class PictureView(QWidget):
    """A picture, never enlarged beyond its own size, or a sentence instead of one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.image = QImage()
        self.note = ""

    def sizeHint(self) -> QSize:
        return QSize(420, 300)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_image(self, image: QImage, note: str = "") -> None:
        """The picture; `note` is shown where it is null."""
        self.image, self.note = image, note
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if self.image.isNull():
            painter.setPen(QColor(self._theme.muted))
            painter.setFont(ui_font(10))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.note)
        else:
            self._paint_image(painter, room)
        painter.end()

    def _paint_image(self, painter: QPainter, room: QRectF) -> None:
        scale = min(1.0, room.width() / self.image.width(), room.height() / self.image.height())
        width, height = self.image.width() * scale, self.image.height() * scale
        place = QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)
        if self.image.hasAlphaChannel():
            painter.save()
            painter.setClipRect(place)
            painter.fillRect(place, QColor(LIGHT.surface))  # plots are drawn for paper
            painter.restore()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self.image)
        painter.setPen(QColor(self._theme.border))
        painter.drawRect(place)

"""What the window shows while something is dragged over it, and which of the dragged things it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from taskmon.gui.theme import LIGHT, Theme, ui_font

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData


def dropped_folders(mime: QMimeData) -> list[str]:
    """The local folders in a drag, in their order; a dropped file stands for the folder it is in."""
    folders: dict[str, None] = {}
    for url in mime.urls():
        if not url.isLocalFile():
            continue
        path = Path(url.toLocalFile())
        if path.is_dir():
            folders[str(path)] = None
        elif path.is_file():
            folders[str(path.parent)] = None
    return list(folders)


def accept_as_copy(event: QDropEvent) -> None:
    """Takes a drag, or a drop, as a copy whatever its source proposes: after a move it may remove the files."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


class DropOverlay(QWidget):
    """A calm veil over the whole window that names what a drop will do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self._theme = LIGHT
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def show_offer(self, folders: list[str]) -> None:
        """Covers the parent and says how many tasks a drop would make."""
        names = Path(folders[0]).name if len(folders) == 1 else f"{len(folders)} folders, one task each"
        self._text = f"Drop to submit {names}"
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.surface)
        veil.setAlphaF(0.86)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(QColor(self._theme.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(18, 18, -18, -18), 14, 14)
        painter.setFont(ui_font(17, strong=True))
        painter.setPen(QColor(self._theme.accent))
        painter.drawText(self.rect().adjusted(40, 40, -40, -40), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()

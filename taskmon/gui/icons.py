"""The window's icons: our own line drawings in `resources/icons`, named by meaning and inked by the theme.

Each drawing uses `currentColor` only, so that one file serves both themes and all three moods of a control. It is
drawn when it is first seen at a size: most icons stand in menus that are not open, and the first paint waits for none
of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from taskmon.gui.theme import Theme


def icon(name: str, theme: Theme) -> QIcon:
    """The icon `name` for normal, disabled and selected controls of `theme`; needs a QGuiApplication.

    The same object for the same arguments. Raises NotFoundError for a name without a drawing.
    """
    return _inked(name, theme.text, theme.faint, theme.selection_text)


def tinted_icon(name: str, colour: str) -> QIcon:
    """The icon `name` in one colour of the theme, such as its `warning_ink`. Raises NotFoundError."""
    return _inked(name, colour, colour, colour)


@cache
def _inked(name: str, normal: str, disabled: str, selected: str) -> QIcon:
    return QIcon(_Drawing(resource_path(f"icons/{name}.svg"), normal, disabled, selected))


_copies: list[QIconEngine] = []


class _Drawing(QIconEngine):
    """A drawing in three colours, at whatever size is asked for."""

    def __init__(self, path: Path, normal: str, disabled: str, selected: str) -> None:
        super().__init__()
        self._path = path
        self._inks = normal, disabled, selected

    def clone(self) -> QIconEngine:
        copy = _Drawing(self._path, *self._inks)
        _copies.append(copy)  # Qt does not take a Python object over that a virtual function returns
        return copy

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        normal, disabled, selected = self._inks
        ink = {QIcon.Mode.Disabled: disabled, QIcon.Mode.Selected: selected}.get(mode, normal)
        return _drawn(self._path, ink, min(size.width(), size.height()))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """`size` is in the pixels of a screen of scale 1, as Qt 6.8 and later ask."""
        drawn = QPixmap(self.pixmap(size * scale, mode, state))
        drawn.setDevicePixelRatio(scale)
        return drawn

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        scale = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, scale))


@cache
def _drawn(path: Path, ink: str, side: int) -> QPixmap:
    """The drawing in one colour, `side` device pixels wide and high."""
    pixmap = QPixmap(side, side)
    if side <= 0:  # a control without room asks too
        return pixmap
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(path.read_bytes())).render(painter, QRectF(0, 0, side, side))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ink))
    painter.drawRect(pixmap.rect())
    painter.end()
    return pixmap

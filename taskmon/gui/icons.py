"""The window's icons: our own line drawings in `resources/icons`, named by meaning and inked by the theme.

Each drawing uses `currentColor` only, so that one file serves both themes and all three moods of a control.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

_PIXEL_SIZES: Final = (16, 20, 24, 32, 48)
"""Device pixels kept per icon: 16 and 20 px at 1×, 1.25×, 1.5× and 2× without enlarging anything."""


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
    result = QIcon()
    _add(result, name, QIcon.Mode.Normal, normal)
    _add(result, name, QIcon.Mode.Disabled, disabled)
    _add(result, name, QIcon.Mode.Selected, selected)
    return result


def _add(result: QIcon, name: str, mode: QIcon.Mode, colour: str) -> None:
    for mask in _masks(name):
        pixmap = QPixmap(mask)
        painter = QPainter(pixmap)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(pixmap.rect(), QColor(colour))
        painter.end()
        result.addPixmap(pixmap, mode)


@cache
def _masks(name: str) -> tuple[QPixmap, ...]:
    """The drawing in opaque black at every kept size; colours are poured into it."""
    drawing = QSvgRenderer(QByteArray(resource_path(f"icons/{name}.svg").read_bytes()))
    masks = []
    for size in _PIXEL_SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        drawing.render(painter, QRectF(0, 0, size, size))
        painter.end()
        masks.append(pixmap)
    return tuple(masks)

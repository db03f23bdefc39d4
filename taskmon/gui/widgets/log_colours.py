"""Colours of log text: a program's own colours on the theme's surface, always readable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from taskmon.core.log_style import RGB

if TYPE_CHECKING:
    from taskmon.core.log_style import TextStyle
    from taskmon.gui.theme import Theme

_READABLE: Final = 4.5
_PAPER_STRENGTH: Final = {True: 0.34, False: 0.24}
_STEPS: Final = 8
_REMEMBERED: Final = 2048


@dataclass(frozen=True, slots=True)
class Colours:
    """`paper` is None where the surface shows through."""

    ink: QColor
    paper: QColor | None


def style_colours(style: TextStyle, theme: Theme, surface: str) -> Colours:
    """The colours of a run of text on `surface`. Papers of the sixteen are tints, so that any ink stays readable."""
    known = _resolved.setdefault((theme.name, surface), {})
    key = (style.ink, style.paper, style.dim, style.inverse)
    colours = known.get(key)
    if colours is None:
        if len(known) >= _REMEMBERED:
            known.clear()
        colours = known[key] = _resolve(*key, theme, surface)
    return colours


_resolved: Final[dict[tuple[str, str], dict[tuple[int | None, int | None, bool, bool], Colours]]] = {}
"""Colours by name of the theme and surface, and by what of a style decides them."""


def _resolve(ink: int | None, paper: int | None, dim: bool, inverse: bool, theme: Theme, surface: str) -> Colours:
    ground = QColor(surface)
    text = QColor(theme.text)
    front = QColor(theme.muted) if ink is None and dim else _colour(ink, theme, text)
    if inverse:
        back = front
        front = ground if paper is None else _colour(paper, theme, ground)
        return Colours(readable(front, back, theme), back)
    if paper is None:
        return Colours(readable(front, ground, theme), None)
    back = _colour(paper, theme, ground)
    if paper < RGB:
        back = mixed(ground, back, _PAPER_STRENGTH[theme.dark])
    return Colours(readable(front, back, theme), back)


def _colour(code: int | None, theme: Theme, default: QColor) -> QColor:
    if code is None:
        return default
    return QColor(theme.ansi[code]) if code < RGB else QColor.fromRgb(code - RGB)


def mixed(first: QColor, second: QColor, part: float) -> QColor:
    """`part` (0 to 1) of the second colour in the first."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * part,
        first.greenF() + (second.greenF() - first.greenF()) * part,
        first.blueF() + (second.blueF() - first.blueF()) * part,
    )


def readable(ink: QColor, paper: QColor, theme: Theme) -> QColor:
    """`ink`, moved as little as needed towards the theme's text or its opposite until it can be read on `paper`.

    On a paper of middle brightness only black or white will do.
    """
    if contrast(ink, paper) >= _READABLE:
        return ink
    ends = (QColor(theme.text), QColor(theme.surface))
    end = max(ends, key=lambda colour: contrast(colour, paper))
    for step in range(1, _STEPS):
        candidate = mixed(ink, end, step / _STEPS)
        if contrast(candidate, paper) >= _READABLE:
            return candidate
    if contrast(end, paper) >= _READABLE:
        return end
    return max((QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)), key=lambda last: contrast(last, paper))


def contrast(first: QColor, second: QColor) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


_LINEAR: Final = [
    part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (step / 255 for step in range(256))
]


def _luminance(colour: QColor) -> float:
    pixel = colour.rgb()
    return 0.2126 * _LINEAR[pixel >> 16 & 255] + 0.7152 * _LINEAR[pixel >> 8 & 255] + 0.0722 * _LINEAR[pixel & 255]

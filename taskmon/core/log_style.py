"""The styles of log text: what an SGR command changes, and how a style runs on from line to line."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.log_source import LineSource, RawLine

RGB: Final = 1 << 24
"""Added to 0xrrggbb to tell a full colour from an index of the theme's sixteen."""


class TextStyle(NamedTuple):
    """Colours are None (the theme's), 0-15 (the theme's sixteen) or `RGB + 0xrrggbb`."""

    ink: int | None = None
    paper: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    struck: bool = False
    inverse: bool = False


PLAIN: Final = TextStyle()

_ESCAPE: Final = b"\x1b["
_STYLE_COMMAND: Final = re.compile(rb"\x1b\[([0-9;:]*)m")
_CARRY: Final = 256
_CARRY_BYTES: Final = 4096
"""How much of a line before those on the screen is read for the style that it leaves on."""


def style_after(raw: bytes, style: TextStyle = PLAIN) -> TextStyle:
    """The style that a line leaves on for the next one."""
    if _ESCAPE in raw:
        for command in _STYLE_COMMAND.finditer(raw):
            style = styled(style, command[1].decode("ascii"))
    return style


def styles_before(
    source: LineSource, first: int, lines: Sequence[RawLine], begun: TextStyle | None = None
) -> list[TextStyle]:
    """The style in which each of `lines` (numbered from `first`) begins; `begun` is the first one's where known.

    A style runs on for 256 lines at least and 512 at most, so that any place of a log is shown at once, and the same
    way whatever was shown before.
    """
    styles: list[TextStyle] = []
    style = begun if begun is not None else _carried_to(source, first)
    for number, line in enumerate(lines, first):
        if number % _CARRY == 0 and number > first and style != PLAIN:
            style = _carried_to(source, number)
        styles.append(style)
        if _ESCAPE in line.raw:
            style = style_after(line.raw, style)
    return styles


def _carried_to(source: LineSource, number: int) -> TextStyle:
    """The style that the lines before `number` leave on, read from the beginning of the block before its own."""
    begin, style = max(0, number // _CARRY - 1) * _CARRY, PLAIN
    for line in source.lines(begin, number - begin, _CARRY_BYTES) if number > begin else ():
        if _ESCAPE in line.raw:
            style = style_after(line.raw, style)
    return style


_SWITCHES: Final[dict[int, dict[str, bool]]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"inverse": True},
    9: {"struck": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
    29: {"struck": False},
}


@lru_cache(maxsize=4096)
def styled(style: TextStyle, parameters: str) -> TextStyle:
    """`style` after one SGR command, e.g. `1;31` or `38;2;255;120;0`; unknown numbers change nothing."""
    codes = [int(part) if part.isdigit() and len(part) < 6 else 0 for part in re.split("[;:]", parameters)]
    position = 0
    while position < len(codes):
        code = codes[position]
        position += 1
        if code == 0:
            style = PLAIN
        elif code in _SWITCHES:
            style = style._replace(**_SWITCHES[code])
        elif code in (38, 48):
            colour, used = _extended_colour(codes[position:])
            position += used
            if colour is not None:
                style = style._replace(ink=colour) if code == 38 else style._replace(paper=colour)
        else:
            style = _simple_colour(style, code)
    return style


def _simple_colour(style: TextStyle, code: int) -> TextStyle:
    if 30 <= code <= 37:
        return style._replace(ink=code - 30)
    if 90 <= code <= 97:
        return style._replace(ink=code - 82)
    if 40 <= code <= 47:
        return style._replace(paper=code - 40)
    if 100 <= code <= 107:
        return style._replace(paper=code - 92)
    if code == 39:
        return style._replace(ink=None)
    return style._replace(paper=None) if code == 49 else style


def _extended_colour(codes: Sequence[int]) -> tuple[int | None, int]:
    """The colour after 38 or 48, and how many numbers it took."""
    if len(codes) >= 2 and codes[0] == 5:
        return _palette_colour(codes[1]), 2
    if len(codes) >= 4 and codes[0] == 2:
        red, green, blue = (min(255, value) for value in codes[1:4])
        return RGB + (red << 16) + (green << 8) + blue, 4
    return None, len(codes)


def _palette_colour(index: int) -> int | None:
    """One of the 256: the theme's sixteen, a cube of 6 x 6 x 6, and 24 greys."""
    if index < 16:
        return index
    if index < 232:
        steps = (0, 95, 135, 175, 215, 255)
        red, green, blue = (index - 16) // 36, (index - 16) // 6 % 6, (index - 16) % 6
        return RGB + (steps[red] << 16) + (steps[green] << 8) + steps[blue]
    if index < 256:
        return RGB + 0x010101 * (8 + 10 * (index - 232))
    return None

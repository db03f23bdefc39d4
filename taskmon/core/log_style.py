"""The styles of log text: what an SGR command changes, and how a style runs on from line to line."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.log_source import RawLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.log_source import LineSource

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
_STYLE_COMMAND: Final = re.compile(r"\x1b\[([0-9;:]*)m")
_ONE_COLOUR: Final = re.compile(r"(3[0-79]|9[0-7]|38;5;\d+|38;2;\d+;\d+;\d+)|4[0-79]|10[0-7]|48;5;\d+|48;2;\d+;\d+;\d+")
"""A command that sets the ink (group 1) or the paper, and nothing else."""

_CARRY: Final = 256
_CARRY_BYTES: Final = 1024
_CARRY_STEP: Final = 64


def style_after(line: RawLine, style: TextStyle = PLAIN) -> TextStyle:
    """The style that a line leaves on for the next one. None runs on over a line of more than a kilobyte."""
    if line.length > _CARRY_BYTES:
        return PLAIN
    if _ESCAPE not in line.raw:
        return style
    return folded(_STYLE_COMMAND.findall(line.raw.decode("latin-1")), style)


def _settles(line: RawLine) -> bool:
    """Whether nothing that was on before a line is on after it."""
    return line.length > _CARRY_BYTES or b"\x1b[0m" in line.raw or b"\x1b[m" in line.raw


def folded(commands: Sequence[str], style: TextStyle) -> TextStyle:
    """`style` after many commands: each counts only where it comes last, and of those for one colour only the last."""
    kept = []
    ink = paper = False
    for parameters in dict.fromkeys(reversed(commands)):
        if parameters in ("", "0"):
            style = PLAIN
            break
        colour = _ONE_COLOUR.fullmatch(parameters)
        if colour is None:
            kept.append(parameters)
        elif colour[1]:
            if not ink:
                kept.append(parameters)
            ink = True
        else:
            if not paper:
                kept.append(parameters)
            paper = True
    for parameters in reversed(kept):
        style = styled(style, parameters)
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
        style = style_after(line, style)
    return styles


def _carried_to(source: LineSource, number: int) -> TextStyle:
    """The style that the lines before `number` leave on, from the beginning of the block before its own on."""
    begin, before = max(0, number // _CARRY - 1) * _CARRY, list[RawLine]()
    while number > begin and not (before and _settles(before[-1])):
        first = max(begin, number - _CARRY_STEP)
        for line in reversed(source.lines(first, number - first, _CARRY_BYTES)):
            before.append(line)
            if _settles(line):
                break
        number = first
    style = PLAIN
    for line in reversed(before):
        style = style_after(line, style)
    return style


_FULL_COLOUR: Final = re.compile(r"([34])8;2;(\d{1,5});(\d{1,5});(\d{1,5})")

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
    full = _FULL_COLOUR.fullmatch(parameters)
    if full is not None:
        red, green, blue = (min(255, int(value)) for value in full.groups()[1:])
        mixed = RGB + (red << 16) + (green << 8) + blue
        return TextStyle(mixed, *style[1:]) if full[1] == "3" else TextStyle(style[0], mixed, *style[2:])
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

"""From the bytes of a log line to what a person sees: text without surprises, and the styles on it.

A line is read as a terminal would show it when all of it has been written: colours applied, a progress bar that
returned to the beginning of the line overwritten by its last state, tabs as spaces. What a terminal would hide or what
could deceive (control characters, bidirectional overrides, bytes that are no UTF-8) is shown as a visible sign.

A style that a line leaves on runs on into the next lines, as in a terminal; `styles_before` finds it out for lines
anywhere in a log by reading a bounded number of lines before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.units import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.log_source import LineSource, RawLine

TAB_WIDTH: Final = 8
RGB: Final = 1 << 24
"""Added to 0xrrggbb to tell a full colour from an index of the theme's sixteen."""


@dataclass(frozen=True, slots=True)
class TextStyle:
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


class StyleSpan(NamedTuple):
    """[start, end) of a text in one style other than PLAIN."""

    start: int
    end: int
    style: TextStyle


@dataclass(frozen=True, slots=True)
class LineText:
    """One line as shown. `spans` are in order and do not overlap. `notice` says what is not shown of a cut line."""

    text: str
    spans: tuple[StyleSpan, ...] = ()
    notice: str = ""


_TOKEN: Final = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # titles and links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>[\x00-\x1f])"
)

_STYLE_COMMAND: Final = re.compile(rb"\x1b\[([0-9;:]*)m")
_CARRY: Final = 256
_CARRY_BYTES: Final = 4096
"""How much of a line before those on the screen is read for the style that it leaves on."""

_DECEIVING: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_SIGNS: Final = {
    **{code: chr(0x2400 + code) for code in range(32)},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    0x2028: "␤",
    0x2029: "␤",
    **{ord(mark): f"⟨U+{ord(mark):04X}⟩" for mark in _DECEIVING},
}


def line_text(raw: bytes, style: TextStyle = PLAIN) -> LineText:
    """The shown form of a line's bytes (without its newline), beginning in the style that the line before left on."""
    text = raw.decode("utf-8", "replace")
    if not text.isprintable() and _TOKEN.search(text):
        return _Pen(style).write(text)
    shown = text.translate(_SIGNS)
    return LineText(shown, () if style == PLAIN or not shown else (StyleSpan(0, len(shown), style),))


def style_after(raw: bytes, style: TextStyle = PLAIN) -> TextStyle:
    """The style that a line leaves on for the next one."""
    if b"\x1b[" in raw:
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
        style = style_after(line.raw, style)
    return styles


def _carried_to(source: LineSource, number: int) -> TextStyle:
    """The style that the lines before `number` leave on, read from the beginning of the block before its own."""
    begin, style = max(0, number // _CARRY - 1) * _CARRY, PLAIN
    for line in source.lines(begin, number - begin, _CARRY_BYTES) if number > begin else ():
        style = style_after(line.raw, style)
    return style


def raw_text(raw: bytes) -> LineText:
    """Every byte of a line as it was written: escapes, returns and control characters as signs, nothing applied."""
    return LineText(raw.decode("utf-8", "replace").translate(_SIGNS))


def shown_line(line: RawLine, style: TextStyle = PLAIN) -> LineText:
    """As `line_text`, with a notice where the line was cut because of its length."""
    shown = line_text(line.raw, style)
    if line.missing <= 0 or b"\r" in line.raw:
        return shown
    text = shown.text.rstrip("\ufffd") if shown.text.endswith("\ufffd") else shown.text
    return replace(shown, text=text, notice=f"… {size_text(line.missing)} more in this line")


def plain_text(raw: bytes) -> str:
    """The shown text alone, for copying and for patterns."""
    return line_text(raw).text


class _Pen:
    """Writes one line as a terminal does: a cursor, the text so far and a style for every character of it."""

    def __init__(self, style: TextStyle = PLAIN) -> None:
        self._text = ""
        self._styles: list[TextStyle] = []
        self._column = 0
        self._style = style

    def write(self, text: str) -> LineText:
        position = 0
        for token in _TOKEN.finditer(text):
            if token.start() > position:
                self._put(text[position : token.start()])
            position = token.end()
            if token["control"] is not None:
                self._control(token["control"])
            elif token["final"] is not None:
                self._command(token["parameters"], token["final"])
        if position < len(text):
            self._put(text[position:])
        return LineText(self._text, _spans(self._styles))

    def _put(self, text: str) -> None:
        shown = text.translate(_SIGNS)
        start, end = self._column, self._column + len(shown)
        self._reach(start)
        self._text = self._text[:start] + shown + self._text[end:]
        self._styles[start:end] = [self._style] * len(shown)
        self._column = end

    def _reach(self, column: int) -> None:
        """Fills with spaces up to a column that the cursor jumped to."""
        missing = column - len(self._text)
        if missing > 0:
            self._text += " " * missing
            self._styles += [PLAIN] * missing

    def _control(self, control: str) -> None:
        if control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        elif control == "\t":
            self._put(" " * (TAB_WIDTH - self._column % TAB_WIDTH))
        elif control != "\a":  # a bell says nothing
            self._put(control)

    def _command(self, parameters: str, final: str) -> None:
        if final == "m":
            self._style = styled(self._style, parameters)
        elif final == "K":
            self._erase(_number(parameters, 0))
        elif final in "CDG":
            amount = max(1, min(_number(parameters, 1), 10_000))
            columns = {"C": self._column + amount, "D": max(0, self._column - amount), "G": amount - 1}
            self._column = columns[final]

    def _erase(self, part: int) -> None:
        if part == 0:
            self._text = self._text[: self._column]
            del self._styles[self._column :]
        elif part == 2:
            self._text, self._styles = "", []
        elif part == 1:
            length = min(self._column + 1, len(self._text))
            self._text = " " * length + self._text[length:]
            self._styles[:length] = [PLAIN] * length


def _number(parameters: str, default: int) -> int:
    return int(parameters) if parameters.isascii() and parameters.isdigit() and len(parameters) < 6 else default


def _spans(styles: Sequence[TextStyle]) -> tuple[StyleSpan, ...]:
    spans: list[StyleSpan] = []
    start = 0
    for position in range(1, len(styles) + 1):
        if position == len(styles) or styles[position] is not styles[start]:
            if styles[start] != PLAIN:
                spans.append(StyleSpan(start, position, styles[start]))
            start = position
    return tuple(spans)


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
            style = replace(style, **_SWITCHES[code])
        elif code in (38, 48):
            colour, used = _extended_colour(codes[position:])
            position += used
            if colour is not None:
                style = replace(style, ink=colour) if code == 38 else replace(style, paper=colour)
        else:
            style = _simple_colour(style, code)
    return style


def _simple_colour(style: TextStyle, code: int) -> TextStyle:
    if 30 <= code <= 37:
        return replace(style, ink=code - 30)
    if 90 <= code <= 97:
        return replace(style, ink=code - 82)
    if 40 <= code <= 47:
        return replace(style, paper=code - 40)
    if 100 <= code <= 107:
        return replace(style, paper=code - 92)
    if code == 39:
        return replace(style, ink=None)
    return replace(style, paper=None) if code == 49 else style


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

"""From the bytes of a log line to what a person sees: text without surprises, and the styles on it.

A line is read as a terminal would show it when all of it has been written: colours applied, a progress bar that
returned to the beginning of the line overwritten by its last state, tabs as spaces. What a terminal would hide or what
could deceive (control characters, bidirectional overrides, bytes that are no UTF-8) is shown as a visible sign.

A style that a line leaves on runs on into the next lines, as in a terminal (`log_style.styles_before`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.log_spans import StyleSpan, spans_of, spans_of_runs
from taskmon.core.log_style import PLAIN, TextStyle, styled
from taskmon.core.units import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.log_source import RawLine

TAB_WIDTH: Final = 8
_SKETCHED: Final = 1024
_MOVES_SHOWN: Final = 1500
"""Commands of one line that moves the cursor to and fro; more would be felt when a screen of them is shown."""


class LineText(NamedTuple):
    """One line as shown. `spans` are in order and do not overlap. `notice` says what is not shown of a cut line."""

    text: str
    spans: Sequence[StyleSpan] = ()
    notice: str = ""


_TOKEN: Final = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:]*)(?P<final>[CDGKm])"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # all other commands
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # titles and links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>[\x00-\x1f])"
)

_MOVING: Final = re.compile(r"\x1b(?!\[[0-9;:]*m)|[\x00-\x06\x08\n\x0b\x0c\x0e-\x1a\x1c-\x1f]")
"""What moves the cursor other than forth or back to the beginning, or must be shown: the pen's work."""

_CUT_COMMAND: Final = re.compile(rb"\x1b(?:\[[0-9;:]*)?")
"""The beginning of a command at the end of a line that is not shown in full."""

_SGR: Final = re.compile(r"\x1b\[([0-9;:]*)m")

_DECEIVING: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_SIGNS: Final = {
    **{code: chr(0x2400 + code) for code in range(32)},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    0x2028: "␤",
    0x2029: "␤",
    **{ord(mark): f"⟨U+{ord(mark):04X}⟩" for mark in _DECEIVING},
}


def line_text(raw: bytes, style: TextStyle = PLAIN, most: int | None = None) -> LineText:
    """The shown form of a line's bytes (without its newline), beginning in the style that the line before left on.

    Of a line that moves the cursor to and fro at most `most` commands are done, and a notice says what is left.
    """
    text = raw.decode("utf-8", "replace")
    if not text.isprintable():
        if "\x1b" in text:
            parts = _SGR.split(text)
            shown = "".join(parts[::2])
            if shown.isprintable():  # nothing but colours
                return LineText(shown, spans_of(parts[::2], parts[1::2], style))
        if _TOKEN.search(text):
            return _Pen(style).write(text, most) if _MOVING.search(text) else _straight(text, style)
        text = text.translate(_SIGNS)
    if style is PLAIN or style == PLAIN or not text:
        return LineText(text)
    return LineText(text, (StyleSpan(0, len(text), style),))


def _straight(text: str, style: TextStyle) -> LineText:
    """A line in which the cursor only goes on or returns to the beginning: the same as the pen writes, but quicker."""
    shown = ""
    spans: list[StyleSpan] = []
    for state in text.split("\r"):
        start = len(spans)
        length, pieces, style = _state(state, style, spans)
        if start and length < len(shown):
            kept = [_from(span, length) for span in spans[:start] if span.end > length]
            spans = [*spans[start:], *kept]
        else:
            del spans[:start]
        shown = "".join(pieces) + shown[length:]
    return LineText(shown, tuple(spans))


def _from(span: StyleSpan, start: int) -> StyleSpan:
    return span if span.start >= start else StyleSpan(start, span.end, span.style)


def _state(text: str, style: TextStyle, spans: list[StyleSpan]) -> tuple[int, list[str], TextStyle]:
    """One state of a line: its length, its pieces, and the style it leaves on; adds its spans."""
    pieces: list[str] = []
    column = 0
    parts = _SGR.split(text)
    for place in range(0, len(parts), 2):
        piece = parts[place]
        if piece:
            if not piece.isprintable():
                piece = _expanded(piece, column)
            end = column + len(piece)
            if style is not PLAIN and style != PLAIN and end > column:
                spans.append(StyleSpan(column, end, style))
            pieces.append(piece)
            column = end
        if place + 1 < len(parts):
            style = styled(style, parts[place + 1])
    return column, pieces, style


def _expanded(text: str, column: int) -> str:
    """Tabs as spaces, bells left out, signs for what cannot be seen; the text begins at `column`."""
    shown = ""
    for number, part in enumerate(text.replace("\a", "").split("\t")):
        if number:
            shown += " " * (TAB_WIDTH - (column + len(shown)) % TAB_WIDTH)
        shown += part.translate(_SIGNS)
    return shown


def raw_text(raw: bytes) -> LineText:
    """Every byte of a line as it was written: escapes, returns and control characters as signs, nothing applied."""
    return LineText(raw.decode("utf-8", "replace").translate(_SIGNS))


def sketch_text(raw: bytes) -> LineText:
    """The beginning of a line without its commands, at no price: for a frame that has no time for them."""
    beginning = raw[:_SKETCHED].rpartition(b"\x1b")[0].decode("utf-8", "replace")
    return LineText(_TOKEN.sub("", beginning).translate(_SIGNS))


def shown_line(line: RawLine, style: TextStyle = PLAIN) -> LineText:
    """As `line_text`, with a notice where the line was cut because of its length."""
    if len(line.raw) >= line.length:
        return line_text(line.raw, style, _MOVES_SHOWN)
    shown = line_text(_without_cut_command(line), style, _MOVES_SHOWN)
    if b"\r" in line.raw:
        return shown
    text = shown.text.rstrip("\ufffd") if shown.text.endswith("\ufffd") else shown.text
    return shown._replace(text=text, notice=_more(line.missing))


def _without_cut_command(line: RawLine) -> bytes:
    last = line.raw.rfind(b"\x1b")
    return line.raw[:last] if last >= 0 and _CUT_COMMAND.fullmatch(line.raw, last) else line.raw


def _more(hidden: int) -> str:
    return f"… {size_text(hidden)} more in this line"


def plain_text(raw: bytes) -> str:
    """The shown text alone, for copying and for patterns."""
    return line_text(raw).text


class _Pen:
    """Writes one line as a terminal does: a cursor, the text so far and a style for every character of it."""

    def __init__(self, style: TextStyle = PLAIN) -> None:
        self._text: list[str] = []  # one character each, so that a long line costs no more than its length
        self._styles: list[TextStyle] = []
        self._column = 0
        self._style = style

    def write(self, text: str, most: int | None = None) -> LineText:
        position, notice = 0, ""
        for count, token in enumerate(_TOKEN.finditer(text)):
            if count == most:
                notice = _more(len(text) - position)
                break
            if token.start() > position:
                self._put(text[position : token.start()])
            position = token.end()
            if token["control"] is not None:
                self._control(token["control"])
            elif token["final"] is not None:
                self._command(token["parameters"], token["final"])
        if position < len(text) and not notice:
            self._put(text[position:])
        return LineText("".join(self._text), _spans(self._styles), notice)

    def _put(self, text: str) -> None:
        shown = text.translate(_SIGNS)
        start, end = self._column, self._column + len(shown)
        self._reach(start)
        self._text[start:end] = shown
        self._styles[start:end] = [self._style] * len(shown)
        self._column = end

    def _reach(self, column: int) -> None:
        """Fills with spaces up to a column that the cursor jumped to."""
        missing = column - len(self._text)
        if missing > 0:
            self._text += [" "] * missing
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
        else:
            amount = max(1, min(_number(parameters, 1), 10_000))
            columns = {"C": self._column + amount, "D": max(0, self._column - amount), "G": amount - 1}
            self._column = columns[final]

    def _erase(self, part: int) -> None:
        if part == 0:
            del self._text[self._column :]
            del self._styles[self._column :]
        elif part == 2:
            self._text, self._styles = [], []
        elif part == 1:
            length = min(self._column + 1, len(self._text))
            self._text[:length] = [" "] * length
            self._styles[:length] = [PLAIN] * length


def _number(parameters: str, default: int) -> int:
    return int(parameters) if parameters.isascii() and parameters.isdigit() and len(parameters) < 6 else default


def _spans(styles: Sequence[TextStyle]) -> Sequence[StyleSpan]:
    ends = [place for place, (before, style) in enumerate(pairwise(styles), 1) if before is not style]
    if styles:
        ends.append(len(styles))
    return spans_of_runs(ends, [styles[end - 1] for end in ends])

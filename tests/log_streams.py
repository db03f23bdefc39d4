"""Byte streams that are hard to show, whole and cut at any place: for property tests of everything that reads logs."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from hypothesis import strategies as st

from taskmon.core.log_source import LineList, RawLine
from taskmon.core.log_style import PLAIN, TextStyle, styles_before
from taskmon.core.log_text import LineText, shown_line

HARD: Final = [
    *(b"a", b"step 12 of 100", b" ", b"\n", b"\n", b"\r", b"\r\n", b"\t", b"\b", b"\a", b"\0", b"\x0b", b"\x7f"),
    *(b"\x1b[31m", b"\x1b[0m", b"\x1b[m", b"\x1b[1;4m", b"\x1b[38;2;1;200;3m", b"\x1b[48;5;20m", b"\x1b[7m"),
    *(
        b"\x1b[K",
        b"\x1b[2K",
        b"\x1b[2C",
        b"\x1b[3D",
        b"\x1b[5G",
        b"\x1b[?25l",
        b"\x1b[31 m",
        b"\x1b[2 K",
        b"\x1b[?31m",
        b"\x1b[>4;2m",
        b"\x1b[?2K",
        b"\x1b[4:3m",
        b"\x1b[2J",
        b"\x1b(B",
    ),
    *(b"\x1b", b"\x1b[", b"\x1b[3", b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\", b"\x1b]0;open", b"\x1bPq\x1b\\"),
    *(b"\xff", b"\xc3", b"\xe2\x80", b"\xf0\x9f\x98", b"\x85", b"\xed\xa0\x80"),
    *map(str.encode, ("ü", "日本", "e\u0301", "👩\u200d🔬", "\u202eback", "שלום", "\u2028", "\ufeff", "x" * 1100)),
]
"""Pieces of every kind that a solver, a terminal program or a cut file writes."""

STREAMS: Final = st.lists(st.sampled_from(HARD), max_size=60).map(b"".join)


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    """A stream in pieces, cut at any byte: inside a character, a command, a Windows line end."""
    stream = draw(STREAMS)
    cuts = draw(st.lists(st.integers(0, len(stream)), max_size=12))
    return [stream[start:end] for start, end in pairwise([0, *sorted(cuts), len(stream)])]


def lines_of(stream: bytes, limit: int | None = None) -> list[RawLine]:
    """The lines of a stream by the simplest rule there is, none longer than `limit` bytes."""
    lines = stream.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [_cut(line, limit) for line in lines]


def _cut(line: bytes, limit: int | None) -> RawLine:
    if limit is None or len(line) <= limit:
        line = line.removesuffix(b"\r")
        return RawLine(line, len(line))
    if b"\r" not in line[:limit]:
        return RawLine(line[:limit], len(line))
    last = line[-limit:]
    return RawLine(last[last.find(b"\r") + 1 :], len(line))


def shown_lines(stream: bytes) -> list[tuple[LineText, TextStyle]]:
    """Each line of a stream as it is shown, and the style in which it begins."""
    lines = lines_of(stream)
    styles = styles_before(LineList([line.raw for line in lines]), 0, lines, PLAIN)
    return [(shown_line(line, style), style) for line, style in zip(lines, styles, strict=True)]

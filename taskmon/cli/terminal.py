"""Lines to a person or a program, in what the terminal can write. Small: the window loads it before its first paint."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from taskmon.core.plain_text import one_line

if TYPE_CHECKING:
    from typing import TextIO


def say(text: str) -> None:
    """A message for a person: on standard error, so that standard output stays data."""
    print(visible(text), file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """`text` with its line breaks, without what moves the cursor or paints the terminal: names come from others."""
    return "\n".join(one_line(line) for line in text.split("\n"))


def write_as_well_as_possible(out: TextIO) -> None:
    """Lets `out` take every text: undecodable file names as they are, what its encoding has no sign for as a code."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="surrogateescape" if takes_all(out) else "backslashreplace")


def takes_all(out: TextIO) -> bool:
    """Whether `out` has a sign for every character."""
    return (out.encoding or "").lower().replace("-", "") == "utf8"


def show(text: str) -> None:
    """A line of result."""
    print(text, flush=True)

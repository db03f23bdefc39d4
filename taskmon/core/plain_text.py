"""Foreign text made harmless: a name may hold line breaks, escape codes or direction marks, a label must not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

_ALIKE: Final = 6
"""Letters at the beginning of a long title that are left out where another one begins with them too."""

_CONTROL_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
_LONGEST_NAME: Final = 60
_REPLACEMENT: Final = "\ufffd"
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """`text` with every character that is invisible or moves the rest replaced by a visible sign of its place.

    Control characters become their pictures (`␛`, `␊`); direction marks, zero-width characters, line separators and
    the halves of undecodable bytes become `\N{REPLACEMENT CHARACTER}`. The number of characters stays the same.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def some_lines(text: str) -> str:
    """`text` line by line, each as by `one_line`; tabs are spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "\n".join(one_line(line) for line in text.expandtabs(4).splitlines())


def short_name(name: str) -> str:
    """A foreign name within a sentence: on one line, and cut where it is as long as a sentence itself."""
    shown = one_line(name)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - 1]}…"


def telling_part(title: str, others: Iterable[str]) -> str:
    """What is left of a title that is too long, so that it can be told from `others` that begin alike: from the word
    on in which it differs from all of them, after an ellipsis. Of a title that shares little, all."""
    shared = max((_alike(title, other) for other in others if other != title), default=0)
    start = title.rfind(" ", 0, shared + 1) + 1
    return f"…{title[start:]}" if start >= _ALIKE else title


def portable(name: str) -> str:
    """A file name as text that can be told: bytes that are none become `\N{REPLACEMENT CHARACTER}`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return "\u2421"
    return _REPLACEMENT if unicodedata.category(character) in _UNSAFE_CATEGORIES else character


def _alike(one: str, other: str) -> int:
    """With how many equal letters both begin."""
    differ = (place for place, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs)
    return next(differ, min(len(one), len(other)))

"""Finds a word or a regular expression in many lines at once, or in a single one. Needs numpy, like the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np

from taskmon.gui.models.shared_facts import encoded
from taskmon.gui.models.slot_arrays import Flags, Slots, no_slots

LINE_END = b"\xff"
"""Between one text and the next: no byte of any text in UTF-8."""


class TextFinder(Protocol):
    """What is looked for."""

    def within(self, line: bytes) -> bool:
        """Whether it is in one text."""

    def places(self, lines: bytes) -> Slots:
        """Growing offsets of places where it is, at least one in every text that has it; each text ends with
        `LINE_END`."""


class WordFinder:
    """A word, letter by letter."""

    def __init__(self, word: str) -> None:
        self._word = encoded(word)

    def within(self, line: bytes) -> bool:
        return self._word in line

    def places(self, lines: bytes) -> Slots:
        word = self._word
        count = len(lines) - len(word) + 1
        if count <= 0 or not all(letter in lines for letter in word):
            return no_slots()
        letters = np.frombuffer(lines, dtype=np.uint8)
        found: Flags = letters[:count] == word[0]
        for offset in range(1, len(word)):
            found &= letters[offset : count + offset] == word[offset]
        return np.flatnonzero(found)


class PatternFinder:
    """A regular expression that never looks beyond a line: `search` finds it in one line, `each` finds it in many,
    hardly more than once per line."""

    def __init__(self, search: Callable[[bytes], object], each: Callable[[bytes], Iterable[Any]]) -> None:
        self._search = search
        self._each = each

    def within(self, line: bytes) -> bool:
        return self._search(line) is not None

    def places(self, lines: bytes) -> Slots:
        text = lines.replace(LINE_END, b"\n")[:-1]  # with its last line end it would have an empty line more
        return np.fromiter((match.start() for match in self._each(text)), dtype=np.intp)

"""The order of many texts at once: by their first letters as numbers, letter by letter only where those are equal."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, NamedTuple

import numpy as np

from taskmon.gui.models.slot_arrays import Array, Flags, Slots, in_order
from taskmon.gui.models.text_lines import WORD, TextLines

_SEARCHED: Final = 64
"""Bytes in which the first difference between the texts is looked for."""
_RUN: Final = 5000


class TextOrder(NamedTuple):
    """Slots in the order of their texts without case, and at which of them a text begins that the one before it has
    not."""

    slots: Slots
    fresh: Flags


def text_order(lines: TextLines, slots: Slots) -> Generator[None, None, TextOrder]:
    """The order of those of `slots`, which grow, that have a text, in steps of a few milliseconds."""
    slots = slots[lines.filled(slots)]
    if not len(slots):
        return TextOrder(slots, np.empty(0, dtype=np.bool_))
    first, word = yield from _first_words(lines, slots)
    words = [word]

    def next_word(of: Slots) -> Array:
        if len(words) == 1:
            words.append(lines.words(first + WORD))
        return words[1][of]

    ordered = in_order(slots, [word.__getitem__, next_word] if lines.longest() > first + WORD else [word.__getitem__])
    yield
    same: Flags = np.append(False, np.diff(word[ordered]) == 0)
    for later in words[1:]:
        same[1:] &= np.diff(later[ordered]) == 0
    undecided = np.flatnonzero(same | np.append(same[1:], False))
    fresh = ~same
    if len(undecided):
        yield from _letter_by_letter(lines, ordered, fresh, undecided)
    return TextOrder(ordered, fresh)


def _first_words(lines: TextLines, slots: Slots) -> Generator[None, None, tuple[int, Array]]:
    """From which byte on the texts differ, and the words from there on."""
    first = 0
    while True:
        word = lines.words(first)
        yield
        mine = word[slots]
        different = int(mine.min()) ^ int(mine.max())
        same = WORD - (different.bit_length() + 7) // 8
        if not same or first >= _SEARCHED:
            return first, word
        first += same


def _letter_by_letter(lines: TextLines, ordered: Slots, fresh: Flags, places: Slots) -> Generator[None, None, None]:
    """Settles the order at `places`, of which each stretch has equal first words."""
    pairs: list[tuple[str, int]] = []
    slots = ordered[places].tolist()
    for start in range(0, len(slots), _RUN):
        pairs += [(lines.sort_text(slot), slot) for slot in slots[start : start + _RUN]]
        yield
    pairs.sort()
    ordered[places] = [slot for _, slot in pairs]
    texts = [text for text, _ in pairs]
    fresh[places] = [True, *(one != other for one, other in zip(texts[1:], texts[:-1], strict=True))]

"""Numbers that sort as their texts do, so that numpy can order rows by text and a new text needs no new sort."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import groupby
from math import nan
from typing import Final

import numpy as np

from taskmon.gui.models.slot_arrays import Floats

RANK_STEP: Final = 1024.0
"""From one rank to the next where there is room."""

_TIGHT: Final = 1e-6  # the gap between two ranks below which doubles of this size get coarse


class TextRanks:
    """Gives each text a rank; ranks compare as the texts do without case. Texts are only ever added.

    A text that comes between two others gets a rank between theirs. Where no room is left all ranks are spread
    again; `spread` then says how old ranks translate.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._ranks = array("d")

    def __len__(self) -> int:
        return len(self._texts)

    def learn(self, texts: list[str]) -> tuple[Floats, Floats] | None:
        """Ranks every text not seen before (all already casefolded).

        Returns None, or the (old, new) ranks of all known texts when they had to be spread again.
        """
        places = [(bisect_left(self._texts, text), text) for text in sorted(set(texts)) if text]
        places = [(place, text) for place, text in places if self._texts[place : place + 1] != [text]]
        if not places:
            return None
        if not self._texts:
            self._begin_with([text for _, text in places])
            return None
        merged_texts: list[str] = []
        merged_ranks = array("d")
        done, crowded = 0, False
        for place, group in groupby(places, key=lambda pair: pair[0]):
            members = [text for _, text in group]
            ranks, tight = self._between(place, len(members))
            crowded |= tight
            merged_texts += self._texts[done:place] + members
            merged_ranks += self._ranks[done:place]
            merged_ranks.extend(ranks)
            done = place
        self._texts = merged_texts + self._texts[done:]
        self._ranks = merged_ranks + self._ranks[done:]
        return self._spread() if crowded else None

    def of(self, texts: list[str]) -> list[float]:
        """The ranks of learned texts; not a number for an empty one."""
        known, ranks = self._texts, self._ranks
        rank_of = {text: ranks[bisect_left(known, text)] if text else nan for text in set(texts)}
        return [rank_of[text] for text in texts]

    def _begin_with(self, texts: list[str]) -> None:
        self._texts = texts
        self._ranks = array("d", (RANK_STEP * np.arange(len(texts))).tobytes())

    def _between(self, place: int, count: int) -> tuple[list[float], bool]:
        low, high = (self._ranks[at] if 0 <= at < len(self._ranks) else None for at in (place - 1, place))
        return ranks_between(low, high, count)

    def _spread(self) -> tuple[Floats, Floats]:
        old = np.array(self._ranks)
        self._begin_with(self._texts)
        return old, np.array(self._ranks)


def ranks_between(low: float | None, high: float | None, count: int) -> tuple[list[float], bool]:
    """`count` growing ranks between two others, None where there is no other, and whether they are too close."""
    if low is not None and high is not None:
        gap = (high - low) / (count + 1)
        return [low + gap * (number + 1) for number in range(count)], gap < _TIGHT
    first = low + RANK_STEP if low is not None else (high or 0.0) - RANK_STEP * count
    return [first + RANK_STEP * number for number in range(count)], False

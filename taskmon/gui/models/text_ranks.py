"""Numbers that sort as their texts do, so that numpy can order rows by text and a new text needs no new sort."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator
from itertools import compress, groupby
from math import nan
from operator import ne
from typing import Final

import numpy as np
import numpy.typing as npt

from taskmon.gui.models.text_order import text_order

Floats = npt.NDArray[np.float64]

_STEP: Final = 1024.0
_SAMPLE: Final = 2000
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

    def begin(self, texts: list[str]) -> Generator[None, None, Floats]:
        """`learn` and `of` for the first texts of all, however many, in steps of a few milliseconds."""
        sample = texts[:_SAMPLE]
        if 2 * len(set(sample)) > len(sample):
            return (yield from self._begin(texts))
        different = list(set(texts))
        yield
        ranks = yield from self._begin(different)
        rank_of = dict(zip(different, ranks.tolist(), strict=True))
        return np.array([rank_of[text] for text in texts])

    def _begin(self, texts: list[str]) -> Generator[None, None, Floats]:
        order = yield from text_order(texts)
        ordered = list(map(texts.__getitem__, order.tolist()))
        yield
        blanks = bisect_right(ordered, "")
        first = [True, *map(ne, ordered[1:], ordered)]
        numbers = np.cumsum(first, dtype=np.float64)
        numbers -= numbers[min(blanks, len(numbers) - 1)]
        numbers[:blanks] = nan
        ranks = np.empty(len(texts))
        ranks[order] = numbers * _STEP
        yield
        self._begin_with(list(compress(ordered[blanks:], first[blanks:])))
        return ranks

    def of(self, texts: list[str]) -> list[float]:
        """The ranks of learned texts; not a number for an empty one."""
        known, ranks = self._texts, self._ranks
        rank_of = {text: ranks[bisect_left(known, text)] if text else nan for text in set(texts)}
        return [rank_of[text] for text in texts]

    def _begin_with(self, texts: list[str]) -> None:
        self._texts = texts
        self._ranks = array("d", (_STEP * np.arange(len(texts))).tobytes())

    def _between(self, place: int, count: int) -> tuple[list[float], bool]:
        """`count` growing ranks for texts that come before the `place`th, and whether they are too close."""
        if place == len(self._ranks):
            return [self._ranks[-1] + _STEP * (number + 1) for number in range(count)], False
        if place == 0:
            return [self._ranks[0] - _STEP * (count - number) for number in range(count)], False
        low, high = self._ranks[place - 1], self._ranks[place]
        gap = (high - low) / (count + 1)
        return [low + gap * (number + 1) for number in range(count)], gap < _TIGHT

    def _spread(self) -> tuple[Floats, Floats]:
        old = np.array(self._ranks)
        self._begin_with(self._texts)
        return old, np.array(self._ranks)

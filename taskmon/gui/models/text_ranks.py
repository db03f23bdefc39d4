"""Numbers that sort as their texts do, so that numpy can order rows by text and a new text needs no new sort."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby
from math import nan
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEP: Final = 1024.0
_RUN: Final = 5000
_TIGHT: Final = 1e-6  # the gap between two ranks below which doubles of this size get coarse


class TextRanks:
    """Gives each text a rank; ranks compare as the texts do without case. Texts are only ever added.

    A text that comes between two others gets a rank between theirs. Where no room is left all ranks are spread
    again; `spread` then says how old ranks translate.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._ranks: list[float] = []
        self._rank_of: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def learn(self, texts: list[str]) -> tuple[Floats, Floats] | None:
        """Ranks every text not seen before (all already casefolded).

        Returns None, or the (old, new) ranks of all known texts when they had to be spread again.
        """
        fresh = sorted(set(texts).difference(self._rank_of, ("",)))
        if not fresh:
            return None
        if not self._texts:
            self._begin_with(fresh)
            return None
        places = [(bisect_left(self._texts, text), text) for text in fresh]
        merged_texts: list[str] = []
        merged_ranks: list[float] = []
        done, crowded = 0, False
        for place, group in groupby(places, key=lambda pair: pair[0]):
            members = [text for _, text in group]
            ranks, tight = self._between(place, len(members))
            crowded |= tight
            merged_texts += self._texts[done:place] + members
            merged_ranks += self._ranks[done:place] + ranks
            self._rank_of.update(zip(members, ranks, strict=True))
            done = place
        self._texts = merged_texts + self._texts[done:]
        self._ranks = merged_ranks + self._ranks[done:]
        return self._spread() if crowded else None

    def begin(self, texts: list[str]) -> Iterator[None]:
        """`learn` for the first texts of all, however many, in steps of a few milliseconds."""
        runs = texts
        for length in (_RUN, 5 * _RUN, len(texts)):  # from the second time on it merges what is sorted already
            longer: list[str] = []
            for first in range(0, len(runs), length):
                longer += sorted(set(runs[first : first + length]) if length == _RUN else runs[first : first + length])
                yield
            runs = longer
        ordered = [text for text, before in zip(runs, ["", *runs], strict=False) if text != before]
        yield
        self._begin_with(ordered)
        yield

    def of(self, texts: list[str]) -> list[float]:
        """The ranks of learned texts; not a number for an empty one."""
        rank_of = self._rank_of
        return [rank_of[text] if text else nan for text in texts]

    def _begin_with(self, texts: list[str]) -> None:
        self._texts = texts
        self._ranks = [_STEP * number for number in range(len(texts))]
        self._rank_of = dict(zip(texts, self._ranks, strict=True))

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

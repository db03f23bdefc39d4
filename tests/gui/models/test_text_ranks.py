"""Ranks of texts compare as the texts do, however the texts begin and in whatever order they become known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isinf, isnan

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.gui.models.slot_arrays import Slots
from taskmon.gui.models.sort_columns import LineColumn
from taskmon.gui.models.text_lines import TextLines
from taskmon.gui.models.text_ranks import TextRanks
from tests.builders import NOON

LETTERS = st.sampled_from("abSs\x00\n~éßΣİ\ud800\udfff\ue000😀")
SHORT = st.text(LETTERS, max_size=4)
BEGINNINGS = st.sampled_from(("", "a", "simulation-", "x" * 15, "x" * 16, "é" * 32, "y" * 63, "y" * 64, "y" * 70))
ONE = st.builds(str.__add__, BEGINNINGS, SHORT) | SHORT
TEXTS = st.lists(ONE, max_size=40)


def agree(texts: Sequence[str], ranks: Iterable[float]) -> None:
    """Fails unless `ranks` order `texts`, and only empty ones have none."""
    ranks = list(ranks)
    assert [isnan(rank) or isinf(rank) for rank in ranks] == [not text for text in texts]
    pairs = sorted((text, rank) for text, rank in zip(texts, ranks, strict=True) if text)
    for (text, rank), (later, higher) in pairwise(pairs):
        assert (text < later) == (rank < higher) and (text == later) == (rank == higher)


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(bool), st.lists(TEXTS, max_size=4))
def test_texts_that_become_known_later_get_ranks_between(first: list[str], later: list[list[str]]) -> None:
    ranks, known = TextRanks(), []
    for texts in (first, *later):
        ranks.learn(texts)
        known += texts
        agree(known, ranks.of(known))


class Named:
    """A column of texts by slot."""

    def __init__(self) -> None:
        self.lines = TextLines()
        self.column = LineColumn(self.lines)
        self.texts: dict[int, str] = {}

    def put(self, texts: dict[int, str]) -> Slots:
        """Gives slots another text; says which of them it was new for."""
        new = [slot for slot, text in texts.items() if self.lines.put(slot, text)]
        self.texts |= texts
        return np.array(sorted(new), dtype=np.intp)

    def check(self) -> None:
        self.column.reach(max(self.texts, default=-1) + 1)
        agree([text.casefold() for text in self.texts.values()], self.column.values[list(self.texts)].tolist())


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.integers(0, 60), ONE, max_size=40),
    st.lists(st.dictionaries(st.integers(0, 70), ONE, min_size=1, max_size=4), max_size=8),
)
def test_a_column_of_names_keeps_up_with_names_that_change(first: dict[int, str], later: list[dict[int, str]]) -> None:
    names = Named()
    new = names.put(first)
    names.column.note(new, new)
    for _ in names.column.catch_up(NOON):
        pass
    names.check()
    for texts in later:
        slots = np.array(sorted(texts), dtype=np.intp)
        names.column.update(slots, names.put(texts), NOON)
        names.check()


def test_names_that_change_when_ranking_them_was_given_up_are_ranked_as_they_are_now() -> None:
    for stop in range(8):
        names = Named()
        new = names.put({slot: f"{'y' * 70}{slot * 7919 % 12_000 // 2:05d}" for slot in range(12_000)})
        names.column.note(new, new)
        given_up = names.column.catch_up(NOON)
        for _ in zip(range(stop), given_up, strict=False):
            pass
        del given_up
        new = names.put({slot: f"z{slot}" for slot in range(0, 12_000, 1000)})
        names.column.note(new, new)
        for _ in names.column.catch_up(NOON):
            pass
        names.check()


def test_ranks_are_spread_again_where_there_is_no_room() -> None:
    names = Named()
    new = names.put({slot: f"{slot:03d}" for slot in range(100)})
    names.column.note(new, new)
    for _ in names.column.catch_up(NOON):
        pass
    for slot in range(100, 200):  # each right before the one that came last
        names.column.update(np.array([slot]), names.put({slot: f"050-{300 - slot}"}), NOON)
    names.check()

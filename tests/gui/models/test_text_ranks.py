"""Ranks of texts compare as the texts do, however the texts begin and in whatever order they become known."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from math import isnan
from typing import TypeVar, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.gui.models.text_order import text_order
from taskmon.gui.models.text_ranks import TextRanks

LETTERS = st.sampled_from("ab\x00\n~é\ud800\udfff\ue000😀")
SHORT = st.text(LETTERS, max_size=4)
BEGINNINGS = st.sampled_from(("", "a", "simulation-", "x" * 15, "x" * 16, "é" * 32, "y" * 63, "y" * 64, "y" * 70))
T = TypeVar("T")

TEXTS = st.lists(st.builds(str.__add__, BEGINNINGS, SHORT) | SHORT, max_size=40)


def result(steps: Generator[None, None, T]) -> T:
    """What `steps` return at their end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)


def agree(texts: list[str], ranks: list[float]) -> None:
    """Fails unless `ranks` order `texts`, and only empty ones have none."""
    assert [isnan(rank) for rank in ranks] == [not text for text in texts]
    pairs = sorted((text, rank) for text, rank in zip(texts, ranks, strict=True) if text)
    for (text, rank), (later, higher) in pairwise(pairs):
        assert (text < later) == (rank < higher) and (text == later) == (rank == higher)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_many_texts_are_ordered_as_sorted_orders_them(texts: list[str]) -> None:
    order = result(text_order(texts)).tolist() if texts else []
    assert sorted(order) == list(range(len(texts)))
    assert [texts[index] for index in order] == sorted(texts)


def test_more_equal_beginnings_than_one_step_takes_are_ordered_too() -> None:
    texts = [f"{'y' * 70}{number * 7919 % 12_000 // 2:05d}" for number in range(12_000)]
    assert [texts[index] for index in result(text_order(texts)).tolist()] == sorted(texts)


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(bool), st.integers(1, 3), st.lists(TEXTS, max_size=4))
def test_texts_that_become_known_later_get_ranks_between(first: list[str], times: int, later: list[list[str]]) -> None:
    first = first * times  # columns of which many rows say the same are read in another way
    ranks = TextRanks()
    agree(first, result(ranks.begin(first)).tolist())
    known = list(first)
    for texts in later:
        ranks.learn(texts)
        known += texts
        agree(known, ranks.of(known))

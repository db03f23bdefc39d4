"""Number series out of a log that arrives in pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.log_signals import LogPatterns
from taskmon.core.simulators import LogPattern
from taskmon.gui.controllers.chart import SeriesReader

PATTERNS = LogPatterns(
    [LogPattern(role="series", regex=r"step (?P<x>\d+) residual (?P<residual>\S+)", name="residual")]
)
LOG = b"".join(b"step %d residual 1e-%d\nnoise\n" % (step, step % 9) for step in range(40))


def test_the_abscissa_of_the_pattern_is_used() -> None:
    reader = SeriesReader(PATTERNS)
    reader.read(LOG)
    x, y = reader.points()["residual"]
    assert list(x) == [float(step) for step in range(40)]
    assert y[3] == 1e-3


@given(st.lists(st.integers(0, len(LOG)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_series(cuts: list[int]) -> None:
    whole, parts = SeriesReader(PATTERNS), SeriesReader(PATTERNS)
    whole.read(LOG)
    edges = [0, *sorted(cuts), len(LOG)]
    for start, end in pairwise(edges):
        parts.read(LOG[start:end])
    assert parts.points() == whole.points()

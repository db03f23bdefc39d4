"""Matches with lines around them: each line once, in order, whatever came when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.log_context import ContextLines
from taskmon.core.log_source import LineList, SearchResult


def found(lines: list[int]) -> SearchResult:
    return SearchResult(pattern="x", lines=lines, count=len(lines), finished=True)


@given(
    total=st.integers(1, 60),
    picks=st.sets(st.integers(0, 59)),
    context=st.integers(1, 5),
    cut=st.integers(0, 60),
    step=st.integers(1, 7),
)
def test_every_line_near_a_match_is_shown_once(total: int, picks: set[int], context: int, cut: int, step: int) -> None:
    source = LineList([b"%d" % number for number in range(total)])
    matches = sorted(pick for pick in picks if pick < total)
    shown = ContextLines(source, found(matches[:cut]), context)
    while not shown.take_in(step):
        pass
    shown.show_result(found(matches))
    while not shown.take_in(step):
        pass
    expected = [line for line in range(total) if any(abs(line - match) <= context for match in matches)]
    assert [shown.number(place) for place in range(shown.line_count)] == expected
    assert [int(line.raw) for line in shown.lines(0, 1000)] == expected
    assert [int(line.raw) for line in shown.tail(3)] == expected[-3:]
    for line in expected:
        assert shown.number(shown.place_of(line)) == line


def test_a_match_that_was_taken_back_is_forgotten() -> None:
    source = LineList([b"%d" % number for number in range(20)])
    shown = ContextLines(source, found([3, 15]), 1)
    shown.take_in()
    shown.show_result(found([3]))
    shown.take_in()
    assert [line.raw for line in shown.lines(0, 10)] == [b"2", b"3", b"4"]

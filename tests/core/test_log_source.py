"""The lines that match are a log of their own, with the numbers of the whole one."""

from __future__ import annotations

from taskmon.core.log_source import LineList, MatchingLines, SearchResult


def result(*lines: int, count: int | None = None) -> SearchResult:
    return SearchResult(pattern="x", lines=lines, count=len(lines) if count is None else count, finished=True)


def test_only_the_matching_lines_are_there_with_their_own_numbers() -> None:
    source = LineList([b"zero", b"one", b"two", b"three"])
    matching = MatchingLines(source, result(1, 3))
    assert [line.raw for line in matching.lines(0, 9)] == [b"one", b"three"]
    assert [matching.number(line) for line in range(2)] == [1, 3]
    assert [line.raw for line in matching.tail(1)] == [b"three"]


def test_later_matches_appear_when_the_later_result_is_shown() -> None:
    matching = MatchingLines(LineList([b"zero", b"one"]), result(0, 1, count=1))
    assert matching.line_count == 1
    matching.show_result(result(0, 1))
    assert matching.line_count == 2


def test_the_place_of_a_match_is_found_by_line() -> None:
    found = result(3, 7, 20)
    assert [found.position_at_or_after(line) for line in (0, 3, 4, 21)] == [0, 0, 1, 3]
    assert found.has_match_in(4, 8)
    assert not found.has_match_in(8, 20)


def test_a_cut_list_line_tells_its_length() -> None:
    assert LineList([b"abcdef"]).lines(0, 1, limit=4)[0].missing == 2

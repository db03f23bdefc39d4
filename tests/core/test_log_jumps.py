"""Jumps and links mean the line that a person means."""

from __future__ import annotations

import pytest

from taskmon.core.log_link import LogLink, parse_link
from taskmon.core.log_source import LineList
from taskmon.core.log_times import jump_target, line_time

TIMED = LineList(
    [b"header"]
    + [b"[2026-03-01 %02d:%02d:00] step" % (minute // 60, minute % 60) for minute in range(600, 1200)]
    + [b"  without a time"] * 5
)


@pytest.mark.parametrize(
    ("wanted", "line"),
    [("1", 0), ("120", 119), ("1,200", 605), ("0", 0), ("50%", 302), ("100 %", 605), ("10:00", 1), ("12:30", 151)],
)
def test_numbers_parts_and_times_find_their_line(wanted: str, line: int) -> None:
    assert jump_target(TIMED, wanted) == line


def test_a_time_with_its_date_and_one_after_the_end() -> None:
    assert jump_target(TIMED, "2026-03-01 19:59:00") == 600
    assert jump_target(TIMED, "2026-03-01 12:30:30") == 152
    assert jump_target(TIMED, "23:00") == TIMED.line_count - 1


def test_what_means_nothing_jumps_nowhere() -> None:
    assert jump_target(TIMED, "soon") is None
    assert jump_target(LineList(), "1") is None
    assert jump_target(LineList([b"no times"] * 9), "12:00") is None
    assert line_time("ratio 12:99 of x") is None


@pytest.mark.parametrize(
    "link", [LogLink("4yk2"), LogLink("4yk2", "stdout.txt", 122), LogLink("a b", "logs/µ 1#.txt", 0), LogLink("x", "f")]
)
def test_a_link_says_what_it_was_made_of(link: LogLink) -> None:
    assert parse_link(str(link)) == link


def test_a_link_counts_lines_as_people_do() -> None:
    assert str(LogLink("4yk2", "stdout.txt", 122)) == "taskmon://task/4yk2/stdout.txt#L123"
    assert parse_link("https://example.org/task/1") is None
    assert parse_link("taskmon://task/4yk2/stdout.txt#L0") is None

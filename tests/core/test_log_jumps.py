"""Jumps and links mean the line that a person means."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.file_tree import at_once
from taskmon.core.log_link import LogLink, link_of, looks_like_link, parse_link
from taskmon.core.log_source import LineList, LineSource
from taskmon.core.log_times import is_time, jump_target, line_time, time_target

TIMED = LineList(
    [b"header"]
    + [b"[2026-03-01 %02d:%02d:00] step" % (minute // 60, minute % 60) for minute in range(600, 1200)]
    + [b"  without a time"] * 5
)


def found(source: LineSource, wanted: str) -> int | None:
    """The line that `time_target` finds after however many steps."""
    return at_once(time_target(source, wanted))


@pytest.mark.parametrize(
    ("wanted", "line"), [("1", 0), ("120", 119), ("1,200", 605), ("0", 0), ("50%", 302), ("100 %", 605)]
)
def test_numbers_and_parts_find_their_line(wanted: str, line: int) -> None:
    assert jump_target(TIMED.line_count, wanted) == line
    assert not is_time(wanted)


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ("10:00", 1),
        ("12:30", 151),
        ("2026-03-01 19:59:00", 600),
        ("2026-03-01T12:30:30", 152),
        ("23:00", TIMED.line_count - 1),
    ],
)
def test_times_find_their_line(wanted: str, line: int) -> None:
    assert is_time(wanted)
    assert found(TIMED, wanted) == line


def test_what_means_nothing_jumps_nowhere() -> None:
    assert jump_target(TIMED.line_count, "soon") is None
    assert jump_target(0, "1") is None
    assert not any(map(is_time, ("soon", "12:99", "2026-02-31 12:00")))
    assert found(LineList([b"no times"] * 9), "12:00") is None
    assert found(LineList(), "12:00") is None
    assert line_time("ratio 12:99 of x") is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T00:01:02.5Z info", "2026-03-01 00:01:02"),
        ("2026-03-01 23:59:59,123 info", "2026-03-01 23:59:59"),
        ("[2026/03/01 07:08] step", "2026-03-01 07:08:00"),
        ("Time   : 15:22:11", "0001-01-01 15:22:11"),
        ("00:00:00 begun", "0001-01-01 00:00:00"),
        ("ran for 112:30:00", None),
        ("cell 0:12:30", None),
    ],
)
def test_the_time_of_a_line(text: str, moment: str | None) -> None:
    told = line_time(text)
    assert (str(told) if told else None) == moment


def test_times_are_found_between_many_lines_without_one() -> None:
    lines = [
        b"Time = %d 2026-03-01T%02d:%02d:00" % (number, number // 3000 // 60, number // 3000 % 60)
        if number % 3000 == 0
        else b"  residual"
        for number in range(600_000)
    ]
    sparse = LineList(lines)
    assert found(sparse, "01:30") == 90 * 3000
    assert found(sparse, "2026-03-01 03:19") == 199 * 3000
    assert found(sparse, "00:00") == 0


def test_a_log_that_begins_at_midnight_without_a_date() -> None:
    assert found(LineList([b"%02d:00:00 step" % hour for hour in range(24)]), "05:30") == 6


@pytest.mark.parametrize(
    "link", [LogLink("4yk2"), LogLink("4yk2", "stdout.txt", 122), LogLink("a b", "logs/µ 1#.txt", 0), LogLink("x", "f")]
)
def test_a_link_says_what_it_was_made_of(link: LogLink) -> None:
    assert parse_link(str(link)) == link


def test_a_link_counts_lines_as_people_do() -> None:
    assert str(LogLink("4yk2", "stdout.txt", 122)) == "taskmon://task/4yk2/stdout.txt#L123"
    assert parse_link("https://example.org/task/1") is None
    assert parse_link("taskmon://task/4yk2/stdout.txt#L0") is None


@pytest.mark.parametrize(
    "link",
    [
        "taskmon://task/../../etc/passwd",
        "taskmon://task/4yk2/../../../../etc/passwd",
        "taskmon://task/4yk2/%2e%2e/%2e%2e/etc/passwd",
        "taskmon://task/4yk2/..%2f..%2fetc%2fpasswd",
        "taskmon://task/4yk2//etc/passwd",
        "taskmon://task/4yk2/a%5c..%5cb",
        "taskmon://task/4yk2/a%00b",
        "taskmon://task/4yk2/a%0ab",
        "taskmon://task/%2e%2e/a",
        "taskmon://task/a%2fb/c",
        "taskmon://task/" + "a" * 200,
        "taskmon://task/4yk2/" + "a/" * 8000 + "b",
        "taskmon://task/4yk2/stdout.txt#L" + "9" * 400,
        "taskmon://task/4yk2/stdout.txt#L-1",
        "taskmon://kill/4yk2",
        "taskmon:",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_hostile_link_is_none(link: str) -> None:
    assert parse_link(link) is None
    with pytest.raises(InvalidInputError, match="is not a link") as told:
        link_of(link)
    assert len(told.value.title) < 120
    assert told.value.title.isprintable()


@given(st.text(max_size=60))
def test_no_text_makes_a_link_that_leaves_the_outputs(text: str) -> None:
    link = parse_link(f"taskmon://task/4yk2/{text}")
    if link is not None and link.path:
        place = PurePosixPath("/outputs", link.path)
        assert place.is_relative_to("/outputs")
        assert ".." not in place.parts


def test_what_is_meant_as_a_link_is_known_by_its_scheme() -> None:
    assert looks_like_link(" TASKMON://task/x ")
    assert not looks_like_link("taskmon")
    assert not looks_like_link("https://taskmon:80/")

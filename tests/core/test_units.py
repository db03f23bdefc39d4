"""Numbers with units as people read and write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.units import (
    count_text,
    duration_text,
    money_text,
    parse_duration,
    short_duration_text,
    size_text,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (-3, "00:00"),
        (0, "00:00"),
        (12.9, "00:12"),
        (6243, "01:44:03"),
        (86399, "23:59:59"),
        (86400, "1 d 00:00"),
        (2 * 86400 + 3 * 3600 + 15 * 60 + 59, "2 d 03:15"),
    ],
)
def test_a_duration_reads_like_a_clock(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (-1, "0.0 s"),
        (0.42, "0.4 s"),
        (9.99, "9.9 s"),
        (12.2, "12 s"),
        (18.9, "18 s"),
        (99.9, "99 s"),
        (860, "14 min"),
        (3 * 3600 + 5 * 60, "3 h 05"),
        (2 * 86400 + 3 * 3600, "2 d 3 h"),
    ],
)
def test_a_short_duration_is_coarse(seconds: float | None, text: str) -> None:
    assert short_duration_text(seconds) == text


@given(st.floats(10, 99.99))
def test_the_clock_and_the_short_form_tell_the_same_second(seconds: float) -> None:
    minutes, rest = duration_text(seconds).split(":")
    assert short_duration_text(seconds) == f"{int(minutes) * 60 + int(rest)} s"


@given(st.floats(0, 1e9, allow_nan=False))
def test_every_duration_has_a_short_text_that_fits_a_narrow_column(seconds: float) -> None:
    assert 4 <= len(short_duration_text(seconds)) <= 13


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("5min", 300), ("1.5h", 5400), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172800),
     ("1w", 604800), ("45", 45), (" 2.5 ", 2.5), ("1H", 3600)],
)  # fmt: skip
def test_a_written_duration_is_understood(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "h", "5x", "1h30", "-5m", "five minutes", "1..5h", "1e3"])
def test_an_unclear_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_duration(text)
    assert text in refusal.value.title
    assert "1h30m" in refusal.value.advice


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int) -> None:
    assert (
        parse_duration(f"{days}d{hours}h {minutes}m{seconds}s") == ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (812, "812 B"),
        (1000, "1.0 kB"),
        (4_200, "4.2 kB"),
        (123_456, "123 kB"),
        (999_900, "1.0 MB"),
        (1_300_000_000, "1.3 GB"),
        (5e18, "5000 PB"),
    ],
)
def test_a_size_has_three_digits_and_a_unit(size: float | None, text: str) -> None:
    assert size_text(size) == text


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_a_larger_size_never_reads_smaller(one: int, other: int) -> None:
    units = ("B", "kB", "MB", "GB", "TB", "PB")

    def read(text: str) -> float:
        number, unit = text.split(" ")
        return float(number) * 1000.0 ** units.index(unit)

    smaller, larger = sorted((one, other))
    assert read(size_text(smaller)) <= read(size_text(larger))


def test_money_is_shown_only_where_there_is_some() -> None:
    assert money_text(None) == money_text(0) == ""
    assert money_text(0.0421) == "US$ 0.042"
    assert money_text(12.5) == "US$ 12.50"
    assert money_text(2, "€") == "€ 2.00"


def test_counts_agree_with_their_nouns() -> None:
    assert count_text(1, "task") == "1 task"
    assert count_text(0, "task") == "0 tasks"
    assert count_text(12400, "task") == "12,400 tasks"
    assert count_text(2, "entry", "entries") == "2 entries"

"""Jumps by what a person types: a line number, a part of the log, or a time of day where its lines begin with times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Generator

    from taskmon.core.log_source import LineSource

_STAMP: Final = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)[T ,_])?"
    r"(?<![\d:.])(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d)"
)
_LOOKED_AT: Final = 80
"""Characters at the beginning of a line in which a time counts as the line's time."""

_STEP: Final = 400
"""Lines that are looked at in one step (about a millisecond)."""

_WITHOUT_TIME: Final = 20_000
"""Lines without a time that may follow one another."""


def line_time(text: str) -> datetime | None:
    """The time at the beginning of a line; without a date it is on day 1 of year 1."""
    match = _STAMP.search(text[:_LOOKED_AT])
    return _moment(match) if match else None


def _moment(match: re.Match[str]) -> datetime | None:
    date = (int(match["year"]), int(match["month"]), int(match["day"])) if match["year"] else (1, 1, 1)
    try:
        return datetime(*date, int(match["hour"]), int(match["minute"]), int(match["second"] or 0))  # noqa: DTZ001
    except ValueError:
        return None


def jump_target(line_count: int, wanted: str) -> int | None:
    """The line, from 0, that a person means by `1200`, `1,200` or `50%`; None where the text is neither."""
    text = wanted.strip().replace(",", "")
    last = line_count - 1
    if last < 0:
        return None
    if text.isascii() and text.isdigit() and len(text) < 15:
        return min(max(0, int(text) - 1), last)
    if text.endswith("%") and text[:-1].strip().replace(".", "", 1).isdigit():
        return min(last, int(last * float(text[:-1]) / 100))
    return None


def is_time(wanted: str) -> bool:
    """Whether a person means a time: `12:30`, `12:30:05` or `2026-03-01 12:30:05`."""
    return _meant(wanted) is not None


def _meant(wanted: str) -> re.Match[str] | None:
    match = _STAMP.fullmatch(wanted.strip())
    return match if match and _moment(match) else None


def time_target(source: LineSource, wanted: str) -> Generator[None, None, int | None]:
    """Looks for the first line at the time `wanted` or later; times are taken to ascend.

    Yields after each step, so that the caller can let others work; returns the line, from 0, or None where `wanted`
    is no time or the log's lines have none.
    """
    match = _meant(wanted)
    moment = _moment(match) if match else None
    first = yield from _timed(source, 0, source.line_count)
    if match is None or moment is None or first is None:
        return None
    if not match["year"]:
        moment = datetime.combine(first[1].date(), moment.time())
        if first[1] - moment > timedelta(seconds=1) and first[1].year > 1:
            moment += timedelta(days=1)
    low, high = 0, source.line_count
    while low < high:
        middle = (low + high) // 2
        found = yield from _timed(source, middle, high)
        if found is None or found[1] >= moment:
            high = middle
        else:
            low = found[0] + 1
    found = yield from _timed(source, low, source.line_count)
    return found[0] if found else max(0, source.line_count - 1)


def _timed(source: LineSource, start: int, end: int) -> Generator[None, None, tuple[int, datetime] | None]:
    """The first line from `start` on, before `end`, that has a time."""
    end = min(end, start + _WITHOUT_TIME)
    while start < end:
        lines = source.lines(start, min(_STEP, end - start), 256)
        for place, line in enumerate(lines):
            moment = line_time(plain_text(line.raw))
            if moment is not None:
                return start + place, moment
        if not lines:
            return None
        start += len(lines)
        yield
    return None

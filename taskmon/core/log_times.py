"""Jumps by what a person types: a line number, a part of the log, or a time of day where its lines begin with times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from taskmon.core.log_source import LineSource

_STAMP: Final = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)[T ,_])?"
    r"\b(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d)"
)
_LOOKED_AT: Final = 80
"""Characters at the beginning of a line in which a time counts as the line's time."""

_WITHOUT_TIME: Final = 400
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


def jump_target(source: LineSource, wanted: str) -> int | None:
    """The line, from 0, that a person means by `1200`, `1,200`, `50%`, `12:30` or `2026-03-01 12:30:05`.

    None where the text means none, or the log's lines have no times.
    """
    text = wanted.strip().replace(",", "")
    last = source.line_count - 1
    if last < 0:
        return None
    if text.isascii() and text.isdigit() and len(text) < 15:
        return min(max(0, int(text) - 1), last)
    if text.endswith("%") and text[:-1].strip().replace(".", "", 1).isdigit():
        return min(last, int(last * float(text[:-1]) / 100))
    match = _STAMP.fullmatch(text)
    moment = _moment(match) if match else None
    return _line_at(source, moment, dated=bool(match and match["year"])) if moment else None


def _line_at(source: LineSource, moment: datetime, *, dated: bool) -> int | None:
    """The first line at `moment` or later; times are taken to ascend."""
    first = _timed(source, 0)
    if first is None:
        return None
    if not dated:
        moment = datetime.combine(first[1].date(), moment.time())
        if moment < first[1] - timedelta(seconds=1) and first[1].year > 1:
            moment += timedelta(days=1)
    low, high = 0, source.line_count
    while low < high:
        middle = (low + high) // 2
        found = _timed(source, middle)
        if found is None or found[1] >= moment:
            high = middle
        else:
            low = found[0] + 1
    found = _timed(source, low)
    return found[0] if found else max(0, source.line_count - 1)


def _timed(source: LineSource, start: int) -> tuple[int, datetime] | None:
    """The first line from `start` on that has a time."""
    for place, line in enumerate(source.lines(start, _WITHOUT_TIME, 256)):
        moment = line_time(plain_text(line.raw))
        if moment is not None:
            return start + place, moment
    return None

"""Durations, ages, days, sizes and money as text, and durations and sizes back from text."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from taskmon.core.errors import InvalidInputError

_DURATION_UNITS: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION_PART: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\s*")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE_STEPS: Final = ("kB", "MB", "GB", "TB", "PB")


def duration_text(seconds: float | None) -> str:
    """`00:12`, `01:44:03`, `2 d 03:15`; empty for None. Negative durations (clock skew) show as zero."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, secs = divmod(rest, 60)
    if days:
        return f"{days} d {hours:02d}:{minutes:02d}"
    if hours:
        return f"{hours:02d}:{minutes:02d}:{secs:02d}"
    return f"{minutes:02d}:{secs:02d}"


def short_duration_text(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `14 min`, `3 h 05`, `2 d 3 h`: the coarse form for ages and diagrams; empty for None.

    Whole seconds are cut, not rounded, as in `duration_text`: the same time reads the same in both.
    """
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{min(9.9, max(0.0, seconds)):.1f} s"
    if seconds < 100:
        return f"{int(seconds)} s"
    minutes = int(seconds) // 60
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d}"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def day_text(moment: datetime) -> str:
    """`3 Nov`, of a moment in the time zone it is in, whatever language the computer speaks."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `5m`, `1.5h`, `1h30m`, `2d`; a bare number is seconds. Raises InvalidInputError."""
    stripped = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", stripped):
        return float(stripped)
    position, total = 0, 0.0
    while position < len(stripped):
        part = _DURATION_PART.match(stripped, position)
        if part is None:
            break
        total += float(part[1]) * _DURATION_UNITS[part[2]]
        position = part.end()
    if not stripped or position < len(stripped):
        raise InvalidInputError(f"“{text}” is not a duration.", "Write it like 90s, 5m, 1h30m or 2d.")
    return total


def typed_duration_text(seconds: float | None) -> str:
    """`2h`, `1h30m`, `45s`: what a person would type for `parse_duration`; empty for None."""
    if seconds is None:
        return ""
    parts, rest = [], seconds
    for unit in ("d", "h", "m"):
        whole, rest = divmod(rest, _DURATION_UNITS[unit])
        if whole:
            parts.append(f"{whole:.0f}{unit}")
    if rest or not parts:
        parts.append(f"{rest:.3f}".rstrip("0").rstrip(".") + "s")
    return "".join(parts)


def size_text(size: float | None) -> str:
    """`812 B`, `4.2 kB`, `1.3 GB` (powers of 1000); empty for None."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size:.0f} B"
    value = float(size)
    for unit in _SIZE_STEPS:
        value /= 1000
        if value < 999.5 or unit == _SIZE_STEPS[-1]:
            break
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def money_text(amount: float | None, currency: str = "US$") -> str:
    """`US$ 0.042`; empty for None or zero."""
    if not amount:
        return ""
    return f"{currency} {amount:.3f}" if amount < 1 else f"{currency} {amount:.2f}"


def count_text(count: int, noun: str, plural: str = "") -> str:
    """`1 task`, `12,400 tasks`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"

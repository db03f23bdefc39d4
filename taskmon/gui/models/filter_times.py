"""The moments that `since:` and `before:` of the filter box understand: `2h`, `today`, `yesterday`, `2026-11-20`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.units import parse_duration

DAYS_AGO: Final = MappingProxyType({"today": 0, "yesterday": 1})
_ADVICE: Final = "Write it like 2h, 7d, today, yesterday or 2026-11-20."


def moment_of(text: str, now: datetime) -> datetime:
    """The moment so long before `now`, or the beginning of a day (or the time in it) by this computer's clock.

    Raises InvalidInputError for what is no moment, or none that a clock can show.
    """
    word = text.strip().lower()
    try:
        if word in DAYS_AGO:
            return _beginning(now.astimezone().date() - timedelta(days=DAYS_AGO[word]))
        if "-" in word:
            return datetime.fromisoformat(word.upper()).astimezone()
        return now - timedelta(seconds=parse_duration(word))
    except (OverflowError, OSError):
        raise InvalidInputError(f"“{text}” is longer ago than time goes back.", _ADVICE) from None
    except (ValueError, InvalidInputError):
        raise InvalidInputError(f"“{text}” is neither a time span nor a day.", _ADVICE) from None


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time.min).astimezone()

"""The badge never calls old data live."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from taskmon.core.units import day_text
from taskmon.gui.widgets.connection_badge import ConnectionBadge, freshness_text
from taskmon.gui.widgets.plain_tooltip import plain_tooltip
from tests.builders import NOON

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


@pytest.mark.parametrize(
    ("connected", "age_s", "text"),
    [(True, 0.4, "live"), (True, 14, "live"), (True, 48, "live · 48 s ago"), (True, 600, "live · 10 min ago")],
)
def test_the_age_of_an_answer_is_told_once_no_window_that_is_seen_should_have_waited_so_long(
    connected: bool, age_s: float, text: str
) -> None:
    assert freshness_text(connected, NOON, NOON + timedelta(seconds=age_s)) == text


def test_without_an_answer_it_says_since_when() -> None:
    assert freshness_text(False, NOON, NOON + timedelta(hours=1)) == f"no answer since {NOON.astimezone():%H:%M}"


def test_a_service_that_has_been_silent_for_days_is_told_with_the_day() -> None:
    yesterday = NOON.astimezone().replace(hour=23, minute=10) - timedelta(days=1)
    assert freshness_text(False, yesterday, NOON) == f"no answer since {day_text(yesterday)} 23:10"


def test_who_answers_with_something_else_is_not_called_silent() -> None:
    assert freshness_text(False, NOON, NOON, "only errors") == f"only errors since {NOON.astimezone():%H:%M}"
    assert freshness_text(False, None, NOON, "key refused") == "key refused"


def test_before_the_first_answer_it_claims_nothing() -> None:
    assert freshness_text(True, None, NOON) == "connecting…"
    assert freshness_text(False, None, NOON) == "not connected"


def test_it_is_read_aloud_and_gives_the_reason(app: QApplication) -> None:
    badge = ConnectionBadge(lambda: NOON)
    badge.show_freshness(False, NOON, "The service did not answer.")
    assert badge.accessibleName().startswith("Connection: no answer since")
    assert badge.toolTip() == plain_tooltip("The service did not answer.")

"""How often a place that cannot be found is looked for."""

from __future__ import annotations

from taskmon.gui.controllers.connection import retry_pause


def test_a_place_that_stays_away_is_looked_for_less_and_less_often_but_always_again() -> None:
    assert [retry_pause(failures) for failures in (0, 1, 2, 3, 100_000)] == [3.0, 6.0, 12.0, 15.0, 15.0]

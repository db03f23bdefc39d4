"""Number series out of a log that arrives in pieces."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.log_signals import LogPatterns
from taskmon.core.simulators import LogPattern
from taskmon.gui.controllers.chart import ChartController, SeriesReader
from tests.builders import a_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PATTERNS = LogPatterns(
    [LogPattern(role="series", regex=r"step (?P<x>\d+) residual (?P<residual>\S+)", name="residual")]
)
LOG = b"".join(b"step %d residual 1e-%d\nnoise\n" % (step, step % 9) for step in range(40))


def test_the_abscissa_of_the_pattern_is_used() -> None:
    reader = SeriesReader(PATTERNS)
    reader.read(LOG)
    x, y = reader.points()["residual"]
    assert list(x) == [float(step) for step in range(40)]
    assert y[3] == 1e-3


@given(st.lists(st.integers(0, len(LOG)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_series(cuts: list[int]) -> None:
    whole, parts = SeriesReader(PATTERNS), SeriesReader(PATTERNS)
    whole.read(LOG)
    edges = [0, *sorted(cuts), len(LOG)]
    for start, end in pairwise(edges):
        parts.read(LOG[start:end])
    assert parts.points() == whole.points()


HEADING = b"time,cpu-usage,memory,disk-input,disk-output\n"


@pytest.mark.parametrize(
    ("metrics", "told"), [(HEADING, True), (b"", True), (HEADING + b"2025-06-02 12:00:00,50,1000,0,0\n", False)]
)
def test_a_task_that_ended_before_its_first_measurement_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, metrics: bytes, *, told: bool
) -> None:
    async def whole_file(*_: object) -> AsyncIterator[bytes]:
        yield metrics

    async def ready() -> Any:
        return None

    monkeypatch.setattr("taskmon.client.live_files.follow_file", whole_file)
    pane = Mock()
    around: Any = SimpleNamespace(
        background=Mock(), connection=SimpleNamespace(ready=ready, on_freshness=Mock()), messages=Mock(), window=Mock()
    )
    asyncio.run(ChartController(around, pane)._follow_usage(a_task()))
    assert pane.show_no_usage.called == told


def test_nobody_waits_for_measurements_of_a_service_that_is_silent() -> None:
    hear: list[Callable[[object], None]] = []
    connection = SimpleNamespace(on_freshness=hear.append, is_connected=True, is_answering=True, ready=Mock())
    pane, background = Mock(), Mock()
    background.restart = lambda _name, work: work.close()
    around: Any = SimpleNamespace(background=background, connection=connection, messages=Mock(), window=Mock())
    charts = ChartController(around, pane)
    charts.set_in_front(True)
    charts.show_task(a_task())
    assert pane.show_nothing.call_args.args == ("Waiting for the first measurement…",)
    for answering, words in ((False, "The service does not answer"), (True, "Waiting for")):
        connection.is_answering = answering
        hear[0](None)
        assert pane.show_no_usage.call_args.args[0].startswith(words)

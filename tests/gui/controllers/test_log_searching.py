"""A search runs beside the window: step by step, to the exact count, on with the log, and ends when it should."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from taskmon.client.log_spool import LogSpool
from taskmon.core.log_signals import LogPatterns
from taskmon.gui.background import Background
from taskmon.gui.controllers import log_searching
from taskmon.gui.controllers.log_searching import LogSearching
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_pane import LogPane
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def pane(app: QApplication) -> Iterator[LogPane]:
    load_fonts()
    pane = LogPane()
    pane.resize(1000, 300)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[LogSpool]:
    spool = LogSpool(tmp_path / "log.txt")
    yield spool
    spool.close()


def search_in(spool: LogSpool, pane: LogPane, story: Callable[[LogSearching], Coroutine[Any, Any, None]]) -> Any:
    """The story with a searching over `spool`, shown in `pane`."""

    async def run() -> None:
        def bug(error: Exception) -> None:
            raise error

        async with Background(bug, bug) as background:
            searching = LogSearching(background, pane, "log")
            pane.search_requested.connect(searching.ask)
            searching.show_log(spool, LogPatterns())
            pane.show_source(spool)
            await story(searching)
            searching.show_log(None)

    return run()


def test_a_long_log_is_searched_to_its_end_and_on_as_it_grows(pane: LogPane, spool: LogSpool, run_on_qt: Run) -> None:
    spool.append(b"step 1\nresidual 3e-06\n" * 200_000)

    async def story(searching: LogSearching) -> None:
        pane.search.field.setText("residual")
        pane.search._ask()
        await until_async(lambda: pane.search.count.text() == "200,000" or "of 200,000" in pane.search.count.text())
        assert pane._result is not None
        assert pane._result.finished
        spool.append(b"residual 2e-06\n")
        searching.grew()
        await until_async(lambda: pane._result is not None and pane._result.count == 200_001)

    run_on_qt(search_in(spool, pane, story))


def test_errors_are_found_without_being_asked_for(pane: LogPane, spool: LogSpool, run_on_qt: Run) -> None:
    spool.append(b"fine\nERROR: no mesh\nWarning: thin cell\n")

    async def story(searching: LogSearching) -> None:
        await until_async(lambda: pane.foot.problems.text() == "1 error · 1 warning")
        spool.append(b"Segmentation fault\n")
        searching.grew()
        await until_async(lambda: pane.foot.problems.text() == "2 errors · 1 warning")

    run_on_qt(search_in(spool, pane, story))


def test_a_broken_pattern_ends_with_a_sentence(pane: LogPane, spool: LogSpool, run_on_qt: Run) -> None:
    spool.append(b"text\n")

    async def story(searching: LogSearching) -> None:
        searching.ask("a(", True, True)
        await until_async(lambda: "is not a regular expression" in pane.foot.status.text())

    run_on_qt(search_in(spool, pane, story))


def test_a_pattern_that_is_too_slow_ends_with_a_sentence(
    pane: LogPane, spool: LogSpool, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(b"aaaaaaaaaaaaaaa\n" * 400_000)
    monkeypatch.setattr(log_searching, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(log_searching, "_LEAST_RATE", 1 << 50)

    async def story(searching: LogSearching) -> None:
        searching.ask("b", True, True)
        await until_async(lambda: "is too slow to search for" in pane.foot.status.text())
        assert pane.search.count.text() == "Not valid"

    run_on_qt(search_in(spool, pane, story))


def test_a_search_can_be_left_for_another(pane: LogPane, spool: LogSpool, run_on_qt: Run) -> None:
    spool.append(b"alpha\nbeta\n" * 300_000)

    async def story(searching: LogSearching) -> None:
        searching.ask("alpha", False, True)
        await asyncio.sleep(0)
        searching.ask("beta", False, True)
        await until_async(lambda: pane._result is not None and pane._result.finished)
        assert pane._result is not None
        assert (pane._result.pattern, pane._result.count) == ("beta", 300_000)
        searching.ask("", False, True)
        assert pane._result is None

    run_on_qt(search_in(spool, pane, story))


def test_a_persons_question_is_answered_before_the_bad_lines(
    pane: LogPane, spool: LogSpool, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(b"alpha\nERROR: beta\n" * 50_000)
    monkeypatch.setattr(log_searching, "_FIRST_STEP", 1 << 16)
    monkeypatch.setattr(log_searching, "_LONGEST_STEP", 1 << 16)
    bad_lines_meanwhile = []

    async def story(searching: LogSearching) -> None:
        searching.ask("alpha", False, True)
        await until_async(lambda: pane._result is not None)
        before = pane._errors.count if pane._errors is not None else 0
        await until_async(lambda: pane._result is not None and pane._result.finished)
        bad_lines_meanwhile.append((pane._errors.count if pane._errors is not None else 0) - before)
        await until_async(lambda: pane.foot.problems.text() == "50,000 errors")

    run_on_qt(search_in(spool, pane, story))
    assert bad_lines_meanwhile[0] < 15_000, "more than what was under way was searched for bad lines"

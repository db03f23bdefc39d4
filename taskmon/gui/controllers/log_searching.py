"""Searches a log step by step in a worker, for words and for bad lines, and goes on as the log grows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.units import size_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.log_spool import LogSpool
    from taskmon.core.log_signals import LogPatterns
    from taskmon.gui.background import Background
    from taskmon.gui.widgets.log_pane import LogPane

_FIRST_STEP: Final = 1 << 18
_LONGEST_STEP: Final = 256 << 20
_STEP_S: Final = 0.06
"""Seconds that a step should take: found lines are shown that often."""

_PATIENCE_S: Final = 1.0
_LEAST_RATE: Final = 16 << 20
"""Bytes per second; a pattern that is slower after `_PATIENCE_S` is given up."""

_MATCH_COST: Final = 1000
"""Noting a line that was found takes as long as searching so many bytes, or longer on a busy computer."""

_PAUSE_S: Final = 0.1
"""Between two looks at what has been written since."""


class LogSearching:
    """The searches over one pane's log. `key` names its background work."""

    def __init__(self, background: Background, pane: LogPane, key: str) -> None:
        self._background = background
        self._pane = pane
        self._words, self._signs = f"{key} search", f"{key} problems"
        self._spool: LogSpool | None = None
        self._grown = [asyncio.Event(), asyncio.Event()]
        self._answered = asyncio.Event()  # unset while words are looked for: the person's question comes first
        self._answered.set()

    def show_log(self, spool: LogSpool | None, patterns: LogPatterns | None = None) -> None:
        """Leaves the searches of the log before and looks for the bad lines of this one."""
        self._background.cancel(self._words)
        self._background.cancel(self._signs)
        self._spool = spool
        if spool is not None and patterns is not None:
            self._background.restart(self._signs, self._find_problems(spool, patterns))

    def grew(self) -> None:
        """There is more to search."""
        for event in self._grown:
            event.set()

    def ask(self, pattern: str, regex: bool, case: bool) -> None:
        """Searches the whole log; an empty pattern ends the search."""
        self._background.cancel(self._words)
        if not pattern or self._spool is None:
            self._pane.show_search(None)
            return
        self._background.restart(self._words, self._find_words(self._spool, pattern, regex, case))

    async def _find_words(self, spool: LogSpool, pattern: str, regex: bool, case: bool) -> None:
        from taskmon.client.log_search import LinePattern, LogSearch

        try:
            # In a worker: the first pattern of all loads RE2, and compiling a large one takes its time.
            line_pattern = await asyncio.to_thread(LinePattern, pattern, regex=regex, case_sensitive=case)
            search = LogSearch(spool, line_pattern)

            def show() -> None:
                self._pane.show_search(search.result())

            def check(seconds: float) -> None:
                """Refuses a pattern that is slow by itself, not by the number of its matches."""
                found = search.result()
                if found.searched_bytes + found.count * _MATCH_COST < _LEAST_RATE * seconds:
                    raise _too_slow(pattern, found.searched_bytes)

            await self._go_on(search.advance, show, self._grown[0], check)
        except InvalidInputError as error:
            self._pane.show_search_problem(str(error))
        finally:
            self._answered.set()

    async def _find_problems(self, spool: LogSpool, patterns: LogPatterns) -> None:
        from taskmon.client.log_problems import ProblemSearch

        search = await asyncio.to_thread(ProblemSearch, spool, patterns)

        def show() -> None:
            found = search.result()
            self._pane.show_problems(found.errors, found.warnings)

        await self._go_on(search.advance, show, self._grown[1])

    async def _go_on(
        self,
        advance: Callable[[int], bool],
        show: Callable[[], None],
        grown: asyncio.Event,
        check: Callable[[float], None] | None = None,
    ) -> None:
        """Steps until all is searched, then waits for more and begins again.

        What a step found is shown while the next one searches: neither waits for the other. `check`, which
        a search for words has, hears beyond `_PATIENCE_S` for how many seconds it has been under way; one for bad
        lines waits meanwhile.
        """

        async def show_meanwhile() -> None:
            show()

        loop = asyncio.get_running_loop()
        began, step = loop.time(), _FIRST_STEP
        while True:
            grown.clear()
            if check is None:
                await self._answered.wait()
            else:
                self._answered.clear()
            start = loop.time()
            done, _ = await asyncio.gather(asyncio.to_thread(advance, step), show_meanwhile())
            now = loop.time()
            if done:
                show()
                if check is not None:
                    self._answered.set()
                await grown.wait()
                await asyncio.sleep(_PAUSE_S)
                began = loop.time()
                continue
            if check is not None and now - began > _PATIENCE_S:
                check(now - began)
            step = int(min(_LONGEST_STEP, max(_FIRST_STEP, step * min(4.0, _STEP_S / max(now - start, 1e-6)))))


def _too_slow(pattern: str, searched: int) -> InvalidInputError:
    return InvalidInputError(
        f"“{pattern}” is too slow to search for: a second was enough for {size_text(searched)} only.",
        "Make it simpler, for example with fewer repetitions.",
    )

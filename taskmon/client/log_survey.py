"""Searches the logs of a task to their present ends, wherever they lie, and tells what was found as it goes.

A running task of this computer is searched in its own file. Everything else is followed into a spool, as far as it is
written now; a log that gives no sign of life is given up with a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from taskmon.client.live_files import read_tail
from taskmon.client.live_lines import HISTORY_LINES
from taskmon.client.log_follower import LogFollower, own_data_folder
from taskmon.client.log_search import LogSearch
from taskmon.client.log_spool import SpoolState
from taskmon.core.errors import ConnectionFailedError, NotFoundError
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import Status
from taskmon.core.log_hits import KEPT, Hit, LogHits
from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from taskmon.client.api import ServiceClient
    from taskmon.client.log_search import LinePattern
    from taskmon.core.task import Task

STEP: Final = 8 << 20
"""Bytes between two looks at what was found; a cancelled search ends within one step."""

PATIENCE_S: Final = 20.0
"""A log of which nothing comes for so long is given up."""

_SHOWN: Final = 400
"""Characters of a line that are kept."""

_BEFORE: Final = 60
"""Of them, before the first match of a longer line."""

_LINE_BYTES: Final = 64 << 10
_IsEnd = Callable[[SpoolState], bool]
_NOT_STARTED: Final = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED)
_HISTORY_S: Final = 1.0
"""How long after its first lines the history of a log without places may take to come."""

_LAST_LINES: Final = f"of its last {HISTORY_LINES:,} lines; the others can be searched when it has ended"
_NO_LOG_YET: Final = "It has not started; there is no log yet."
_NO_SUCH_OUTPUT: Final = "This task left no such output."


async def search_task(
    client: ServiceClient,
    task: Task,
    paths: Sequence[str],
    pattern: LinePattern,
    copies: Path,
    *,
    patience_s: float = PATIENCE_S,
) -> AsyncGenerator[LogHits]:
    """What is found in the files `paths` of a task; the last value is `finished`. `copies` is for spools of ours.

    Raises TaskmonError where a log cannot be read. Close it (`aclosing`) to stop.
    """
    if task.status in _NOT_STARTED or (task.is_terminated and task.start_time is None):
        yield LogHits(finished=True, note=_NO_LOG_YET if task.status in _NOT_STARTED else _NO_SUCH_OUTPUT)
        return
    before, missing, note = LogHits(), 0, ""
    for path in paths:
        found = LogHits()
        file = _FileSearch(client, task, path, pattern, copies, patience_s)
        try:
            async with aclosing(file.results()) as results:
                async for found in results:
                    yield _together(before, found)
        except NotFoundError:
            missing += 1
        before, note = _together(before, found), file.note or note
    yield replace(before, finished=True, note=_NO_SUCH_OUTPUT if missing == len(paths) else note)


def _together(first: LogHits, second: LogHits) -> LogHits:
    return LogHits(
        count=first.count + second.count,
        first=(first.first + second.first)[:KEPT],
        searched_bytes=first.searched_bytes + second.searched_bytes,
    )


class _FileSearch:
    """The search through one file of one task."""

    def __init__(
        self,
        client: ServiceClient,
        task: Task,
        path: str,
        pattern: LinePattern,
        copies: Path,
        patience_s: float,
    ) -> None:
        self._client = client
        self._task = task
        self._path = path
        self._pattern = pattern
        self._patience_s = patience_s
        self._follower = LogFollower(client, task, path, copies)
        self._kept: dict[int, bytes] = {}
        self._search: LogSearch | None = None
        self._history_until: float | None = None
        self.note = ""
        self._searched: tuple[object, int] = (None, -1)  # the spool, and its generation

    async def results(self) -> AsyncGenerator[LogHits]:
        """What is found so far, now and then, and at the end. Raises TaskmonError; NotFoundError without the file."""
        try:
            async with aclosing(self._growth()) as growth:
                async for _ in growth:
                    async with aclosing(self._catch_up()) as results:
                        async for found in results:
                            yield found
        finally:
            self._follower.close()

    async def _growth(self) -> AsyncGenerator[int]:
        """The size whenever there is a good piece more to search, and when all that is written now is there."""
        is_end, told = await self._present_end(), 0
        async with aclosing(self._follower.states()) as states:
            while (state := await self._next(states)) is not None and not is_end(state):
                if state.size - told >= STEP:
                    told = state.size
                    yield told
        if self._history_until is not None and self._follower.spool.refresh().line_count >= HISTORY_LINES:
            self.note = _LAST_LINES
        yield self._follower.spool.size

    async def _next(self, states: AsyncGenerator[SpoolState]) -> SpoolState | None:
        """The next state; None at the end, or when the history that comes by lines had its time."""
        now = asyncio.get_running_loop().time()
        until = now + self._patience_s if self._history_until is None else self._history_until
        try:
            async with asyncio.timeout_at(until):
                return await anext(states, None)
        except TimeoutError:
            if self._history_until is not None:
                return None
            raise ConnectionFailedError(
                f"Nothing came of this log for {self._patience_s:.0f} seconds.", "Search again when it can be reached."
            ) from None

    async def _present_end(self) -> _IsEnd:
        """Tells from a state whether all is there that is written now."""
        if self._task.is_terminated:
            return lambda _state: False  # followed to its end
        if await own_data_folder(self._client) is not None:
            return lambda _state: True
        if await self._client.offers(Extension.TASK_FILES):
            size, _ = await read_tail(self._client, self._task.task_id, self._path, 1)
            return lambda state: state.size >= size
        before = self._follower.spool.size

        def is_end(state: SpoolState) -> bool:
            """Lines come without places: the first that come are the history."""
            now = asyncio.get_running_loop().time()
            if state.size > before and self._history_until is None:
                self._history_until = now + _HISTORY_S
            return self._history_until is not None and now >= self._history_until

        return is_end

    async def _catch_up(self) -> AsyncGenerator[LogHits]:
        spool = self._follower.spool
        if self._search is None or self._searched != (spool, spool.generation):
            self._kept.clear()
            self._searched = (spool, spool.generation)
            self._search = LogSearch(spool, self._pattern, self._keep)
        search, done = self._search, False
        while not done:
            done = await asyncio.to_thread(search.advance, STEP)
            result = search.result()
            yield LogHits(
                count=result.count,
                first=tuple(self._hit(line, raw) for line, raw in sorted(self._kept.items())),
                searched_bytes=result.searched_bytes,
            )

    def _keep(self, line: int, raw: bytes) -> bool:
        """In the worker: remembers the first lines that are found."""
        if len(self._kept) < KEPT or line in self._kept:
            self._kept[line] = raw[:_LINE_BYTES]
        return True

    def _hit(self, line: int, raw: bytes) -> Hit:
        text = plain_text(raw)
        spans = self._pattern.find_spans(text)
        first = spans[0][0] if spans else 0
        start = max(0, first - _BEFORE) if first > _SHOWN // 2 else 0
        shown = text[start : start + _SHOWN]
        return Hit(
            path=self._path,
            line=line,
            text=("…" if start else "") + shown,
            spans=tuple(
                (begin - start + bool(start), min(stop - start, len(shown)) + bool(start))
                for begin, stop in spans
                if begin - start < len(shown)
            ),
        )

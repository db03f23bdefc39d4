"""A task's text file on services without extensions: its lines over a direct connection while the task runs, the rest
from the stored outputs afterwards.

Direct connections know lines, not byte positions. So what comes is joined to what was told by the lines themselves:
by their number where the history came whole, else by looking for the last told lines in it. What cannot be joined is
said, by a `Gap`, and never silently left out or repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from taskmon.client.archive_member import read_output
from taskmon.client.live_webrtc import tail
from taskmon.client.retrying import PASSING, retry_pause
from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import Status

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

_log = logging.getLogger(__name__)

HISTORY_LINES: Final = 20_000
"""How many lines are asked for at once: about a second on the way."""
REMEMBERED_LINES: Final = 400
_LAST_BYTES: Final = 64 * 1024
_LOOK_S: Final = (0.4, 3.0)
_AGAIN_S: Final = (1.0, 15.0)
_SILENCE_S: Final = 3.0

Sleep = Callable[[float], Awaitable[None]]


class GapLine(bytes):
    """A line of ours among a file's bytes: it says what is missing there."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something between what was told before and what is told next cannot be shown now; `reason` is a sentence."""

    reason: str

    def line(self) -> GapLine:
        """The gap as a line of the file's text."""
        return GapLine(f"[taskmon: {self.reason}]\n".encode())


class Transcript:
    """What was told of a file so far: its last lines and, where it is known, how many there were."""

    def __init__(self) -> None:
        self._last: deque[bytes] = deque(maxlen=REMEMBERED_LINES)
        self.count: int | None = 0

    @property
    def last(self) -> tuple[bytes, ...]:
        """The last told lines, without their ends."""
        return tuple(self._last)

    def add(self, lines: Sequence[bytes]) -> None:
        """These lines were told."""
        self._last.extend(lines)
        if self.count is not None:
            self.count += len(lines)

    def lose_count(self) -> None:
        """From now on nobody knows how many lines there were before."""
        self.count = None

    def new_in(self, history: Sequence[bytes], whole: bool) -> Sequence[bytes] | None:
        """Those of `history` (the file's last lines, or all) that were not told; None if that cannot be seen."""
        if whole and self.count is not None:
            agrees = len(history) >= self.count and _ends_with(history[: self.count], self.last)
            return history[self.count :] if agrees else None
        if not self._last:
            return history if whole else None
        for end in range(len(history) + 1):
            if end and history[end - 1] == self._last[-1] and _ends_with(history[:end], self.last):
                return history[end:]
        return None


def _ends_with(lines: Sequence[bytes], last: Sequence[bytes]) -> bool:
    """Whether `lines` end with `last`, as far back as both go."""
    length = min(len(lines), len(last))
    return not last or (length > 0 and tuple(lines[len(lines) - length :]) == tuple(last[len(last) - length :]))


async def follow_lines(
    client: ServiceClient, task_id: str, path: str, offset: int = 0, *, sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[bytes | Gap]:
    """The text of a file from byte `offset` on until the task has ended, or is queued again, and all was told.

    Raises NotFoundError if the task, or after its end the file, does not exist, and NotAuthorizedError.
    """
    told = Transcript()
    skip = offset
    run: int | None = None
    failures, pause = 0, _LOOK_S[0]
    live = True
    while True:
        try:
            task = await client.task(task_id)
        except PASSING as error:
            _log.debug("looking at %s: %s", task_id, error)
            failures += 1
            await sleep(retry_pause(failures, error, _AGAIN_S))
            continue
        run = task.num_retries if run is None else run
        if task.num_retries != run:
            return
        if task.is_terminated:
            break
        if task.status is not Status.COMPUTATION_STARTED or not live:
            await sleep(pause)
            pause = min(1.3 * pause, _LOOK_S[1])
            continue
        try:
            async with aclosing(
                _while_computing(client, task_id, _connected(client, task_id, path, told, skip))
            ) as pieces:
                async for piece in pieces:
                    skip, failures, pause = 0, 0, _LOOK_S[0]
                    yield piece
        except PASSING as error:
            _log.debug("no live connection to %s: %s", task_id, error)
            failures += 1
            await sleep(retry_pause(failures, error, _AGAIN_S))
        except NotFoundError as error:
            _log.info("%s of %s is not shown live: %s", path, task_id, error)
            live = False
    place, failures = _Place(skip, joined=not told.last), 0
    while True:
        before = place.offset
        try:
            async with aclosing(_stored(client, task_id, path, told, place)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        except PASSING as error:
            _log.debug("the stored %s of %s, from byte %d on: %s", path, task_id, place.offset, error)
            failures = 1 if place.offset > before else failures + 1
            await sleep(retry_pause(failures, error, _AGAIN_S))


async def _while_computing(
    client: ServiceClient, task_id: str, pieces: AsyncGenerator[bytes | Gap]
) -> AsyncGenerator[bytes | Gap]:
    """`pieces`, given up when they stay silent although the task computes no more: a connection may die unheard."""
    over = False
    async with aclosing(pieces):
        while True:
            waiting = asyncio.ensure_future(anext(pieces, None))
            try:
                while not (await asyncio.wait({waiting}, timeout=_SILENCE_S))[0]:
                    if over:
                        return
                    over = (await client.task_status(task_id)).status is not Status.COMPUTATION_STARTED
            finally:
                if not waiting.done():
                    waiting.cancel()
                    await asyncio.wait({waiting})
            piece = waiting.result()
            if piece is None:
                return
            yield piece


async def _connected(
    client: ServiceClient, task_id: str, path: str, told: Transcript, skip: int
) -> AsyncGenerator[bytes | Gap]:
    """What one connection adds to `told`. `skip` is the number of bytes the caller has from another time."""
    first = True
    async with aclosing(tail(client, task_id, path, HISTORY_LINES, follow=True)) as batches:
        async for batch in batches:
            lines = [line.encode("utf-8", "replace") for line in batch]
            if first:
                first = False
                whole = len(lines) < HISTORY_LINES
                new = told.new_in(lines, whole)
                if new is None or (skip and not whole):
                    new = lines if new is None else new
                    told.lose_count()
                    yield Gap("some lines before this one are not shown now; the stored file will have them")
                told.add(new)
                text = _text(new)[skip:] if whole else _text(new)
            else:
                told.add(lines)
                text = _text(lines)
            if text:
                yield text


def _text(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@dataclass(slots=True)
class _Place:
    """The byte of the stored file from which on it is to be told; not known until the lines are `joined` to it."""

    offset: int
    joined: bool


async def _stored(
    client: ServiceClient, task_id: str, path: str, told: Transcript, place: _Place
) -> AsyncGenerator[bytes | Gap]:
    """The rest of the file from the stored outputs. After a fault it goes on at `place`."""
    task = await client.task(task_id)
    if place.joined:
        async with aclosing(read_output(client, task, path, place.offset)) as pieces:
            async for piece in pieces:
                place.offset += len(piece)
                yield piece
        return
    seam, read = _Seam(told), 0
    async with aclosing(read_output(client, task, path)) as pieces:
        async for piece in pieces:
            rest = await asyncio.to_thread(seam.feed, piece)
            read += len(piece)
            if seam.found:
                place.offset, place.joined = read, True
            if rest:
                yield rest
    rest = seam.finish()
    if not seam.found:
        yield Gap("what follows is the end of the stored file; something before it may be missing or told twice")
    if rest:
        yield rest


class _Seam:
    """Finds in the stored file, read piece by piece, the place up to which it was told."""

    def __init__(self, told: Transcript) -> None:
        self._count = told.count
        self._last = told.last
        self._recent: deque[bytes] = deque(maxlen=len(told.last))
        self._end = bytearray()
        self._broken = b""
        self._lines = 0
        self.found = False

    def feed(self, piece: bytes) -> bytes:
        """What of the next piece was not told."""
        if self.found:
            return piece
        self._end += piece
        del self._end[:-_LAST_BYTES]
        *lines, rest = (self._broken + piece).split(b"\n")
        for index, line in enumerate(lines):
            self._lines += 1
            self._recent.append(line.decode(errors="replace").encode())
            if self._is_here():
                self.found = True
                return b"\n".join([*islice(lines, index + 1, None), rest])
        self._broken = rest
        return b""

    def finish(self) -> bytes:
        """What is left to tell when the file has ended."""
        if self.found:
            return b""
        if self._broken:
            self._lines += 1
            self._recent.append(self._broken.decode(errors="replace").encode())
            if self._is_here():  # the last line has no end, and was told
                self.found = True
                return b""
        return bytes(self._end)

    def _is_here(self) -> bool:
        if self._count is not None and self._lines != self._count:
            return False
        return tuple(self._recent) == self._last

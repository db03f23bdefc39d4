"""Long work on the loop, in pieces: between one and the next the loop turns, so that the window goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Sequence
from time import perf_counter
from typing import Final, TypeVar

T = TypeVar("T")

PIECE: Final = 100
"""So many tasks are read, or compared with what is known, in about a millisecond."""

_TURN_S: Final = 0.004


async def in_pieces(values: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """`values` some at a time; between one piece and the next the loop turns."""
    for first in range(0, len(values), PIECE):
        if first:
            await asyncio.sleep(0)
        yield values[first : first + PIECE]


async def in_turns(steps: Generator[None, None, T]) -> T:
    """What `steps`, of a millisecond or so each, come to; every few of them the loop turns."""
    until = perf_counter() + _TURN_S
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value
        if perf_counter() > until:
            await asyncio.sleep(0)
            until = perf_counter() + _TURN_S

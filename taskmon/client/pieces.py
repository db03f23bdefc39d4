"""Long work on the loop, in pieces: between one and the next the loop turns, so that the window goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

PIECE: Final = 100
"""So many tasks are read, or compared with what is known, in about a millisecond."""


async def in_pieces(values: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """`values` some at a time; between one piece and the next the loop turns."""
    for first in range(0, len(values), PIECE):
        if first:
            await asyncio.sleep(0)
        yield values[first : first + PIECE]

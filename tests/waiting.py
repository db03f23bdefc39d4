"""Waiting for something to become true, with a deadline instead of a guess."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

STEP_S = 0.01
PATIENCE_S = 30.0
"""Long, for a machine may have much else to do; whoever waits for what comes pays nothing for it."""


def until(condition: Callable[[], T | None], within_s: float = PATIENCE_S, what: str = "") -> T:
    """The first true answer of `condition`; fails with `what` when there is none within `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(what or f"{condition} did not become true within {within_s} s")
        time.sleep(STEP_S)
    return answer


@overload
async def until_async(condition: Callable[[], Awaitable[T | None]], within_s: float = ..., what: str = ...) -> T: ...
@overload
async def until_async(condition: Callable[[], T | None], within_s: float = ..., what: str = ...) -> T: ...
async def until_async(condition: Callable[[], Any], within_s: float = PATIENCE_S, what: str = "") -> Any:
    """Like `until`, without blocking the loop; `condition` may be a coroutine function."""
    deadline = time.monotonic() + within_s
    while True:
        answer = condition()
        if value := await answer if hasattr(answer, "__await__") else answer:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(what or f"{condition} did not become true within {within_s} s")
        await asyncio.sleep(STEP_S)

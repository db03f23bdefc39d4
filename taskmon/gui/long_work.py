"""Work over very many things, such as another filter or order, in steps between which the window turns to others."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")


class LongWork(Generic[T]):
    """What has begun, in the order in which it began; `done` hears what each came to."""

    def __init__(self, done: Callable[[T], None]) -> None:
        self._done = done
        self._jobs: dict[str, Generator[None, None, T]] = {}

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def begin(self, name: str, steps: Generator[None, None, T]) -> None:
        """Newer work of a name replaces older."""
        self._jobs.pop(name, None)
        self._jobs[name] = steps

    def go_on(self, seconds: float) -> None:
        """Steps for so long, and the rest of the last one."""
        until = perf_counter() + seconds
        while self._jobs:
            name = next(iter(self._jobs))
            try:
                next(self._jobs[name])
            except StopIteration as end:
                del self._jobs[name]
                self._done(end.value)
            except BaseException:
                del self._jobs[name]  # a second attempt would take it for done
                raise
            if perf_counter() > until:
                return

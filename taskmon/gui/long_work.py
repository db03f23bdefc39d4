"""Work over very many things, such as another filter or order, in steps between which the window turns to others."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")


class Portions(NamedTuple):
    """How much the table of tasks does before the window turns to others: numbers of tasks, and times [s]."""

    taken: int = 100
    """News taken over at a time, so that a large page never costs the window more than a few milliseconds."""

    gathered_s: float = 0.05
    """For so long news are gathered: to put the rows of one portion where they belong takes as long as those of ten."""

    at_once: int = 5_000
    """A list of so many is filtered, sorted and grouped without turning to anything else; a longer one for `slice_s` at
    a time, in steps of which none takes longer than that."""

    slice_s: float = 0.006
    judged: int = 8_192
    """In one step of a filter, and `judged_singly` in one of a filter for which Python has to look at each task."""

    judged_singly: int = 2_048
    read: int = 2_000
    """In one step of reading what they are sorted and grouped by."""

    sorted: int = 131_072
    """In one step of putting them in order."""


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

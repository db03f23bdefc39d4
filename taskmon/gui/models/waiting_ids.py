"""Ids of tasks that wait to be looked at, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterable


class WaitingIds:
    """Each waits once, unless its turn is near already: then it is looked at twice. A hundred thousand that have had
    their turn leave no room taken and no gaps to walk over."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._later = dict.fromkeys(ids)
        self._next: list[str] = []  # the first one last

    def __bool__(self) -> bool:
        return bool(self._later or self._next)

    def add(self, ids: Iterable[str]) -> None:
        self._later.update(dict.fromkeys(ids))

    def take(self, count: int) -> list[str]:
        """The first `count` at most; they wait no more."""
        if not self._next:
            self._next, self._later = [*reversed(self._later)], {}
        taken = self._next[: -count - 1 : -1]
        del self._next[-count:]
        return taken

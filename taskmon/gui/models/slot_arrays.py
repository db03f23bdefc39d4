"""Arrays by slot, and how they are ordered. A slot is a small number that stays the same as long as its task exists.

This needs numpy; whoever imports it does so when the first task arrives, not at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
Key = Callable[[Slots], Array]
"""Gives the values of slots."""

_RADIX: Final = 1 << 16
"""So many different small numbers are sorted without comparing them."""

_SAMPLE: Final = 64
"""So many slots for each part are looked at to find where the parts begin."""


def no_slots() -> Slots:
    """None at all."""
    return np.empty(0, dtype=np.intp)


def slots_of(numbers: Iterable[int]) -> Slots:
    """Different numbers as slots in growing order."""
    return np.array(sorted(numbers), dtype=np.intp)


def grown(array: Array, size: int, filling: float) -> Array:
    """`array` with room for at least `size` elements; grows by a half."""
    if size <= len(array):
        return array
    larger = np.full(max(size, 3 * len(array) // 2, 64), filling, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def distinct(slots: Slots) -> Slots:
    """`slots` in growing order, each once. `np.unique` does it too, but loads numpy's masked arrays for it."""
    ordered = np.sort(slots)
    first: Flags = np.diff(ordered, prepend=-1) != 0
    return ordered[first]


def downwards(values: Floats) -> Floats:
    """Values for the other direction, in which blanks, which are infinite, come last too."""
    return np.where(np.isinf(values), np.inf, -values)


def in_order(slots: Slots, keys: Sequence[Key]) -> Slots:
    """`slots` sorted by the first of `keys`, those that are equal in it by the next one, and so on.

    What is equal in all keys stands together in no certain order.
    """
    return slots[_ordering(slots, keys)]


def in_order_by_parts(slots: Slots, keys: Sequence[Key], part: int) -> Generator[None, None, Slots]:
    """As `in_order`, step by step: the slots are dealt out to parts, of which none comes before the one before it, and
    each part of `part` slots at most is sorted by itself. What `keys` give must not change meanwhile."""
    if len(slots) <= part or not keys:
        return in_order(slots, keys) if keys else slots
    apart = max(1, part // _SAMPLE)
    limits = np.sort(keys[0](slots[::apart]))[:: max(1, part // apart)]
    limits = limits[np.append(True, limits[1:] != limits[:-1])]
    dealt: list[list[Slots]] = [[] for _ in range(2 * len(limits) + 1)]
    for first in range(0, len(slots), part):
        for known, more in zip(dealt, _dealt_out(slots[first : first + part], keys[0], limits), strict=True):
            known.append(more)
        yield
    ordered = []
    for number, pieces in enumerate(dealt):
        # Those that are equal to a limit, every second part, differ in the other keys only.
        ordered.append((yield from in_order_by_parts(np.concatenate(pieces), keys[number % 2 :], part)))
        yield
    return np.concatenate(ordered)


def _dealt_out(slots: Slots, key: Key, limits: Array) -> list[Slots]:
    """Those of `slots` before the first of `limits`, those equal to it, those between it and the next, and so on."""
    values = key(slots)
    place = np.searchsorted(limits, values)
    number = (2 * place + (values == limits[np.minimum(place, len(limits) - 1)])).astype(np.uint16)
    sizes = np.bincount(number, minlength=2 * len(limits) + 1)
    return np.split(slots[np.argsort(number, kind="stable")], np.cumsum(sizes)[:-1])


def _ordering(slots: Slots, keys: Sequence[Key]) -> Slots:
    values = keys[0](slots)
    order = np.argsort(values)
    values = values[order]
    same: Flags = values[1:] == values[:-1]
    if len(keys) > 1 and same.any():
        tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
        equals = order[tied]
        inner = _ordering(slots[equals], keys[1:])
        number = np.cumsum(~same[np.maximum(tied - 1, 0)])[inner]
        if number.max() < _RADIX:
            number = number.astype(np.uint16)
        order[tied] = equals[inner[np.argsort(number, kind="stable")]]
    return order

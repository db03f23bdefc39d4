"""Arrays by slot, and how they are ordered. A slot is a small number that stays the same as long as its task exists.

This needs numpy; whoever imports it does so when the first task arrives, not at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

_RADIX = 1 << 16
"""So many different small numbers are sorted without comparing them."""


def no_slots() -> Slots:
    """None at all."""
    return np.empty(0, dtype=np.intp)


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


def in_order(slots: Slots, keys: Sequence[Callable[[Slots], Array]]) -> Slots:
    """`slots` sorted by the first of `keys`, those that are equal in it by the next one, and so on.

    Each key gives the values of slots. What is equal in all keys stands together in no certain order.
    """
    return slots[_ordering(slots, keys)]


def _ordering(slots: Slots, keys: Sequence[Callable[[Slots], Array]]) -> Slots:
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

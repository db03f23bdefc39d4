"""The order of many texts at once: by their first bytes as numbers, and letter by letter only where those are equal."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
import numpy.typing as npt

_WORD: Final = 8
_BYTES: Final = 8 * _WORD
_WORDS_USED: Final = 2
_RUN: Final = 5000


def text_order(texts: list[str]) -> Generator[None, None, npt.NDArray[np.intp]]:
    """The indices of `texts` in the order in which `sorted` puts them, in steps of a few milliseconds."""
    words = _first_words(texts)
    yield
    order = np.lexsort(words.T[::-1])
    yield
    ordered = words[order]
    same = np.zeros(len(texts) + 1, dtype=np.bool_)
    same[1:-1] = (ordered[1:] == ordered[:-1]).all(axis=1)
    undecided = np.flatnonzero(same[1:] | same[:-1])
    if len(undecided):
        order[undecided] = yield from _letter_by_letter(order[undecided].tolist(), texts)
    return order


def _first_words(texts: list[str]) -> npt.NDArray[np.uint64]:
    """One row of numbers per text: no row is greater than that of a text that comes later.

    Words in which all texts agree say nothing; the first ones in which they differ do.
    """
    try:
        raw = np.array(texts, dtype=f"S{_BYTES}")
    except UnicodeEncodeError:  # UTF-8 sorts as the characters do
        raw = np.array([text.encode("utf-8", "surrogatepass") for text in texts], dtype=f"S{_BYTES}")
    words = raw.view(np.uint64).reshape(len(texts), -1)
    differing = np.flatnonzero((words != words[:1]).any(axis=0))[:_WORDS_USED]
    return words[:, differing if len(differing) else [0]].view(">u8").astype(np.uint64)


def _letter_by_letter(indices: list[int], texts: list[str]) -> Generator[None, None, list[int]]:
    for length in (_RUN, 5 * _RUN, len(indices)):  # from the second time on it merges what is sorted already
        longer: list[int] = []
        for first in range(0, len(indices), length):
            longer += sorted(indices[first : first + length], key=texts.__getitem__)
            yield
        indices = longer
    return indices

"""Rules that colour what a person wants to see in every log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

COLOURS: Final = ("blue", "orange", "green", "purple", "cyan", "red", "yellow", "grey")
"""Names of the theme's `series` colours, in their order."""


@dataclass(frozen=True, slots=True)
class HighlightRule:
    """`colour` is a place in COLOURS. `regex` False looks for the text as it is written."""

    pattern: str
    colour: int = 0
    regex: bool = False
    case_sensitive: bool = False
    enabled: bool = True


class Highlight(NamedTuple):
    """A rule ready for painting: the places (start, end) in a shown text, and the colour."""

    find_spans: Callable[[str], list[tuple[int, int]]]
    colour: int

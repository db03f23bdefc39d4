"""Where the panels of a chart stand: the log's series first and large, what the machine did below them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.gui.widgets.chart_curves import Panel

_LARGE_WIDTH: Final = 280
_SMALL_WIDTH: Final = 210
_LARGE_HEIGHT: Final = 130
_SMALL_HEIGHT: Final = 100
_NEXT_ROW_SHOWS: Final = 34
"""Of a row that does not fit, so much stays in sight: it tells that there is more below."""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """Panels side by side; `height` in pixels."""

    panels: tuple[Panel, ...]
    height: int


def chart_rows(panels: Sequence[Panel], width: int, height: int) -> tuple[ChartRow, ...]:
    """The rows, from the top, for an area of `width` by `height` pixels. Much needs more height than that."""
    large = [panel for panel in panels if panel.large]
    small = [panel for panel in panels if not panel.large]
    large_rows, small_rows = _in_rows(large, width // _LARGE_WIDTH), _in_rows(small, width // _SMALL_WIDTH)
    if not large:
        large_rows, small_rows = small_rows, []
    large_height, small_height = _heights(len(large_rows), len(small_rows), height)
    return (
        *(ChartRow(row, large_height) for row in large_rows),
        *(ChartRow(row, small_height) for row in small_rows),
    )


def _in_rows(panels: Sequence[Panel], columns: int) -> list[tuple[Panel, ...]]:
    """As few rows as `columns` allow, as equally long as can be."""
    if not panels:
        return []
    rows = math.ceil(len(panels) / max(1, columns))
    length = math.ceil(len(panels) / rows)
    return [tuple(panels[start : start + length]) for start in range(0, len(panels), length)]


def _heights(large_rows: int, small_rows: int, height: int) -> tuple[int, int]:
    """Of a row of either kind. What is left over goes to the large ones twice as much as to the small ones."""
    spare = height - large_rows * _LARGE_HEIGHT - small_rows * _SMALL_HEIGHT
    if spare >= 0:
        share = spare // max(1, 2 * large_rows + small_rows)
        return _LARGE_HEIGHT + 2 * share, _SMALL_HEIGHT + share
    shown = height if large_rows + small_rows == 1 else height - _NEXT_ROW_SHOWS
    return max(_LARGE_HEIGHT, shown // max(1, large_rows)), _SMALL_HEIGHT

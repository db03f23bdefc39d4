"""The words of a chart: the numbers along its axes, none of them twice, and a title that fits its plot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from taskmon.core.units import duration_text, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.gui.widgets.chart_curves import Panel

Piece = tuple[int | None, str]
"""A part of a title: the place of the curve that colours it (None: the panel's name), and its words."""


def percent_text(value: float) -> str:
    return f"{value:.0f} %"


def rate_text(value: float) -> str:
    return f"{size_text(value)}/s"


def number_text(value: float) -> str:
    """`3.1e-06`, `0.25`, `1,042`."""
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:,.4g}" if not float(value).is_integer() else f"{value:,.0f}"


def elapsed_text(seconds: float) -> str:
    """A time on the axis: `40 s` within the first minute, `01:02:00` later."""
    if seconds < 0:
        return ""
    return f"{seconds:g} s" if seconds < 60 else duration_text(seconds)


_STEPS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_PIXELS_PER_TICK: Final = 60
_PIXELS_PER_VALUE: Final = 24
_MOST_VALUES: Final = 6
_MOST_DIGITS: Final = 15


def elapsed_step(span: float, pixels: float) -> float:
    """Seconds between the ticks of a time axis: a step that people count in, with room for its text."""
    wanted = span * _PIXELS_PER_TICK / max(1.0, pixels)
    return next((float(step) for step in _STEPS if step >= wanted), math.ceil(wanted / 86400) * 86400.0)


def value_step(span: float, pixels: float) -> float:
    """Between the ticks of a value axis: 1, 2 or 5 times a power of ten, with room for its text."""
    wanted = span * max(_PIXELS_PER_VALUE / max(1.0, pixels), 1 / _MOST_VALUES)
    if wanted <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * 0.999)


def tick_texts(values: Sequence[float], words: Callable[[float], str]) -> list[str]:
    """A text for each tick: more digits where two would read alike, and none twice."""
    texts = [words(value) for value in values]
    if words is number_text:
        for digits in range(5, _MOST_DIGITS + 1):
            if len(set(texts)) == len(texts):
                break
            texts = [f"{value:,.{digits}g}" for value in values]
    return [text if text not in texts[:place] else "" for place, text in enumerate(texts)]


def title_pieces(panel: Panel) -> list[Piece]:
    """The panel's name, and each curve's name and latest value: legend and reading in one."""
    pieces: list[Piece] = [(None, panel.title)] if panel.title else []
    for place, curve in enumerate(panel.curves):
        latest = panel.words(curve.y[-1]) if len(curve.y) else ""
        name = curve.name if len(panel.curves) > 1 or not panel.title else ""
        pieces.append((place, f"{name} {latest}".strip()))
    return pieces


def fitted_pieces(
    panel: Panel, room: float, width_of: Callable[[str], float], cut: Callable[[str, float], str]
) -> list[Piece]:
    """The pieces of a title in `room` pixels: values give way before the names that tell curves apart.

    `width_of` measures a text with the gap after it, `cut` elides one to so many pixels.
    """
    pieces = title_pieces(panel)
    if sum(width_of(text) for _, text in pieces) <= room:
        return pieces
    if len(panel.curves) > 1:
        pieces = [(place, panel.curves[place].name if place is not None else text) for place, text in pieces]
    rest = room - sum(width_of(text) for _, text in pieces[1:])
    place, first = pieces[0]
    return [(place, cut(first, max(0.0, rest))), *pieces[1:]]

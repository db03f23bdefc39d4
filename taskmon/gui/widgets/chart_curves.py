"""What a chart shows, as values: panels of curves, the words for their numbers, and their reduction to pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from taskmon.core.units import duration_text, size_text
from taskmon.core.usage import rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from taskmon.core.usage import UsageSeries

Points = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Curve:
    """One line of a chart: a name and its points, x ascending."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Curves that share their axes. `timed`: x is in seconds since the start, shared with all timed panels.

    `words` turns a value of y into text; `from_zero` keeps zero in the picture.
    """

    key: str
    title: str
    curves: tuple[Curve, ...]
    words: Callable[[float], str]
    timed: bool = True
    from_zero: bool = True
    logarithmic: bool = False


def usage_panels(usage: UsageSeries) -> tuple[Panel, ...]:
    """Processor, memory and disk of a task."""
    times = usage.times
    return (
        Panel("cpu", "CPU", (Curve("CPU", times, usage.cpu_percent),), percent_text),
        Panel("memory", "Memory", (Curve("memory", times, usage.memory_bytes),), size_text),
        Panel(
            "disk",
            "Disk",
            (
                Curve("read", times, rates(times, usage.disk_read)),
                Curve("written", times, rates(times, usage.disk_written)),
            ),
            rate_text,
        ),
    )


def series_panel(series: Mapping[str, Points], *, timed: bool, logarithmic: bool) -> Panel:
    """The number series of a log in one panel."""
    curves = tuple(Curve(name, x, y) for name, (x, y) in series.items())
    return Panel("series", "", curves, number_text, timed, from_zero=False, logarithmic=logarithmic)


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


def elapsed_step(span: float, pixels: float) -> float:
    """Seconds between the ticks of a time axis: a step that people count in, with room for its text."""
    wanted = span * _PIXELS_PER_TICK / max(1.0, pixels)
    return next((float(step) for step in _STEPS if step >= wanted), math.ceil(wanted / 86400) * 86400.0)


def csv_text(panels: Sequence[Panel]) -> str:
    """All points of the panels, one per line: `curve,x,value`."""
    lines = ["curve,x,value"]
    for panel in panels:
        for curve in panel.curves:
            name = f"{panel.title} {curve.name}" if panel.key == "disk" else curve.name
            quoted = '"' + name.replace('"', '""') + '"' if any(mark in name for mark in ',"\n') else name
            lines.extend(f"{quoted},{x:.10g},{y:.10g}" for x, y in zip(curve.x, curve.y, strict=False))
    return "\n".join(lines) + "\n"


_POINTS_PER_COLUMN: Final = 2


def reduced(
    x: NDArray[Any], y: NDArray[Any], columns: int, left: float = -math.inf, right: float = math.inf
) -> tuple[NDArray[Any], NDArray[Any]]:
    """At most two points per pixel column between `left` and `right`, the lowest and the highest: the same picture.

    One point beyond either side is kept, so that lines run out of the picture.
    """
    import numpy as np

    first = max(0, int(np.searchsorted(x, left, side="left")) - 1)
    last = min(len(x), int(np.searchsorted(x, right, side="right")) + 1)
    x, y = x[first:last], y[first:last]
    columns = max(1, columns)
    if len(x) <= _POINTS_PER_COLUMN * columns:
        return x, y
    size = -(-len(x) // columns)
    whole = len(x) // size * size
    lows = _extremes(y, size, whole, np.fmin)
    highs = _extremes(y, size, whole, np.fmax)
    starts = x[::size][: len(lows)]
    reduced_y = np.empty(2 * len(lows), dtype=float)
    reduced_y[0::2], reduced_y[1::2] = lows, highs
    return np.repeat(starts, 2), reduced_y


def _extremes(y: NDArray[Any], size: int, whole: int, extreme: Any) -> NDArray[Any]:
    """The extreme of every `size` values and of the rest; values that are no numbers lose."""
    import numpy as np

    found = extreme.reduce(y[:whole].reshape(-1, size), axis=1)
    return np.append(found, extreme.reduce(y[whole:])) if whole < len(y) else found

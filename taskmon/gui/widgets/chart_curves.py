"""What a chart shows, as values: panels of curves, and their reduction to pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from taskmon.core.units import size_text
from taskmon.core.usage import rates
from taskmon.gui.widgets.chart_texts import number_text, percent_text, rate_text

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

    `words` turns a value of y into text; `from_zero` keeps zero in the picture, and at least `least` above it.
    `colour` is the place of the first curve's colour in the theme's series; `large` ones come first, with more room.
    """

    key: str
    title: str
    curves: tuple[Curve, ...]
    words: Callable[[float], str]
    timed: bool = True
    from_zero: bool = True
    least: float = 0.0
    logarithmic: bool = False
    colour: int = 0
    large: bool = False


def usage_panels(usage: UsageSeries) -> tuple[Panel, ...]:
    """Processor, memory and disk of a task."""
    times = usage.times
    read = Curve("read", times, rates(times, usage.disk_read))
    written = Curve("written", times, rates(times, usage.disk_written))
    return (
        Panel("cpu", "CPU", (Curve("CPU", times, usage.cpu_percent),), percent_text, least=10.0),
        Panel("memory", "Memory", (Curve("memory", times, usage.memory_bytes),), size_text, least=1e6, colour=1),
        Panel("disk", "Disk", (read, written), rate_text, least=1e3, colour=2),
    )


def series_key(name: str) -> str:
    """The key of the panel that shows the series `name`."""
    return f"series {name}"


def falls_by_decades(y: Sequence[float]) -> bool:
    """Whether values fall to a hundredth of their largest or lower and stay above zero, as residuals do.

    On a linear axis all that matters of them would lie on the bottom line.
    """
    import numpy as np

    values = np.array(y, dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return False
    top, bottom = int(values.argmax()), int(values.argmin())
    return top < bottom and bool(0 < values[bottom] <= values[top] / 100)


def series_panels(series: Mapping[str, Points], *, logarithmic: bool | None = None) -> tuple[Panel, ...]:
    """The number series of a log, each with an axis of its own: their magnitudes have nothing to do with each other.

    `logarithmic`: whether all axes are; None lets the values of each decide.
    """
    return tuple(
        Panel(
            series_key(name),
            name,
            (Curve(name, x, y),),
            number_text,
            timed=False,
            from_zero=False,
            logarithmic=falls_by_decades(y) if logarithmic is None else logarithmic,
            colour=place,
            large=True,
        )
        for place, (name, (x, y)) in enumerate(series.items())
    )


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

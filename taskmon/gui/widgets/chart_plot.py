"""One panel on the screen: its axes, its curves, its title."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from taskmon.gui.theme import ui_font
from taskmon.gui.widgets.chart_curves import reduced
from taskmon.gui.widgets.chart_texts import (
    elapsed_step,
    elapsed_text,
    fitted_pieces,
    tick_texts,
    title_pieces,
    value_step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.chart_curves import Curve, Panel

_FILL_ALPHA: Final = 28
_GRID_ALPHA: Final = 0.12
_HEADROOM: Final = 0.08
_EQUAL_SHARE: Final = 200.0
_TEXT_OVERHANG: Final = 12
_TITLE_HEIGHT: Final = 20
_TITLE_GAP: Final = "  "
_TITLE_SIZE: Final = 9.0
_SAME: Final = 0.01
"""Ends of two series that grow live differ by a few points."""


class ChartAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose first and last text may stand out a little beyond its ends: else zero would be missing."""

    def boundingRect(self) -> QRectF:
        across, along = (0, _TEXT_OVERHANG) if self.orientation == "left" else (_TEXT_OVERHANG, 0)
        found: QRectF = super().boundingRect()
        return found.adjusted(-across, -along, across, along)


def chart_axes() -> dict[str, ChartAxis]:
    """The axes to make a plot with."""
    return {side: ChartAxis(side) for side in ("left", "bottom")}


class ChartPlot:
    """Draws one panel with a pyqtgraph plot `item`. While `zoomed`, new points do not move the picture."""

    def __init__(self, item: Any, panel: Panel, theme: Theme) -> None:
        self.item = item
        self.panel = panel
        self.zoomed = False
        self.crosshair = pg.InfiniteLine(angle=90, movable=False, pen=pg.mkPen(theme.muted, width=1))
        self._theme = theme
        self._shown: dict[str, Any] = {}
        self._data: dict[str, tuple[Any, Any]] = {}
        self._fitting = False
        self._dress()
        self.crosshair.setVisible(False)
        item.addItem(self.crosshair, ignoreBounds=True)
        item.vb.sigXRangeChanged.connect(lambda *_: self._draw())
        item.vb.sigResized.connect(lambda *_: self._resized())
        self.show_panel(panel)

    def show_panel(self, panel: Panel) -> None:
        """New points of the panel."""
        self.panel = panel
        for name in set(self._shown) - {curve.name for curve in panel.curves}:
            self.item.removeItem(self._shown.pop(name))
        self._data = {}
        for place, curve in enumerate(panel.curves):
            self._data[curve.name] = _arrays(curve, logarithmic=panel.logarithmic)
            if curve.name not in self._shown:
                self._shown[curve.name] = self._new_curve(panel.colour + place)
        self._show_title()
        if not self.zoomed:
            self._fitting = True
            self.fit()
            self._fitting = False
        self._draw()

    def fit(self) -> None:
        """Brings all points into the picture."""
        xs = [x for x, _ in self._data.values() if len(x)]
        ends = [(np.fmin.reduce(y), np.fmax.reduce(y)) for _, y in self._data.values() if len(y)]
        ends = [(low, high) for low, high in ends if math.isfinite(low) and math.isfinite(high)]
        if not xs:
            return
        left = 0.0 if self.panel.timed else min(float(x[0]) for x in xs)
        right = max(float(x[-1]) for x in xs)
        self.item.setXRange(left, right if right > left else left + 1, padding=0.01)
        if not ends:
            return
        low, high = min(float(low) for low, _ in ends), max(float(high) for _, high in ends)
        if self.panel.logarithmic:
            low, high = math.log10(low), math.log10(high)
        if self.panel.from_zero or low == high == 0.0:
            low, high = min(0.0, low), max(high, self.panel.least) or 1.0
        span = (high - low) or abs(high)
        bottom = low if low == 0.0 else low - span * _HEADROOM
        self.item.setYRange(bottom, high + span * _HEADROOM, padding=0)

    def values_at(self, x: float) -> Iterator[str]:
        """Each curve's name and its value nearest to x; curves without a number there are left out."""
        for name, (xs, ys) in self._data.items():
            if not len(xs):
                continue
            place = min(int(np.searchsorted(xs, x)), len(xs) - 1)
            if place > 0 and x - xs[place - 1] < xs[place] - x:
                place -= 1
            if math.isfinite(ys[place]):
                yield f"{name} {self.panel.words(float(ys[place]))}"

    def shares_axis(self, other: ChartPlot) -> bool:
        """Whether x means the same in both: time, or steps over the same range."""
        if self is other or self.panel.timed or other.panel.timed:
            return self is other or (self.panel.timed and other.panel.timed)
        return all(math.isclose(*ends, rel_tol=_SAME) for ends in zip(self._ends(), other._ends(), strict=True))

    def _ends(self) -> tuple[float, float]:
        xs = [x for x, _ in self._data.values() if len(x)]
        return (min(float(x[0]) for x in xs), max(float(x[-1]) for x in xs)) if xs else (math.nan, math.nan)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        item, panel = self.item, self.panel
        item.setMinimumSize(0, 0)
        item.setPreferredSize(_EQUAL_SHARE, _EQUAL_SHARE)
        item.hideButtons()
        item.setMenuEnabled(False)
        item.showGrid(x=True, y=True, alpha=_GRID_ALPHA)
        item.disableAutoRange()
        item.titleLabel.updateMin = lambda: None  # a long title is cut; it must not widen its panel
        item.titleLabel.setMinimumWidth(0)
        item.setLogMode(x=False, y=panel.logarithmic)
        for side in ("left", "bottom"):
            self._dress_axis(item.getAxis(side))
        left, bottom = item.getAxis("left"), item.getAxis("bottom")
        left.setWidth(66)
        if panel.timed:
            bottom.tickStrings = lambda values, _scale, _step: [elapsed_text(value) for value in values]
            bottom.tickSpacing = lambda low, high, size: [(elapsed_step(high - low, size), 0)]
        left.tickStrings = lambda values, _scale, _step: tick_texts(
            [10.0**value for value in values] if panel.logarithmic else values, panel.words
        )
        if not panel.logarithmic:  # one level of ticks, all with texts
            left.tickSpacing = lambda low, high, size: [(value_step(high - low, size), 0)]

    def _dress_axis(self, axis: Any) -> None:
        axis.setPen(pg.mkPen(self._theme.faint, width=1))
        axis.setTextPen(pg.mkPen(self._theme.muted))
        axis.setTickFont(ui_font(8.5))
        axis.setStyle(tickLength=-4, tickTextOffset=5)
        axis.enableAutoSIPrefix(False)

    def _colour(self, place: int) -> str:
        return self._theme.series[place % len(self._theme.series)]

    def _new_curve(self, place: int) -> Any:
        colour = QColor(self._colour(place))
        options: dict[str, Any] = {"pen": pg.mkPen(colour, width=1), "skipFiniteCheck": False, "connect": "finite"}
        if len(self.panel.curves) == 1 and self.panel.from_zero:
            fill = QColor(colour)
            fill.setAlpha(_FILL_ALPHA)
            options |= {"fillLevel": 0, "brush": fill}
        return self.item.plot(**options)

    def _show_title(self) -> None:
        """The panel's name, and each curve's latest value in its colour; what does not fit is in the tooltip."""
        panel, label = self.panel, self.item.titleLabel
        metrics = QFontMetricsF(ui_font(_TITLE_SIZE, strong=True))
        pieces = fitted_pieces(
            panel,
            self.item.vb.width(),
            lambda text: metrics.horizontalAdvance(text + _TITLE_GAP),
            lambda text, room: metrics.elidedText(text, Qt.TextElideMode.ElideRight, room),
        )
        words = [
            f"<b style='color:{self._theme.text}'>{escape(text)}</b>"
            if place is None
            else f"<span style='color:{self._colour(panel.colour + place)}'>{escape(text)}</span>"
            for place, text in pieces
        ]
        self.item.setTitle("&nbsp;&nbsp;".join(words), size="9pt", justify="left")
        self.item.layout.setRowFixedHeight(0, _TITLE_HEIGHT)
        label.item.setFont(ui_font(_TITLE_SIZE))
        label.item.setToolTip(escape(_TITLE_GAP.join(text for _, text in title_pieces(panel))))

    def _draw(self) -> None:
        """Hands the visible part to pyqtgraph, at most two points per pixel column."""
        if self._fitting:
            return
        (left, right), _ = self.item.vb.viewRange()
        columns = int(self.item.vb.width()) or 400
        for name, (x, y) in self._data.items():
            if name in self._shown:
                self._shown[name].setData(*reduced(x, y, columns, left, right))

    def _resized(self) -> None:
        self._draw()
        self._show_title()


def _arrays(curve: Curve, *, logarithmic: bool) -> tuple[Any, Any]:
    """The points as arrays of one length; what a logarithm cannot show becomes a gap."""
    count = min(len(curve.x), len(curve.y))
    x, y = np.asarray(curve.x[:count], dtype=float), np.asarray(curve.y[:count], dtype=float)
    y = np.where(np.isfinite(y), y, np.nan)
    return (x, np.where(y > 0, y, np.nan)) if logarithmic else (x, y)

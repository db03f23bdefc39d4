"""The plots themselves, by pyqtgraph. Imported when the first chart is shown: it costs more than the whole window."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QColor, QImage

from taskmon.core.units import duration_text
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.chart_curves import elapsed_step, elapsed_text, number_text, reduced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.chart_curves import Curve, Panel

_FILL_ALPHA: Final = 28
_GRID_ALPHA: Final = 0.12
_WIDE: Final = 1.5
_HEADROOM: Final = 0.08
_EQUAL_SHARE: Final = 200.0


@dataclass
class _Plot:
    """One panel on the screen. `data` are whole arrays by curve name; `shown` the items that draw them."""

    panel: Panel
    item: Any
    crosshair: Any
    shown: dict[str, Any] = field(default_factory=dict)
    data: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    zoomed: bool = False
    fitting: bool = False


class ChartPlots(QObject):
    """Draws panels side by side, or one below the other where there is more height than width."""

    pointed_at = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._panels: tuple[Panel, ...] = ()
        self._plots: dict[str, _Plot] = {}
        self._wide = True
        self._area: Any = pg.GraphicsLayoutWidget()
        self._area.setFrameShape(self._area.Shape.NoFrame)
        self._area.ci.setContentsMargins(6, 4, 10, 2)
        self._area.ci.setSpacing(10)
        self._area.setAccessibleName("Charts")
        self._area.scene().sigMouseMoved.connect(self._point_at)

    @property
    def widget(self) -> QWidget:
        return self._area  # type: ignore[no-any-return]

    def set_theme(self, theme: Theme) -> None:
        """Draws everything anew in other colours."""
        self._theme = theme
        self._area.setBackground(theme.surface)
        self._rebuild()

    def show_panels(self, panels: Sequence[Panel]) -> None:
        """Shows these panels; those that were there before keep their zoom."""
        same = [(p.key, p.logarithmic, p.timed) for p in panels] == [
            (p.key, p.logarithmic, p.timed) for p in self._panels
        ]
        self._panels = tuple(panels)
        if not same:
            self._rebuild()
        for panel in self._panels:
            self._update(self._plots[panel.key], panel)

    def fit_shape(self, width: int, height: int) -> None:
        """Arranges the panels for an area of this shape."""
        wide = width > height * _WIDE
        if wide != self._wide:
            self._wide = wide
            self._rebuild()

    def fit_data(self) -> None:
        """Shows all points again after zooming."""
        for plot in self._plots.values():
            plot.zoomed = False
            self._fit(plot)

    def image(self) -> QImage:
        """The plots as they are on the screen."""
        return self.widget.grab().toImage()

    # -- building -------------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        self._area.ci.clear()
        self._plots = {}
        self._area.ci.layout.setHorizontalSpacing(10)
        for place, panel in enumerate(self._panels):
            row, column = (0, place) if self._wide else (place, 0)
            item = self._area.addPlot(row, column)
            item.setMinimumWidth(0)
            item.setPreferredWidth(_EQUAL_SHARE)
            item.setPreferredHeight(_EQUAL_SHARE)
            self._dress(item, panel)
            crosshair = pg.InfiniteLine(angle=90, movable=False, pen=pg.mkPen(self._theme.muted, width=1))
            crosshair.setVisible(False)
            item.addItem(crosshair, ignoreBounds=True)
            plot = _Plot(panel, item, crosshair)
            self._plots[panel.key] = plot
            item.vb.sigRangeChangedManually.connect(lambda *_, plot=plot: self._zoomed(plot))
            item.vb.sigXRangeChanged.connect(lambda *_, plot=plot: self._draw(plot))
            item.vb.sigResized.connect(lambda *_, plot=plot: self._draw(plot))
            self._update(plot, panel)

    def _dress(self, item: Any, panel: Panel) -> None:
        theme = self._theme
        item.hideButtons()
        item.setMenuEnabled(False)
        item.showGrid(x=True, y=True, alpha=_GRID_ALPHA)
        item.disableAutoRange()
        item.titleLabel.updateMin = lambda: None  # a long title is cut; it must not widen its panel
        item.titleLabel.setMinimumWidth(0)
        item.setLogMode(x=False, y=panel.logarithmic)
        font = ui_font(8.5)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(theme.faint, width=1))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setTickFont(font)
            axis.setStyle(tickLength=-4, tickTextOffset=5)
        item.getAxis("left").setWidth(66)
        item.getAxis("left").enableAutoSIPrefix(False)
        item.getAxis("bottom").enableAutoSIPrefix(False)
        if panel.timed:
            bottom = item.getAxis("bottom")
            bottom.tickStrings = lambda values, _scale, _step: [elapsed_text(value) for value in values]
            bottom.tickSpacing = lambda low, high, size: [(elapsed_step(high - low, size), 0)]
        item.getAxis("left").tickStrings = lambda values, _scale, _step: [
            panel.words(10.0**value if panel.logarithmic else value) for value in values
        ]

    # -- drawing --------------------------------------------------------------------------------------------------

    def _colour(self, place: int) -> str:
        return self._theme.series[place % len(self._theme.series)]

    def _update(self, plot: _Plot, panel: Panel) -> None:
        plot.panel = panel
        for name in set(plot.shown) - {curve.name for curve in panel.curves}:
            plot.item.removeItem(plot.shown.pop(name))
        plot.data = {}
        offset = ("cpu", "memory", "disk", "series").index(panel.key) if panel.key != "series" else 0
        for place, curve in enumerate(panel.curves):
            plot.data[curve.name] = _arrays(curve, logarithmic=panel.logarithmic)
            if curve.name not in plot.shown:
                plot.shown[curve.name] = self._new_curve(plot, offset + place)
        self._show_title(plot, offset)
        if not plot.zoomed:
            plot.fitting = True
            self._fit(plot)
            plot.fitting = False
        self._draw(plot)

    def _new_curve(self, plot: _Plot, place: int) -> Any:
        colour = QColor(self._colour(place))
        options: dict[str, Any] = {"pen": pg.mkPen(colour, width=1), "skipFiniteCheck": False, "connect": "finite"}
        if len(plot.panel.curves) == 1 and plot.panel.from_zero:
            fill = QColor(colour)
            fill.setAlpha(_FILL_ALPHA)
            options |= {"fillLevel": 0, "brush": fill}
        return plot.item.plot(**options)

    def _show_title(self, plot: _Plot, offset: int) -> None:
        """The panel's name, and each curve's latest value in its colour: legend and reading in one."""
        panel, theme = plot.panel, self._theme
        parts = [f"<b style='color:{theme.text}'>{escape(panel.title)}</b>"] if panel.title else []
        for place, curve in enumerate(panel.curves):
            latest = panel.words(curve.y[-1]) if len(curve.y) else ""
            name = f"{escape(curve.name)} " if len(panel.curves) > 1 or not panel.title else ""
            parts.append(f"<span style='color:{self._colour(offset + place)}'>{name}{escape(latest)}</span>")
        label = plot.item.titleLabel
        plot.item.setTitle("&nbsp;&nbsp;".join(parts), size="9pt", justify="left")
        label.item.setFont(ui_font(9.0))

    def _fit(self, plot: _Plot) -> None:
        """Brings all points into the picture."""
        xs = [x for x, _ in plot.data.values() if len(x)]
        ends = [(np.fmin.reduce(y), np.fmax.reduce(y)) for _, y in plot.data.values() if len(y)]
        ends = [(low, high) for low, high in ends if math.isfinite(low) and math.isfinite(high)]
        if not xs:
            return
        left = 0.0 if plot.panel.timed else min(float(x[0]) for x in xs)
        right = max(float(x[-1]) for x in xs)
        plot.item.setXRange(left, right if right > left else left + 1, padding=0.01)
        if not ends:
            return
        low, high = min(float(low) for low, _ in ends), max(float(high) for _, high in ends)
        if plot.panel.logarithmic:
            low, high = math.log10(low), math.log10(high)
        if plot.panel.from_zero:
            low = min(0.0, low)
        span = (high - low) or abs(high) or 1.0
        bottom = low if plot.panel.from_zero and low == 0.0 else low - span * _HEADROOM
        plot.item.setYRange(bottom, high + span * _HEADROOM, padding=0)

    def _draw(self, plot: _Plot) -> None:
        """Hands the visible part to pyqtgraph, at most two points per pixel column."""
        if plot.fitting:
            return
        (left, right), _ = plot.item.vb.viewRange()
        columns = int(plot.item.vb.width()) or 400
        for name, (x, y) in plot.data.items():
            if name in plot.shown:
                plot.shown[name].setData(*reduced(x, y, columns, left, right))

    def _zoomed(self, moved: _Plot) -> None:
        """A person zoomed: all panels over the same time show the same piece of it."""
        for plot in self._plots.values():
            shares = plot.panel.timed and moved.panel.timed
            plot.zoomed = plot.zoomed or plot is moved or shares
            if shares and plot is not moved:
                plot.item.setXRange(*moved.item.vb.viewRange()[0], padding=0)

    # -- pointing -------------------------------------------------------------------------------------------------

    def _point_at(self, point: QPointF) -> None:
        pointed = next((plot for plot in self._plots.values() if plot.item.sceneBoundingRect().contains(point)), None)
        if pointed is None:
            self.hide_crosshair()
            return
        x = float(pointed.item.vb.mapSceneToView(point).x())
        shared = [
            plot for plot in self._plots.values() if plot is pointed or (plot.panel.timed and pointed.panel.timed)
        ]
        for plot in self._plots.values():
            plot.crosshair.setVisible(plot in shared)
            plot.crosshair.setPos(x)
        self.pointed_at.emit(self.reading(x, shared))

    def hide_crosshair(self) -> None:
        """Takes the crosshair and its reading away."""
        for plot in self._plots.values():
            plot.crosshair.setVisible(False)
        self.pointed_at.emit("")

    def reading(self, x: float, plots: Sequence[_Plot] | None = None) -> str:
        """The values at x in words."""
        plots = list(self._plots.values()) if plots is None else plots
        timed = any(plot.panel.timed for plot in plots)
        parts = [duration_text(x) if timed else number_text(round(x))]
        for plot in plots:
            for name, (xs, ys) in plot.data.items():
                if not len(xs):
                    continue
                place = min(int(np.searchsorted(xs, x)), len(xs) - 1)
                if place > 0 and x - xs[place - 1] < xs[place] - x:
                    place -= 1
                if math.isfinite(ys[place]):
                    parts.append(f"{name} {plot.panel.words(float(ys[place]))}")
        return "  ·  ".join(parts)


def _arrays(curve: Curve, *, logarithmic: bool) -> tuple[Any, Any]:
    """The points as arrays of one length; what a logarithm cannot show becomes a gap."""
    count = min(len(curve.x), len(curve.y))
    x, y = np.asarray(curve.x[:count], dtype=float), np.asarray(curve.y[:count], dtype=float)
    y = np.where(np.isfinite(y), y, np.nan)
    return (x, np.where(y > 0, y, np.nan)) if logarithmic else (x, y)

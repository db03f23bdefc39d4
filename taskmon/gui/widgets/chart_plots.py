"""The plots themselves, by pyqtgraph. Imported when the first chart is shown: it costs more than the whole window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea

from taskmon.core.units import duration_text
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.chart_layout import chart_rows
from taskmon.gui.widgets.chart_plot import ChartPlot, chart_axes
from taskmon.gui.widgets.chart_texts import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.chart_curves import Panel
    from taskmon.gui.widgets.chart_layout import ChartRow

_GAP: Final = 10
_MARGINS: Final = (6, 4, 10, 2)


class ChartPlots(QObject):
    """Draws panels in rows, and scrolls where they need more height than there is.

    There the wheel scrolls, and zooms with Ctrl; where all is in sight it zooms.
    """

    pointed_at = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._panels: tuple[Panel, ...] = ()
        self._plots: dict[str, ChartPlot] = {}
        self._rows: tuple[ChartRow, ...] = ()
        self._area: Any = pg.GraphicsLayoutWidget()
        self._area.setFrameShape(self._area.Shape.NoFrame)
        self._area.ci.setContentsMargins(*_MARGINS)
        self._area.ci.setSpacing(_GAP)
        self._area.setAccessibleName("Charts")
        self._area.scene().sigMouseMoved.connect(self._point_at)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._area)
        self._scroll.viewport().installEventFilter(self)
        self._area.viewport().installEventFilter(self)

    @property
    def widget(self) -> QWidget:
        return self._scroll

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
            self._plots[panel.key].show_panel(panel)

    def fit_data(self) -> None:
        """Shows all points again after zooming."""
        for plot in self._plots.values():
            plot.zoomed = False
            plot.fit()

    def image(self) -> QImage:
        """The plots as they are on the screen, with those that are scrolled out of it."""
        return self._area.grab().toImage()  # type: ignore[no-any-return]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._scroll.viewport() and event.type() == QEvent.Type.Resize:
            self._rearrange()
        elif watched is self._area.viewport() and isinstance(event, QWheelEvent):
            bar = self._scroll.verticalScrollBar()
            if bar.maximum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                QApplication.sendEvent(bar, event)
                return True
        return super().eventFilter(watched, event)

    # -- building -------------------------------------------------------------------------------------------------

    def _wanted_rows(self) -> tuple[ChartRow, ...]:
        room = self._scroll.viewport().size()
        return chart_rows(self._panels, room.width(), room.height() - _MARGINS[1] - _MARGINS[3])

    def _rearrange(self) -> None:
        """Another size: mostly other heights, sometimes other rows."""
        wanted = self._wanted_rows()
        if [[panel.key for panel in row.panels] for row in wanted] != [
            [panel.key for panel in row.panels] for row in self._rows
        ]:
            self._rebuild()
        else:
            self._set_heights(wanted)

    def _set_heights(self, rows: tuple[ChartRow, ...]) -> None:
        self._rows = rows
        for place, row in enumerate(rows):
            self._area.ci.layout.setRowFixedHeight(place, row.height - (_GAP if place else 0))
        self._area.setMinimumHeight(sum(row.height for row in rows) + _MARGINS[1] + _MARGINS[3])

    def _rebuild(self) -> None:
        seen = {key: plot.item.vb.viewRect() for key, plot in self._plots.items() if plot.zoomed}
        self._area.ci.clear()
        self._plots = {}
        rows = self._wanted_rows()
        for place in range(max(len(rows), len(self._rows))):
            self._area.ci.layout.setRowFixedHeight(place, 0)
        self._set_heights(rows)
        for place, row in enumerate(rows):
            side_by_side = self._area.addLayout(place, 0)
            side_by_side.setContentsMargins(0, 0, 0, 0)
            side_by_side.setSpacing(_GAP)
            for column, panel in enumerate(row.panels):
                self._add_plot(side_by_side.addPlot(0, column, axisItems=chart_axes()), panel)
        for key, rect in seen.items():
            if key in self._plots:
                self._plots[key].zoomed = True
                self._plots[key].item.vb.setRange(rect, padding=0)

    def _add_plot(self, item: Any, panel: Panel) -> None:
        plot = ChartPlot(item, panel, self._theme)
        self._plots[panel.key] = plot
        item.vb.sigRangeChangedManually.connect(lambda *_: self._zoomed(plot))

    def _zoomed(self, moved: ChartPlot) -> None:
        """A person zoomed: all panels over the same time show the same piece of it."""
        for plot in self._plots.values():
            shares = plot.shares_axis(moved)
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
        shared = [plot for plot in self._plots.values() if plot.shares_axis(pointed)]
        for plot in self._plots.values():
            plot.crosshair.setVisible(plot in shared)
            plot.crosshair.setPos(x)
        self.pointed_at.emit(self.reading(x, shared))

    def hide_crosshair(self) -> None:
        """Takes the crosshair and its reading away."""
        for plot in self._plots.values():
            plot.crosshair.setVisible(False)
        self.pointed_at.emit("")

    def reading(self, x: float, plots: Sequence[ChartPlot] | None = None) -> str:
        """The values at x in words."""
        plots = list(self._plots.values()) if plots is None else plots
        timed = any(plot.panel.timed for plot in plots)
        parts = [duration_text(x) if timed else number_text(round(x))]
        for plot in plots:
            parts += plot.values_at(x)
        return "  ·  ".join(parts)

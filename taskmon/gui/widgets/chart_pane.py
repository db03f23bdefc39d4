"""The charts of a task: what its machine did, live, and the number series in its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.chart_curves import csv_text, series_key, series_panels, usage_panels
from taskmon.gui.widgets.tool_buttons import tool_button

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QImage, QShowEvent

    from taskmon.core.usage import UsageSeries
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.chart_curves import Panel, Points
    from taskmon.gui.widgets.chart_plots import ChartPlots

_CHOSEN_AT_FIRST: Final = 6
_NOTHING_YET: Final = "No measurements yet."


class ChartPane(QWidget):
    """Values in, a picture out. The plotting library is loaded when there is something to plot and someone looks.

    `export_requested` carries `png` or `csv`; `image()` and `csv_text()` give what is to be written.
    """

    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._usage: UsageSeries | None = None
        self._series: Mapping[str, Points] = {}
        self._hidden: set[str] = set()
        self._known: set[str] = set()
        self._axes_chosen: bool | None = None
        self._plots: ChartPlots | None = None
        self.setAccessibleName("Charts")
        self._chooser = tool_button("Plots", "Choose what is plotted")
        self._chooser.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._chooser.setMenu(QMenu(self._chooser))
        self.logarithmic = tool_button(
            "Log axis",
            "Show the series of the log on logarithmic axes; until you choose, those that fall by decades are",
            checkable=True,
        )
        self._fit = tool_button("Fit", "Show everything again after zooming (Ctrl and the wheel zoom, dragging moves)")
        self._reading = QLabel()
        self._reading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._save_image = tool_button("Save picture…", "Save the charts as a PNG picture")
        self._save_values = tool_button("Save values…", "Save the values as a CSV table")
        self._placeholder = QLabel(_NOTHING_YET, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._placeholder)
        self._arrange()
        self.logarithmic.clicked.connect(self._choose_axes)
        self._fit.clicked.connect(self._fit_data)
        self._save_image.clicked.connect(lambda: self.export_requested.emit("png"))
        self._save_values.clicked.connect(lambda: self.export_requested.emit("csv"))
        self.set_theme(LIGHT)
        self._refresh()

    def _arrange(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(8, 5, 8, 5)
        tools.setSpacing(4)
        for widget in (self._chooser, self.logarithmic, self._fit):
            tools.addWidget(widget)
        tools.addSpacing(10)
        tools.addWidget(self._reading, 1)
        tools.addWidget(self._save_image)
        tools.addWidget(self._save_values)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(tools)
        page.addLayout(self._stack, 1)

    # -- values in ------------------------------------------------------------------------------------------------

    def show_usage(self, usage: UsageSeries) -> None:
        """What the task used so far."""
        self._usage = usage
        self._refresh()

    def show_series(self, series: Mapping[str, Points]) -> None:
        """Number series of the log by name, each (x, y)."""
        self._series = series
        for name in series:
            if name not in self._known and len(self._known) >= _CHOSEN_AT_FIRST:
                self._hidden.add(series_key(name))
            self._known.add(name)
        self._refresh()

    def show_no_usage(self, sentence: str) -> None:
        """There are no measurements, and why; the series of the log stay."""
        self._usage = None
        self._placeholder.setText(sentence)
        self._refresh()

    def show_nothing(self, sentence: str) -> None:
        """Shows no charts, and why."""
        self._usage, self._series = None, {}
        self._hidden, self._known = set(), set()
        self._placeholder.setText(sentence)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._placeholder.setStyleSheet(f"color: {theme.muted}; background: {theme.surface};")
        self._placeholder.setFont(ui_font(11))
        self._reading.setStyleSheet(f"color: {theme.muted};")
        for button, name in ((self._chooser, "chart"), (self._save_image, "save"), (self._save_values, "save")):
            button.setIcon(icon(name, theme))
        if self._plots is not None:
            self._plots.set_theme(theme)

    # -- values out -----------------------------------------------------------------------------------------------

    def image(self) -> QImage:
        """The charts as they are on the screen."""
        return self._plots.image() if self._plots is not None else self.grab().toImage()

    def csv_text(self) -> str:
        """All values of the shown charts, one per line."""
        return csv_text(self._panels())

    # -- inside ---------------------------------------------------------------------------------------------------

    def _panels(self) -> Sequence[Panel]:
        shown = series_panels(self._series, logarithmic=self._axes_chosen)
        if self._usage is not None and len(self._usage):
            shown += usage_panels(self._usage)
        return [panel for panel in shown if panel.key not in self._hidden]

    def _choose_axes(self, logarithmic: bool) -> None:
        self._axes_chosen = logarithmic
        self._refresh()

    def _has_data(self) -> bool:
        return bool(self._series) or (self._usage is not None and len(self._usage) > 0)

    def _refresh(self) -> None:
        has_data = self._has_data()
        self.logarithmic.setEnabled(bool(self._series))
        for button in (self._chooser, self._fit, self._save_image, self._save_values):
            button.setEnabled(has_data)
        self._fill_chooser()
        if not has_data:
            self._stack.setCurrentWidget(self._placeholder)
            self._reading.clear()
        elif self.isVisible():
            plots = self._loaded_plots()
            panels = self._panels()
            self.logarithmic.setChecked(any(panel.logarithmic for panel in panels))
            plots.show_panels(panels)
            self._stack.setCurrentWidget(plots.widget)

    def _loaded_plots(self) -> ChartPlots:
        if self._plots is None:
            from taskmon.gui.widgets.chart_plots import ChartPlots

            self._plots = ChartPlots(self)
            self._plots.pointed_at.connect(self._reading.setText)
            self._plots.set_theme(self._theme)
            self._stack.addWidget(self._plots.widget)
        return self._plots

    def _fill_chooser(self) -> None:
        """One entry per plot; nothing is rebuilt while the names stay the same, so that an open menu stays."""
        usage = (("cpu", "CPU"), ("memory", "Memory"), ("disk", "Disk")) if self._usage is not None else ()
        entries = [*((series_key(name), name) for name in self._series), *usage]
        menu = self._chooser.menu()
        if [action.data() for action in menu.actions()] == [key for key, _ in entries]:
            return
        menu.clear()
        for key, text in entries:
            action = QAction(text, menu, checkable=True, checked=key not in self._hidden)
            action.setData(key)
            action.toggled.connect(lambda shown, key=key: self._choose(key, shown))
            menu.addAction(action)

    def _choose(self, key: str, shown: bool) -> None:
        if shown:
            self._hidden.discard(key)
        else:
            self._hidden.add(key)
        self._refresh()

    def _fit_data(self) -> None:
        if self._plots is not None:
            self._plots.fit_data()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

"""Charts show all that was measured, however many points, and cost nothing before someone looks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from taskmon.core.usage import UsageSeries
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.chart_curves import Curve, Panel, reduced, series_panels, usage_panels
from taskmon.gui.widgets.chart_layout import chart_rows
from taskmon.gui.widgets.chart_pane import ChartPane
from taskmon.gui.widgets.chart_texts import (
    elapsed_step,
    elapsed_text,
    fitted_pieces,
    number_text,
    percent_text,
    tick_texts,
    value_step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = UsageSeries(
    times=[0, 1, 2],
    cpu_percent=[10, 200, 400],
    memory_bytes=[1e6, 2e6, 3e6],
    disk_read=[0, 1000, 1000],
    disk_written=[0, 0, 5_000_000],
)


@pytest.fixture
def pane(app: QApplication) -> Iterator[ChartPane]:
    load_fonts()
    pane = ChartPane()
    pane.resize(900, 260)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


def test_the_plotting_library_is_not_loaded_before_there_is_something_to_see() -> None:
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from taskmon.gui.widgets.chart_pane import ChartPane; from taskmon.core.usage import UsageSeries;"
        "pane = ChartPane(); pane.show_usage(UsageSeries(times=[1.0]));"
        "assert 'pyqtgraph' not in sys.modules; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_without_measurements_the_pane_says_so(pane: ChartPane) -> None:
    assert pane._placeholder.isVisible()
    pane.show_nothing("Waiting for the first measurement…")
    assert pane._placeholder.text() == "Waiting for the first measurement…"
    pane.show_usage(UsageSeries())
    assert pane._placeholder.isVisible()


def test_usage_is_plotted_and_can_be_read_off(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    assert pane._plots is not None
    assert not pane._placeholder.isVisible()
    assert pane._plots.reading(1.9) == "00:01  ·  CPU 400 %  ·  memory 3.0 MB  ·  read 0 B/s  ·  written 5.0 MB/s"


def test_series_come_before_the_usage_and_can_be_chosen(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    pane.show_series({"residual": ([1, 2, 3], [1.0, 0.1, 0.01])})
    assert [panel.key for panel in pane._panels()] == ["series residual", "cpu", "memory", "disk"]
    entries = {action.text(): action for action in pane._chooser.menu().actions()}
    assert list(entries) == ["residual", "CPU", "Memory", "Disk"]
    entries["Disk"].setChecked(False)
    entries["residual"].setChecked(False)
    assert [panel.key for panel in pane._panels()] == ["cpu", "memory"]


def test_of_many_series_the_first_few_are_shown(pane: ChartPane) -> None:
    pane.show_series({f"s{number}": ([0.0], [1.0]) for number in range(20)})
    assert [panel.title for panel in pane._panels()] == [f"s{number}" for number in range(6)]


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([1.0, 0.5, 0.1, 0.001], True),
        ([1.0, 5.0, float("nan"), 0.01], True),
        ([0.001, 0.5, 2.0], False),  # time goes up by decades; its line is straight
        ([1.0, 0.5, 0.1], False),
        ([1.0, 0.01, 0.0], False),
        ([float("nan")], False),
        ([], False),
    ],
)
def test_series_that_fall_by_decades_have_a_logarithmic_axis(
    pane: ChartPane, values: list[float], *, logarithmic: bool
) -> None:
    pane.show_series({"residual": (range(len(values)), values), "time": ([0.0, 1.0], [1.0, 2.0])})
    assert [panel.logarithmic for panel in pane._panels()] == [logarithmic, False]
    assert pane.logarithmic.isChecked() == logarithmic


def test_the_chosen_axes_stay_for_every_task(pane: ChartPane) -> None:
    falling = {"residual": ([0.0, 1.0], [1.0, 1e-5])}
    pane.show_series(falling)
    pane.logarithmic.click()
    assert [panel.logarithmic for panel in pane._panels()] == [False]
    pane.show_nothing("Select one task.")
    pane.show_series(falling)
    assert [panel.logarithmic for panel in pane._panels()] == [False]
    assert not pane.logarithmic.isChecked()


def test_a_logarithmic_axis_leaves_gaps_where_there_is_no_logarithm(pane: ChartPane) -> None:
    pane.show_series({"residual": ([1, 2, 3, 4], [1.0, 0.0, float("nan"), 0.01])})
    pane.logarithmic.click()
    pane.grab()
    assert pane._plots is not None
    assert "residual 0.01" in pane._plots.reading(4)
    assert "residual" not in pane._plots.reading(2)


def test_a_task_without_measurements_keeps_the_series_of_its_log(pane: ChartPane) -> None:
    pane.show_series({"residual": ([1, 2], [1.0, 0.1])})
    pane.show_no_usage("This task left no measurements.")
    assert [panel.title for panel in pane._panels()] == ["residual"]
    assert not pane._placeholder.isVisible()


def test_an_other_task_without_measurements_clears_the_charts(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    pane.show_nothing("Select a task to see what its machine does.")
    assert pane._placeholder.isVisible()
    assert pane.csv_text() == "curve,x,value\n"


def test_values_and_picture_are_there_to_be_saved(pane: ChartPane) -> None:
    wishes: list[str] = []
    pane.export_requested.connect(wishes.append)
    pane.show_usage(USAGE)
    pane.show_series({'a "b", c': ([1], [2.5])})
    pane._save_image.click()
    pane._save_values.click()
    assert wishes == ["png", "csv"]
    assert "CPU,1,200\n" in pane.csv_text()
    assert '"a ""b"", c",1,2.5\n' in pane.csv_text()
    assert not pane.image().isNull()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_charts_take_the_theme_and_any_shape(pane: ChartPane, theme: object) -> None:
    pane.show_usage(USAGE)
    pane.set_theme(theme)  # type: ignore[arg-type]
    pane.resize(300, 600)
    assert not pane.grab().isNull()


def test_what_a_person_zoomed_to_stays_until_it_is_asked_for_all(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    assert pane._plots is not None
    cpu, memory = pane._plots._plots["cpu"], pane._plots._plots["memory"]
    cpu.item.setXRange(0.5, 1.5, padding=0)
    cpu.item.vb.sigRangeChangedManually.emit([True, True])
    pane.show_usage(USAGE)
    assert memory.item.vb.viewRange()[0] == pytest.approx([0.5, 1.5])
    pane._fit.click()
    assert memory.item.vb.viewRange()[0][1] >= 2


@given(
    y=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400),
    columns=st.integers(1, 50),
)
def test_reducing_keeps_every_peak(y: list[float], columns: int) -> None:
    x, values = np.arange(len(y), dtype=float), np.array(y)
    shown_x, shown_y = reduced(x, values, columns)
    assert len(shown_x) == len(shown_y) <= max(len(y) if len(y) <= 2 * columns else 0, 2 * columns)
    assert shown_y.max() == values.max()
    assert shown_y.min() == values.min()
    assert (np.diff(shown_x) >= 0).all()


def test_reducing_looks_at_the_visible_part_only() -> None:
    x = np.arange(1_000_000, dtype=float)
    shown_x, _ = reduced(x, np.sin(x), 500, 1000, 2000)
    assert shown_x[0] >= 999
    assert shown_x[-1] <= 2001


def test_axes_speak_in_round_words() -> None:
    assert [elapsed_text(value) for value in (-1, 0, 30, 60, 3600)] == ["", "0 s", "30 s", "01:00", "01:00:00"]
    assert [elapsed_step(600, 300), elapsed_step(10, 300), elapsed_step(864000, 100)] == [120.0, 2.0, 518400.0]
    assert [number_text(value) for value in (3.1e-6, 0.25, 1042, 1e7)] == ["3.10e-06", "0.25", "1,042", "1.00e+07"]


def rows(width: int, height: int, series: int) -> list[tuple[list[str], int]]:
    panels = [
        *series_panels({f"s{number}": ([0.0], [1.0]) for number in range(series)}, logarithmic=False),
        *usage_panels(USAGE),
    ]
    return [([panel.key for panel in row.panels], row.height) for row in chart_rows(panels, width, height)]


def test_the_series_of_the_log_come_first_and_get_most_of_the_room() -> None:
    first, second = rows(1400, 360, 3)
    assert first[0] == ["series s0", "series s1", "series s2"]
    assert second[0] == ["cpu", "memory", "disk"]
    assert first[1] > second[1]
    assert 350 <= first[1] + second[1] <= 360


def test_in_a_low_pane_a_series_fills_it_and_the_rest_is_scrolled_to() -> None:
    first, second = rows(700, 180, 1)
    assert first[0] == ["series s0"]
    assert 130 <= first[1] < 180
    assert second[1] == 100
    (only,) = rows(700, 180, 0)
    assert only == (["cpu", "memory", "disk"], 180)


def test_each_series_has_an_axis_of_its_own(pane: ChartPane) -> None:
    pane.show_series({"particles": ([0, 1, 2], [3690, 3700, 3710]), "time step": ([0, 1, 2], [1e-3, 2e-3, 3e-3])})
    assert pane._plots is not None
    low, high = pane._plots._plots["series time step"].item.vb.viewRange()[1]
    assert 0 < low < 1e-3
    assert 3e-3 < high < 4e-3


@pytest.mark.parametrize("key", ["cpu", "memory", "disk", "series forces"])
def test_where_nothing_happened_the_axis_begins_at_zero_and_says_each_number_once(pane: ChartPane, key: str) -> None:
    none = [0.0, 0.0, 0.0]
    pane.show_usage(
        UsageSeries(times=[0, 1, 2], cpu_percent=none, memory_bytes=none, disk_read=none, disk_written=none)
    )
    pane.show_series({"forces": ([0, 1, 2], none)})
    assert pane._plots is not None
    plot = pane._plots._plots[key]
    low, high = plot.item.vb.viewRange()[1]
    assert low == 0
    assert high > 0
    axis = plot.item.getAxis("left")
    (values,) = (values for _, values in axis.tickValues(low, high, 100))
    texts = axis.tickStrings(values, 1, 1)
    assert texts[0].startswith("0")
    assert len(set(texts)) == len(texts) >= 3


def test_ticks_that_read_alike_get_more_digits_or_no_words() -> None:
    assert tick_texts([1000.0001, 1000.0002], number_text) == ["1,000.0001", "1,000.0002"]
    assert tick_texts([0, 0.2, 0.4, 0.6], percent_text) == ["0 %", "", "", "1 %"]


@given(span=st.floats(1e-300, 1e300), pixels=st.floats(20, 4000))
def test_an_axis_has_a_few_round_ticks(span: float, pixels: float) -> None:
    step = value_step(span, pixels)
    assert span / step <= 6.01
    assert f"{step:.6e}"[0] in "125"


def test_a_title_that_is_too_long_keeps_what_tells_its_curves_apart() -> None:
    def cut(text: str, room: float) -> str:
        return text if len(text) <= room else text[: int(room) - 1] + "…"

    disk = usage_panels(USAGE)[2]
    assert fitted_pieces(disk, 60, len, cut)[1:] == [(0, "read 0 B/s"), (1, "written 5.0 MB/s")]
    assert fitted_pieces(disk, 20, len, cut) == [(None, "Disk"), (0, "read"), (1, "written")]
    long = Panel("series", "largest correction to displacement", (Curve("c", [0], [2.5]),), number_text)
    assert fitted_pieces(long, 12, len, cut) == [(None, "largest …"), (0, "2.5")]


def test_the_wheel_scrolls_what_is_out_of_sight_and_zooms_with_control(pane: ChartPane) -> None:
    pane.resize(700, 220)
    pane.show_usage(USAGE)
    pane.show_series({name: ([0, 1, 2], [1, 2, 3]) for name in ("a", "b", "c", "d")})
    assert pane._plots is not None
    bar = pane._plots._scroll.verticalScrollBar()
    assert bar.maximum() > 0
    plot = pane._plots._plots["series a"]
    before = plot.item.vb.viewRange()
    turn_wheel(pane, Qt.KeyboardModifier.NoModifier)
    assert bar.value() > 0
    assert plot.item.vb.viewRange() == before
    bar.setValue(0)
    turn_wheel(pane, Qt.KeyboardModifier.ControlModifier)
    assert bar.value() == 0
    assert plot.item.vb.viewRange() != before


def turn_wheel(pane: ChartPane, modifiers: Qt.KeyboardModifier) -> None:
    assert pane._plots is not None
    area = pane._plots._area
    place = area.mapFromScene(pane._plots._plots["series a"].item.vb.sceneBoundingRect().center())
    event = QWheelEvent(
        QPointF(place), QPointF(area.mapToGlobal(place)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(area.viewport(), event)


def test_an_other_shape_keeps_what_a_person_zoomed_to(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    assert pane._plots is not None
    cpu = pane._plots._plots["cpu"]
    cpu.item.setXRange(0.5, 1.5, padding=0)
    cpu.item.vb.sigRangeChangedManually.emit([True, True])
    pane.resize(300, 600)
    again = pane._plots._plots["cpu"]
    assert again is not cpu
    assert again.item.vb.viewRange()[0] == pytest.approx([0.5, 1.5])

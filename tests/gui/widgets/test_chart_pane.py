"""Charts show all that was measured, however many points, and cost nothing before someone looks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.usage import UsageSeries
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.chart_curves import elapsed_step, elapsed_text, number_text, reduced
from taskmon.gui.widgets.chart_pane import ChartPane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

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


def test_series_appear_beside_the_usage_and_can_be_chosen(pane: ChartPane) -> None:
    pane.show_usage(USAGE)
    pane.show_series({"residual": ([1, 2, 3], [1.0, 0.1, 0.01])})
    assert [panel.key for panel in pane._panels()] == ["cpu", "memory", "disk", "series"]
    entries = {action.text(): action for action in pane._chooser.menu().actions()}
    assert list(entries) == ["CPU", "Memory", "Disk", "residual"]
    entries["Disk"].setChecked(False)
    entries["residual"].setChecked(False)
    assert [panel.key for panel in pane._panels()] == ["cpu", "memory"]


def test_of_many_series_the_first_few_are_shown(pane: ChartPane) -> None:
    pane.show_series({f"s{number}": ([0.0], [1.0]) for number in range(20)})
    (panel,) = pane._panels()
    assert [curve.name for curve in panel.curves] == [f"s{number}" for number in range(6)]


def test_a_logarithmic_axis_leaves_gaps_where_there_is_no_logarithm(pane: ChartPane) -> None:
    pane.show_series({"residual": ([1, 2, 3, 4], [1.0, 0.0, float("nan"), 0.01])})
    pane.logarithmic.click()
    pane.grab()
    assert pane._plots is not None
    assert "residual 0.01" in pane._plots.reading(4)
    assert "residual" not in pane._plots.reading(2)


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

"""Pictures of logs that are hard to show, light and dark, written to `build/screenshots` for a person to look at.

What a machine can check of them is checked: that colours, selection and matches are there and can be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage

from taskmon.core.log_highlights import Highlight
from taskmon.core.log_source import LineList, SearchResult
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.log_selection import Caret, Selection
from tests.gui.widgets.task_pictures import PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])

ANSI = [
    b"\x1b[1mbold\x1b[0m, \x1b[2mdim\x1b[0m, \x1b[3mitalic\x1b[0m, \x1b[4munderlined\x1b[0m, \x1b[9mstruck\x1b[0m",
    b"plain, \x1b[7minverse\x1b[0m, \x1b[1;31mbold red\x1b[0m, \x1b[4;34munderlined blue\x1b[0m",
    b"".join(b"\x1b[%dm %d \x1b[0m" % (code, code) for code in (*range(30, 38), *range(90, 98))),
    b"".join(b"\x1b[%dm %d \x1b[0m" % (code, code) for code in (*range(40, 48), *range(100, 108))),
    b"".join(b"\x1b[38;5;%dm#\x1b[0m" % code for code in range(16, 124)),
    b"".join(b"\x1b[48;2;%d;80;%dm \x1b[0m" % (step * 2, 255 - step * 2) for step in range(108)),
    b"a style \x1b[36mruns on",
    b"into the next line\x1b[0m and ends",
    b"".join(b"\rmeshing %3d %%" % percent for percent in range(0, 101, 5)),
    b"tabs:\tone\ttwo\tthree",
    b"control \x00\x07\x0b\x7f, no UTF-8 \xff\xfe, turned \xe2\x80\xaeback\xe2\x80\xac",
    "wide 日本語 シミュレーション, emoji 🙂👩‍🔬, combining e\u0301 n\u0303, Größe, Δt ≤ 0.5 · Ω".encode(),
    "עברית and العربية beside Latin".encode(),
    b"--> FOAM Warning : bounding k, min: -0.01 max: 4.2",
    b"--> FOAM FATAL ERROR: cannot open file system/fvSolution",
    b"[12:00:01] \x1b[32mINFO\x1b[0m  residual = 3.1e-06, \x1b[1;31merror:\x1b[0m none of the fields converged",
]
LONG = [
    b"short",
    b"a long line of words that goes on " * 12,
    ("größe 日本語 " * 30).encode(),
    b"\x1b[33mcoloured\x1b[0m " * 30,
    b"x" * 40_000,
    b"the end",
]


@pytest.fixture
def picture(app: QApplication) -> Iterator[Callable[[Theme, list[bytes], str], LogPane]]:
    """Opens a dressed pane; at the end of the test its picture is written."""
    opened: list[tuple[LogPane, str]] = []

    def show(theme: Theme, lines: list[bytes], name: str) -> LogPane:
        dress(app, theme)
        pane = LogPane()
        pane.set_theme(theme)
        pane.resize(980, 420)
        pane.show()
        pane.set_files(["stdout.txt"])
        pane.show_source(LineList(lines))
        opened.append((pane, f"log-{name}-{theme.name}.png"))
        QGuiApplication.processEvents()
        return pane

    yield show
    PICTURES.mkdir(parents=True, exist_ok=True)
    for pane, name in opened:
        QGuiApplication.processEvents()
        assert pane.grab().save(str(PICTURES / name))
        pane.close()
        pane.deleteLater()
    app.setStyleSheet("")


def colours_of(pane: LogPane) -> set[str]:
    """Every colour on the log itself."""
    image = pane.view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return {image.pixelColor(x, y).name() for y in range(0, image.height(), 2) for x in range(image.width())}


@THEMES
def test_ansi_colours_and_foreign_scripts(theme: Theme, picture: Callable[..., LogPane]) -> None:
    pane = picture(theme, ANSI, "ansi")
    texts = pane.view.visible_texts()
    assert "meshing 100 %" in texts
    assert "control ␀␋␡, no UTF-8 \ufffd\ufffd, turned ⟨U+202E⟩back⟨U+202C⟩" in texts
    seen = colours_of(pane)
    assert theme.error_fill in seen
    assert len(seen) > 200


@THEMES
def test_wrapped_lines(theme: Theme, picture: Callable[..., LogPane]) -> None:
    pane = picture(theme, LONG, "wrap")
    pane.wrap.setChecked(True)
    pane.view.scroll_to(0)
    rows = pane.view.visible_texts()
    assert rows[0] == "short"
    assert "".join(rows).startswith("short" + "a long line of words that goes on " * 12)
    assert pane.view.horizontalScrollBar().maximum() == 0


@THEMES
def test_a_selection_across_lines(theme: Theme, picture: Callable[..., LogPane]) -> None:
    pane = picture(theme, ANSI, "selection")
    pane.view._pointer.selection = Selection(Caret(1, 8), Caret(11, 9))
    pane.view.viewport().update()
    assert theme.selection in colours_of(pane)


@THEMES
def test_matches_and_highlights(theme: Theme, picture: Callable[..., LogPane]) -> None:
    lines = [
        b"Time = %d  Courant max: %d.%d deltaT = 1e-0%d  rule" % (n, n % 3, n * 37 % 100, n % 9) for n in range(400)
    ]
    pane = picture(theme, lines, "matches")

    def spans(pattern: str) -> Callable[[str], list[tuple[int, int]]]:
        return lambda text: [match.span() for match in re.finditer(pattern, text)]

    found = [number for number in range(400) if re.search(rb"max: 2", lines[number]) and number % 4]
    pane.search.field.setText("max: 2")
    pane.view.show_highlights([Highlight(spans("rule"), 2), Highlight(spans("deltaT = 1e-0[37]"), 4)])
    pane.show_search(
        SearchResult(pattern="max: 2", lines=found, count=len(found), finished=True, find_spans=spans("max: 2"))
    )
    pane._step(1)
    seen = colours_of(pane)
    assert QColor(theme.match_fill).name() in seen
    assert QColor(theme.accent).name() in seen

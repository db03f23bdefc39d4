"""A page that a log grew on shows what a page opened on the whole log shows, however the bytes came."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication

from taskmon.core.log_signals import severity
from taskmon.core.log_source import LineList
from taskmon.core.log_style import PLAIN, TextStyle
from taskmon.core.log_text import LineText
from taskmon.gui.theme import log_font
from taskmon.gui.widgets.log_page import LogPage, PageRow
from tests.log_streams import cut_streams, lines_of, shown_lines


def page_of(source: LineList, *, wraps: bool, raw: bool, height: int) -> LogPage:
    page = LogPage(log_font(10), severity)
    page.resize(260, height)
    page.set_wraps(wraps)
    page.set_raw(raw)
    page.show_source(source)
    return page


def looks(rows: list[PageRow]) -> list[object]:
    return [
        (row.line, row.row, row.placed.row_text(row.row), look_of(row.placed.shown), row.placed.severity)
        for row in rows
    ]


def look_of(shown: LineText) -> tuple[str, list[TextStyle], str]:
    """The text, the style of each character, and the notice."""
    styles = [PLAIN] * len(shown.text)
    for span in shown.spans:
        styles[span.start : span.end] = [span.style] * (span.end - span.start)
    return shown.text, styles, shown.notice


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=cut_streams(), wraps=st.booleans(), raw=st.booleans(), height=st.sampled_from([60, 200, 2000]))
def test_a_page_that_is_followed_shows_what_a_new_page_shows(
    app: QApplication, pieces: list[bytes], wraps: bool, raw: bool, height: int
) -> None:
    growing = LineList()
    followed = page_of(growing, wraps=wraps, raw=raw, height=height)
    for whole in accumulate(pieces):
        growing._lines[:] = [line.raw for line in lines_of(whole)]
        followed.go_to_end()
        fresh = page_of(LineList(growing._lines), wraps=wraps, raw=raw, height=height)
        fresh.go_to_end()
        assert looks(followed.rows()) == looks(fresh.rows())
    if height == 2000 and not raw:
        followed.go_to(0)
        expected = [look_of(shown) for shown, _ in shown_lines(b"".join(pieces))]
        if not wraps:
            assert [look_of(row.placed.shown) for row in followed.rows()] == expected[: followed.full_rows + 2]

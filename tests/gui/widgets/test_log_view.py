"""The log view shows the lines that are there, follows the end, and never moves what a person reads or selects."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetricsF, QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest

from taskmon.client.log_spool import LogSpool
from taskmon.core.log_signals import Severity
from taskmon.core.log_source import LineList, SearchResult
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets import log_painter
from taskmon.gui.widgets.log_scroll_bar import mark_spans
from taskmon.gui.widgets.log_view import LogView
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from taskmon.core.log_source import LineSource, RawLine
    from taskmon.gui.theme import Theme

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [b"line %d" % number for number in range(first, first + count)]


class CountingSource(LineList):
    """Remembers how many lines were asked for."""

    asked = 0

    def lines(self, first: int, count: int, limit: int = 16384) -> list[RawLine]:
        found = super().lines(first, count, limit)
        self.asked += len(found)
        return found


class EndlessSource(LineList):
    """As many empty lines as a gigabyte can hold."""

    @property
    def line_count(self) -> int:
        return 1_000_000_000

    def lines(self, first: int, count: int, limit: int = 16384) -> list[RawLine]:
        return LineList([b""] * count).lines(0, count, limit)


@pytest.fixture
def view(app: QApplication) -> Iterator[LogView]:
    load_fonts()
    view = LogView()
    view.resize(800, 300)
    view.show()
    yield view
    view.close()
    view.deleteLater()


def show(view: LogView, source: LineSource) -> None:
    view.show_source(source)
    QGuiApplication.processEvents()


def place_of(view: LogView, line: int, column: int) -> QPoint:
    page = view._page
    row = next(row for row in page.rows() if row.line == line)
    return QPoint(int(page.text_left + row.placed.x_of(column) + 1), int(row.y + page.metrics.height / 2))


def move_mouse(view: LogView, point: QPoint) -> None:
    position = QPointF(point)
    no_modifier = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, position, position, Qt.MouseButton.NoButton, LEFT, no_modifier)
    QGuiApplication.sendEvent(view.viewport(), event)


def drag(view: LogView, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(view.viewport(), LEFT, pos=start)
    move_mouse(view, end)
    QTest.mouseRelease(view.viewport(), LEFT, pos=end)


def test_a_new_log_is_shown_at_its_end(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    assert view.visible_texts()[-1] == "line 999"
    assert view.following


def test_new_lines_are_followed(view: LogView) -> None:
    source = LineList(numbered(1000))
    show(view, source)
    source.extend(numbered(50, 1000))
    view.source_grew()
    assert view.visible_texts()[-1] == "line 1049"


def test_scrolling_up_pauses_and_tells_how_much_has_come(view: LogView) -> None:
    source = LineList(numbered(1000))
    show(view, source)
    changes: list[bool] = []
    view.follow_changed.connect(changes.append)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    seen = view.visible_texts()
    source.extend(numbered(312, 1000))
    view.source_grew()
    assert changes == [False]
    assert view.visible_texts() == seen
    assert view._newest.text() == "312 new lines ↓"
    assert view._newest.isVisible()
    view._newest.click()
    assert changes == [False, True]
    assert view.visible_texts()[-1] == "line 1311"
    assert not view._newest.isVisible()


def test_end_follows_again_and_home_shows_the_beginning(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.visible_texts()[0] == "line 0"
    assert not view.following
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.following


def test_scrolling_down_to_the_end_follows_again(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert not view.following
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.following
    view.verticalScrollBar().setValue(10)
    assert not view.following
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert view.following


def test_a_log_that_was_cut_shows_what_is_left(view: LogView) -> None:
    source = LineList(numbered(1000))
    show(view, source)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    source._lines = numbered(3)
    view.source_grew()
    assert view.visible_texts() == ["line 0", "line 1", "line 2"]


def test_only_the_visible_lines_are_read(view: LogView) -> None:
    source = CountingSource(numbered(200_000))
    show(view, source)
    source.asked = 0
    view.verticalScrollBar().setValue(100_000)
    view.viewport().repaint()
    assert view.visible_texts()[0] == "line 100000"
    assert source.asked < 200 + 512  # those before it, for a colour that runs on


def test_the_end_is_shown_while_lines_are_still_being_counted(view: LogView) -> None:
    class Uncounted(LineList):
        line_count = 0
        complete = False

        def tail(self, count: int, limit: int = 16384) -> list[RawLine]:
            return LineList(numbered(1000)).tail(count, limit)

    show(view, Uncounted())
    assert view.visible_texts()[-1] == "line 999"
    view.grab()


def test_the_end_stays_where_following_is_stopped_before_the_lines_are_counted(view: LogView, tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    path.write_bytes(b"".join(line + b"\n" for line in numbered(300_000)))
    spool = LogSpool(path)
    show(view, spool)
    assert not spool.complete
    end = view.visible_texts()
    assert end[-1] == "line 299999"
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.following
    view.set_follow(False)
    view.grab()
    assert view.visible_texts() == end
    while not spool.refresh().complete:
        view.source_grew()
        assert view.visible_texts() == end
    view.source_grew()
    assert view.visible_texts()[: len(end)] == end
    assert view.first_visible_line == 300_000 - len(end)
    with path.open("ab") as file:
        file.write(b"more\n")
    spool.refresh()
    view.source_grew()
    assert view.visible_texts()[: len(end)] == end
    assert not view.following
    spool.close()


def test_dragging_selects_what_lies_between(view: LogView) -> None:
    show(view, LineList([b"alpha beta", b"gamma", b"delta"]))
    drag(view, place_of(view, 0, 6), place_of(view, 2, 3))
    assert view.selected_text() == "beta\ngamma\ndel"
    QTest.keyClick(view, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "beta\ngamma\ndel"


def test_shift_click_extends_the_selection(view: LogView) -> None:
    show(view, LineList([b"alpha beta", b"gamma"]))
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, 0, 2))
    QTest.mouseClick(view.viewport(), LEFT, SHIFT, place_of(view, 1, 3))
    assert view.selected_text() == "pha beta\ngam"


def test_double_click_selects_a_word_and_a_third_click_the_line(view: LogView) -> None:
    show(view, LineList([b"residual = 3.1e-06 ok", b"next"]))
    point = place_of(view, 0, 13)
    QTest.mouseDClick(view.viewport(), LEFT, pos=point)
    assert view.selected_text() == "3.1e-06"
    QTest.mouseClick(view.viewport(), LEFT, pos=point)
    assert view.selected_text() == "residual = 3.1e-06 ok\n"


def test_a_click_on_the_number_selects_the_line(view: LogView) -> None:
    show(view, LineList([b"alpha", b"beta"]))
    QTest.mouseClick(view.viewport(), LEFT, pos=QPoint(5, place_of(view, 1, 0).y()))
    assert view.selected_text() == "beta"


def test_keys_with_shift_select(view: LogView) -> None:
    show(view, LineList([b"alpha", b"beta", b"gamma"]))
    QTest.mouseClick(view.viewport(), LEFT, pos=place_of(view, 0, 1))
    QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
    QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert view.selected_text() == "lpha\nbe"
    QTest.keyClick(view, Qt.Key.Key_End, SHIFT | CONTROL)
    assert view.selected_text() == "lpha\nbeta\ngamma"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.has_selection


def test_a_selection_stays_while_the_log_grows(view: LogView) -> None:
    source = LineList(numbered(1000))
    show(view, source)
    drag(view, place_of(view, 990, 0), place_of(view, 991, 4))
    seen = view.visible_texts()
    source.extend(numbered(500, 1000))
    view.source_grew()
    assert view.selected_text() == "line 990\nline"
    assert view.visible_texts()[: len(seen)] == seen


def test_all_of_a_log_is_copied_however_far_apart(view: LogView) -> None:
    show(view, LineList(numbered(30_000)))
    told: list[str] = []
    view.copy_told.connect(told.append)
    QTest.keyClick(view, Qt.Key.Key_A, CONTROL)
    view.copy()
    until(lambda: QGuiApplication.processEvents() or not view._copying.busy)
    assert QGuiApplication.clipboard().text().split("\n") == [line.decode() for line in numbered(30_000)]
    assert told in (["Copying 30,000 lines…", "Copied 30,000 lines."], [])


def test_copying_is_left_when_another_log_is_shown(view: LogView) -> None:
    show(view, LineList([b"\x1b[31mred\x1b[0m %d" % number for number in range(300_000)]))
    QGuiApplication.clipboard().setText("before")
    view.select_all()
    view.copy()
    assert view._copying.busy
    view.show_source(LineList([b"other"]))
    assert not view._copying.busy
    QGuiApplication.processEvents()
    assert QGuiApplication.clipboard().text() == "before"


def test_a_selection_of_a_thousand_million_lines_is_refused_at_once(view: LogView) -> None:
    show(view, EndlessSource())
    refusals: list[str] = []
    view.copy_refused.connect(refusals.append)
    view.select_all()
    view.copy()
    assert refusals == [
        "The selection has more than 1,000,000 lines, too much to copy. Select less, or save the log to a file."
    ]


def test_too_much_to_copy_is_refused_in_a_sentence(view: LogView) -> None:
    show(view, LineList([b"x" * 100_000] * 100))
    refusals: list[str] = []
    view.copy_refused.connect(refusals.append)
    QGuiApplication.clipboard().setText("before")
    view.select_all()
    view.copy()
    until(lambda: QGuiApplication.processEvents() or not view._copying.busy)
    assert refusals == [
        "The selection is larger than 8.0 MB, too much to copy. Select less, or save the log to a file."
    ]
    assert QGuiApplication.clipboard().text() == "before"


def test_a_copied_cut_line_is_whole(view: LogView) -> None:
    show(view, LineList([b"x" * 100_000, b"y"]))
    view.select_all()
    assert view.selected_text() == "x" * 100_000 + "\ny"


def test_wrapped_lines_take_as_many_rows_as_they_need(view: LogView) -> None:
    show(view, LineList([b"a" * 300, b"b"]))
    view.set_wrap(True)
    texts = view.visible_texts()
    assert "".join(texts[:-1]) == "a" * 300
    assert len(texts) > 3
    assert texts[-1] == "b"
    assert view.horizontalScrollBar().maximum() == 0


def test_a_wrapped_log_is_shown_to_its_last_row(view: LogView) -> None:
    show(view, LineList([b"word " * 100] * 50 + [b"the end"]))
    view.set_wrap(True)
    assert view.visible_texts()[-1] == "the end"
    for _ in range(5):
        QTest.keyClick(view, Qt.Key.Key_Up)
    assert not view.following
    for _ in range(5):
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.following


def test_wide_characters_are_placed_where_they_are_seen(view: LogView) -> None:
    show(view, LineList(["日本語 résidu 🚀 ok".encode()]))
    row = view._page.rows()[0]
    for column in range(row.placed.length + 1):
        assert row.placed.column_at(0, row.placed.x_of(column)) == column
    drag(view, place_of(view, 0, 4), place_of(view, 0, 10))
    assert view.selected_text() == "résidu"


def test_letters_and_bars_of_the_log_font_are_one_column_wide(view: LogView) -> None:
    metrics = QFontMetricsF(view._page.metrics.font)
    codes = [*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180), *range(0x2500, 0x25A0)]
    for character in map(chr, codes):
        assert metrics.horizontalAdvance(character * 50) == pytest.approx(
            metrics.horizontalAdvance("0" * 50), rel=0.005
        ), character


def test_wide_characters_wrap_without_losing_any(view: LogView) -> None:
    show(view, LineList([("日本語🚀 " * 100).encode()]))
    view.set_wrap(True)
    assert len(view.visible_texts()) > 2
    assert "".join(view.visible_texts()) == "日本語🚀 " * 100


def test_a_long_line_of_wide_characters_is_shown_in_part_and_copied_in_full(view: LogView) -> None:
    show(view, LineList([("日" * 5000).encode()]))
    assert view._page.rows()[0].placed.shown.notice == "… 904 characters more in this line"
    view.select_all()
    assert len(view.selected_text()) == 5000


def test_a_very_long_line_costs_only_what_is_visible(view: LogView) -> None:
    show(view, LineList([b"z" * 10_000_000]))
    assert view._page.rows()[0].placed.shown.notice == "… 10.0 MB more in this line"
    view.viewport().repaint()


def found(pattern: str, lines: list[bytes]) -> SearchResult:
    regex = re.compile(pattern)
    hits = [number for number, line in enumerate(lines) if regex.search(line.decode())]
    return SearchResult(
        pattern=pattern,
        lines=hits,
        count=len(hits),
        finished=True,
        find_spans=lambda text: [match.span() for match in regex.finditer(text)],
    )


def test_it_is_seen_that_the_keys_scroll_the_log(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    view.activateWindow()
    assert QTest.qWaitForWindowActive(view)
    view.clearFocus()
    edge = round(view.page.gutter_width) - 1

    def colour() -> QColor:
        return view.viewport().grab().toImage().pixelColor(edge, 100)

    assert colour() == QColor(LIGHT.border)
    view.setFocus()
    assert colour() == QColor(LIGHT.accent)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_line_that_was_jumped_to_is_marked_also_without_the_keys(view: LogView, theme: Theme) -> None:
    view.set_theme(theme)
    show(view, LineList(numbered(1000)))
    view.show_line(499)
    view.clearFocus()

    def looks(line: int) -> tuple[QColor, QColor]:
        picture, y = view.viewport().grab().toImage(), place_of(view, line, 0).y()
        return picture.pixelColor(1, y), picture.pixelColor(700, y)

    assert looks(499) == (QColor(theme.selection), QColor(theme.row_hover))
    assert looks(500) == (QColor(theme.raised), QColor(theme.surface))
    QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert looks(499)[0] == QColor(theme.raised), "a selection marks itself"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_matches_and_the_current_one_are_coloured(view: LogView, theme: object) -> None:
    lines = numbered(1000)
    view.set_theme(theme)  # type: ignore[arg-type]
    show(view, LineList(lines))
    view.show_search(found("99", lines))
    view.show_match(499)
    assert "line 499" in view.visible_texts()
    assert not view.following
    picture = view.viewport().grab().toImage()
    current = place_of(view, 499, 6)
    assert picture.pixelColor(current.x() + 1, current.y() - 7) == QColor(theme.accent)  # type: ignore[attr-defined]


def test_matches_are_marked_in_the_scroll_bar(view: LogView) -> None:
    lines = numbered(1000)
    show(view, LineList(lines))
    view.show_search(found("^line 500$", lines))
    assert view._bar.mark_spans(200) == [(100, 102)]
    view.show_search(None)
    assert view._bar.mark_spans(200) == []


@given(lines=st.sets(st.integers(0, 999), max_size=60), line_count=st.integers(1, 1000), height=st.integers(1, 90))
def test_the_scroll_bar_marks_exactly_the_pixels_of_the_matches(lines: set[int], line_count: int, height: int) -> None:
    """Also where there are fewer lines than the search found: the log was cut meanwhile."""
    matches = sorted(lines)
    result = SearchResult(pattern="x", lines=matches, count=len(matches), finished=True)
    marked = [y for top, bottom in mark_spans(result, line_count, height) for y in range(top, bottom)]
    inside = {min(line * height // line_count, height - 1) for line in matches}
    assert sorted(set(marked)) == marked
    assert inside <= set(marked)
    assert all(y in inside or y - 1 in inside or y + 1 in inside for y in marked)


def test_bad_lines_are_marked_by_the_given_patterns(view: LogView) -> None:
    view.set_severity(lambda text: Severity.ERROR if "boom" in text else None)
    show(view, LineList([b"fine", b"boom"]))
    view.viewport().setMouseTracking(False)
    picture = view.viewport().grab().toImage()
    y = place_of(view, 1, 0).y()
    assert picture.pixelColor(700, y) == QColor(LIGHT.error_fill)
    assert picture.pixelColor(1, y) == QColor(LIGHT.error_ink)


def test_the_text_grows_and_shrinks(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    sizes: list[float] = []
    view.font_size_changed.connect(sizes.append)
    QTest.keyClick(view, Qt.Key.Key_Plus, CONTROL)
    QTest.keyClick(view, Qt.Key.Key_Minus, CONTROL)
    QTest.keyClick(view, Qt.Key.Key_0, CONTROL)
    assert sizes == [11.0, 10.0, 10.0]
    assert view.visible_texts()[-1] == "line 999"


def test_the_menu_offers_what_can_be_done(view: LogView) -> None:
    show(view, LineList(numbered(5)))
    assert not view.context_menu().actions()[0].isEnabled()
    view.select_all()
    copy = view.context_menu().actions()[0]
    assert copy.isEnabled()
    copy.trigger()
    assert QGuiApplication.clipboard().text().startswith("line 0\n")


def test_the_view_says_what_it_is_to_assistive_tools(view: LogView) -> None:
    show(view, LineList(numbered(1234)))
    assert view.accessibleName() == "Log"
    view.speech.tell_standing()
    last = view.page.full_rows
    assert view.accessibleDescription() == f"line {1235 - last:,} to 1,234 of 1,234, following"
    view.scroll_to(99)
    view.select_all()
    view.speech.tell_standing()
    assert view.accessibleDescription() == f"line 100 to {99 + last} of 1,234, paused, 1,234 lines selected"


def test_a_line_that_is_reached_is_told_to_a_screen_reader(view: LogView) -> None:
    lines = numbered(1000)
    show(view, LineList(lines))
    told: list[str] = []
    view.line_reached.connect(told.append)
    QAccessible.setActive(True)
    try:
        view.show_line(41)
        QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
        view.show_search(found("99$", lines))
        view.show_match(199)
    finally:
        QAccessible.setActive(False)
    assert told == ["42: line 41", "43: line 42", "200: line 199"]


def test_the_wheel_scrolls_and_with_control_zooms(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    first = view.first_visible_line
    sizes: list[float] = []
    view.font_size_changed.connect(sizes.append)
    for modifier in (Qt.KeyboardModifier.NoModifier, CONTROL):
        position = QPointF(100, 100)
        event = QWheelEvent(
            position,
            position,
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            modifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QGuiApplication.sendEvent(view.viewport(), event)
    assert view.first_visible_line == first - 3
    assert not view.following
    assert sizes == [11.0]


def test_dragging_beyond_the_edge_scrolls_on(view: LogView) -> None:
    show(view, LineList(numbered(1000)))
    QTest.mousePress(view.viewport(), LEFT, pos=place_of(view, 990, 4))
    move_mouse(view, QPoint(100, -60))
    deadline = time.monotonic() + 30
    while view.first_visible_line > 950 and time.monotonic() < deadline:
        QTest.qWait(10)
    QTest.mouseRelease(view.viewport(), LEFT, pos=QPoint(100, -60))
    assert view.first_visible_line <= 950
    assert view.selected_text().endswith("line 989\nline")


def test_a_file_on_disk_is_shown_at_its_end_followed_and_noticed_when_cut(view: LogView, tmp_path: Path) -> None:
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"\n".join(numbered(600_000)) + b"\n")
    spool = LogSpool(path)
    show(view, spool)
    assert not spool.complete
    assert view.visible_texts()[-1] == "line 599999"
    asyncio.run(spool.count_lines())
    view.source_grew()
    assert view.visible_texts()[-1] == "line 599999"
    view.scroll_to(300_000)
    assert view.visible_texts()[0] == "line 300000"
    path.write_bytes(b"anew\n")
    assert spool.refresh().replaced
    view.source_grew()
    assert view.visible_texts() == ["anew"]
    spool.close()
    view.grab()


@pytest.mark.parametrize("wraps", [False, True])
def test_colours_that_took_too_long_for_one_frame_come_in_the_next_ones(
    wraps: bool, view: LogView, app: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_painter, "_FRAME_S", -1.0)
    show(view, LineList([b"\x1b[31mX\x1b[32mY" * 400] * 40))
    view.set_wrap(wraps)
    view._page.forget()
    sketched = view.grab().toImage()
    assert view._page.hurried
    until(lambda: app.processEvents() or not view._page.hurried)  # a row more with each frame, however late it is
    assert ("XY" * 400).startswith(view.visible_texts()[0])
    assert view.grab().toImage() != sketched

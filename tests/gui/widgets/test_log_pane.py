"""The log pane tells a person how the log stands, and wishes what the person wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QToolButton

from taskmon.core.log_highlights import Highlight, HighlightRule
from taskmon.core.log_source import LineList, SearchResult
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.log_colours import contrast
from taskmon.gui.widgets.log_painter import highlight_colours
from taskmon.gui.widgets.log_pane import LogPane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.theme import Theme


@pytest.fixture
def pane(app: QApplication) -> Iterator[LogPane]:
    load_fonts()
    pane = LogPane()
    pane.resize(1000, 300)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


def result(*lines: int, finished: bool = True) -> SearchResult:
    return SearchResult(pattern="x", lines=list(lines), count=len(lines), finished=finished)


def numbered(count: int) -> LineList:
    return LineList([b"line %d" % number for number in range(count)])


def type_search(pane: LogPane, text: str) -> None:
    pane.search.field.setText(text)
    QTest.keyClick(pane.search.field, Qt.Key.Key_Return)


def test_a_log_without_lines_says_why(pane: LogPane) -> None:
    pane.show_source(LineList())
    pane.show_note("Waiting for the first output…")
    assert pane._placeholder.isVisible()
    assert pane._placeholder.text() == "Waiting for the first output…"
    assert not pane.save.isEnabled()
    pane.show_ended()
    assert pane._placeholder.text() == "This file is empty."


def test_the_foot_tells_lines_and_size(pane: LogPane) -> None:
    source = numbered(10)
    pane.show_source(source)
    assert pane.foot.status.text() == "live · 10 lines · 70 B"
    source.extend([b"more"])
    pane.source_grew()
    pane.show_ended()
    assert pane.foot.status.text() == "ended · 11 lines · 75 B"


def test_a_file_is_chosen_by_its_path(pane: LogPane) -> None:
    chosen: list[str] = []
    pane.file_selected.connect(chosen.append)
    pane.set_files(["stdout.txt", "stderr.txt", "logs/solver.log"])
    assert [pane.files.itemText(place) for place in range(3)] == ["stdout", "stderr", "logs/solver.log"]
    pane.files.setCurrentIndex(2)
    pane.files.activated.emit(2)
    pane.set_files(["stdout.txt", "logs/solver.log"])
    assert chosen == ["logs/solver.log"]
    assert pane.files.currentData() == "logs/solver.log"


def test_a_search_is_asked_for_once_and_again_when_its_way_changes(pane: LogPane) -> None:
    asked: list[tuple[str, bool, bool]] = []
    pane.search_requested.connect(lambda *wish: asked.append(wish))
    pane.show_source(numbered(10))
    type_search(pane, "err")
    pane.search.case.click()
    pane.search.regex.click()
    pane.search.field.clear()
    assert asked == [("err", True, False), ("err", True, True), ("err", False, True), ("", False, True)]


def test_matches_are_counted_and_walked_round(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.view.scroll_to(0)
    type_search(pane, "line")
    assert pane.search.count.text() == "Searching…"
    pane.show_search(result(100, 700, 1500))
    assert pane.search.count.text() == "1 of 3"
    assert "line 100" in pane.view.visible_texts()
    pane.search.next.click()
    assert pane.search.count.text() == "2 of 3"
    assert "line 700" in pane.view.visible_texts()
    QTest.keyClick(pane.search.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(pane.search.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert pane.search.count.text() == "3 of 3"


@pytest.mark.parametrize("where", ["view", "follow"])
def test_the_search_key_works_in_a_window_that_has_the_same_key(pane: LogPane, where: str) -> None:
    window, filtered = QMainWindow(), list[bool]()
    action = QAction("Filter tasks", window, shortcut=QKeySequence("Ctrl+F"))
    action.triggered.connect(filtered.append)
    window.addAction(action)
    window.setCentralWidget(pane)
    window.show()
    assert QTest.qWaitForWindowActive(window)
    pane.show_source(numbered(3))
    widget = {"view": pane.view, "follow": pane.follow}[where]
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert pane.search.field.hasFocus()
    assert not filtered
    pane.setParent(None)
    window.deleteLater()


def test_a_search_under_way_shows_what_it_has(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.show_search(result(*range(1234), finished=False))
    assert pane.search.count.text() == "1,234…"
    pane.show_search(result())
    assert pane.search.count.text() == "No match"
    assert not pane.search.next.isEnabled()


def test_only_the_matching_lines_can_be_shown(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.show_search(result(100, 700, 1500))
    pane.search.only_matches.click()
    assert pane.view.visible_texts() == ["line 100", "line 700", "line 1500"]
    pane.show_search(result(100, 700, 1500, 1600))
    assert pane.view.visible_texts()[-1] == "line 1600"
    pane.search.only_matches.click()
    assert pane.view.visible_texts()[0] == "line 100"


def test_a_refused_pattern_is_told_and_taken_back_by_the_next(pane: LogPane) -> None:
    pane.show_source(numbered(10))
    pane.show_search_problem("“a(” is not a regular expression.")
    assert pane.search.count.text() == "Not valid"
    assert pane.foot.status.text() == "“a(” is not a regular expression."
    type_search(pane, "a")
    assert pane.foot.status.text() == "live · 10 lines · 70 B"


def test_another_log_is_searched_for_the_same_text(pane: LogPane) -> None:
    asked: list[tuple[str, bool, bool]] = []
    pane.search_requested.connect(lambda *wish: asked.append(wish))
    pane.show_source(numbered(10))
    type_search(pane, "err")
    pane.show_source(numbered(20))
    assert asked == [("err", True, False)] * 2


def test_nothing_is_searched_where_there_is_no_log(pane: LogPane) -> None:
    pane.show_source(numbered(3))
    type_search(pane, "line")
    assert pane.search.count.text() == "Searching…"
    pane.show_source(None)
    assert pane.search.count.text() == ""
    pane.show_source(numbered(3))
    assert pane.search.count.text() == "Searching…"


def test_follow_and_wrap_are_switches(pane: LogPane) -> None:
    pane.show_source(numbered(1000))
    followed: list[bool] = []
    pane.follow_changed.connect(followed.append)
    pane.follow.click()
    assert not pane.view.following
    pane.follow.click()
    assert followed == [False, True]
    pane.wrap.click()
    assert pane.view._page.wraps


def test_saving_is_a_wish(pane: LogPane) -> None:
    wishes: list[str] = []
    pane.save_requested.connect(wishes.append)
    pane.show_source(numbered(1))
    pane.save.trigger()
    assert wishes == ["everything"]


def test_silence_is_told_and_taken_back(pane: LogPane) -> None:
    pane.show_source(numbered(1))
    pane.set_silence("no output for 14 min, usually every 20 s")
    assert pane.foot.silence.isVisible()
    pane.set_silence("")
    assert not pane.foot.silence.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_pane_is_painted_in_both_themes(pane: LogPane, theme: object) -> None:
    pane.set_theme(theme)  # type: ignore[arg-type]
    pane.show_source(numbered(100))
    assert not pane.grab().isNull()


def test_errors_are_counted_and_walked_with_their_key(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.view.scroll_to(0)
    pane.show_problems(result(300, 900), result(5))
    assert pane.foot.problems.text() == "2 errors · 1 warning"
    pane.step_problem(1)
    assert "line 300" in pane.view.visible_texts()
    assert pane.foot.problems.text() == "1 of 2 errors · 1 warning"
    pane.step_problem(1)
    assert "line 900" in pane.view.visible_texts()
    pane.step_problem(1)
    assert pane.foot.problems.text().startswith("1 of 2")
    pane.step_problem(-1)
    assert pane.foot.problems.text().startswith("2 of 2")


def test_without_errors_the_warnings_are_walked(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.show_problems(result(), result(700))
    pane.step_problem(1)
    assert "line 700" in pane.view.visible_texts()
    assert pane.foot.problems.text() == "1 of 1 warning"
    assert not pane.foot.silence.text()
    pane.show_source(numbered(10))
    assert pane.foot.problems.isHidden()


def test_a_typed_line_is_jumped_to_and_nonsense_is_told(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.foot.ask_where()
    pane.foot.jump.setText("soon")
    QTest.keyClick(pane.foot.jump, Qt.Key.Key_Return)
    assert "line number" in pane.foot.status.text()
    pane.foot.jump.setText("1,235")
    QTest.keyClick(pane.foot.jump, Qt.Key.Key_Return)
    assert "line 1234" in pane.view.visible_texts()
    assert pane.foot.jump.isHidden()
    assert pane.foot.status.text() == "live · 2,000 lines · 18.9 kB"


@pytest.mark.parametrize("leave", ["escape", "elsewhere"])
def test_a_jump_that_is_given_up_takes_its_refusal_along(pane: LogPane, leave: str) -> None:
    pane.show_source(numbered(2000))
    pane.activateWindow()
    assert QTest.qWaitForWindowActive(pane)
    pane.foot.ask_where()
    pane.foot.jump.setText("soon")
    QTest.keyClick(pane.foot.jump, Qt.Key.Key_Return)
    assert "line number" in pane.foot.status.text()
    if leave == "escape":
        QTest.keyClick(pane.foot.jump, Qt.Key.Key_Escape)
    else:
        QTest.mouseClick(pane.view.viewport(), Qt.MouseButton.LeftButton)
    assert pane.foot.jump.isHidden()
    assert pane.view.hasFocus()
    assert pane.foot.status.text() == "live · 2,000 lines · 18.9 kB"


def test_matches_are_shown_with_lines_around_them(pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.search.set_context(2)
    pane.show_search(result(100, 103, 1500))
    pane.search.only_matches.click()
    expected = [*range(98, 106), *range(1498, 1503)]
    pane.view.scroll_to(0)
    assert pane.view.visible_texts() == [f"line {number}" for number in expected][: len(pane.view.visible_texts())]
    pane.search.next.click()
    assert pane.shown_lines is not None
    assert pane.shown_lines.line_count == len(expected)
    pane.search.only_matches.click()
    assert "line 101" in pane.view.visible_texts()


def test_escape_in_an_empty_search_goes_back_to_the_lines(app: QApplication, pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.activateWindow()
    assert QTest.qWaitForWindowActive(pane)
    app.processEvents()
    pane.focus_search()
    QTest.keyClicks(pane.search.field, "x")
    QTest.keyClick(pane.search.field, Qt.Key.Key_Escape)
    assert (pane.search.field.text(), pane.search.field.hasFocus()) == ("", True)
    QTest.keyClick(pane.search.field, Qt.Key.Key_Escape)
    assert pane.view.hasFocus()


@pytest.mark.parametrize("width", [600, 1300])
def test_the_button_of_only_matches_stays_under_the_mouse(app: QApplication, pane: LogPane, width: int) -> None:
    button = pane.search.only_matches
    pane.resize(width, 300)
    pane.show_source(numbered(2000))
    pane.show_search(result(100, 103, 1500))
    app.processEvents()
    before = (button.mapTo(pane, QPoint()), button.size())
    button.click()
    app.processEvents()
    assert (button.mapTo(pane, QPoint()), button.size()) == before


def test_the_lines_around_a_match_are_chosen_by_keys_and_shown_at_once(app: QApplication, pane: LogPane) -> None:
    pane.show_source(numbered(2000))
    pane.show_search(result(100, 1500))
    pane.activateWindow()
    assert QTest.qWaitForWindowActive(pane)
    pane.search.only_matches.setFocus()
    QTest.keyClick(pane.search.only_matches, Qt.Key.Key_Down)
    menu = pane.search.only_matches.menu()
    assert menu.isVisible()
    assert [action.text() for action in menu.actions()][:3] == [
        "Each match alone",
        "1 line around each",
        "2 lines around each",
    ]
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(menu, key)
    assert pane.shown_lines is not None
    assert pane.shown_lines.line_count == 2 * (1 + 2 * pane.search.context_lines)
    assert pane.search.context_lines > 0


def test_a_link_names_the_line_of_the_log_also_among_matches(pane: LogPane) -> None:
    links: list[int] = []
    pane.link_requested.connect(links.append)
    pane.show_source(numbered(2000))
    pane.jump("100")
    pane._ask_for_link()
    pane.show_search(result(700, 800))
    pane.search.only_matches.click()
    pane.show_line(800)
    pane._ask_for_link()
    assert links == [99, 800]


def test_a_time_is_asked_for_and_its_line_shown(pane: LogPane) -> None:
    asked: list[str] = []
    pane.time_requested.connect(asked.append)
    pane.show_source(numbered(2000))
    pane.jump("12:30")
    assert asked == ["12:30"]
    pane.show_jump(1500)
    assert "line 1500" in pane.view.visible_texts()
    pane.show_jump(None)
    assert "a time if the lines begin with times" in pane.foot.status.text()


def test_rules_are_written_in_their_form_and_told_at_once(pane: LogPane) -> None:
    told: list[tuple[HighlightRule, ...]] = []
    pane.rules_changed.connect(told.append)
    pane.set_rules((HighlightRule("Courant", 2),), [])
    pane.show_rules()
    form = pane._rules_form
    assert form is not None
    form.rows()[0].pattern.setText("residual")
    form.add_rule(HighlightRule("max", 1))
    form.rows()[1].regex.click()
    assert told[-1] == (HighlightRule("residual", 2), HighlightRule("max", 1, regex=True))
    pane.set_rules(told[-1], [], "“a(” is not a regular expression.")
    assert form._problem.isVisible()
    form.rows()[0].removed.emit()
    assert list(told[-1]) == [HighlightRule("max", 1, regex=True)]
    form.close()
    assert pane._rules_form is None


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_highlights_are_painted_in_their_colours(pane: LogPane, theme: Theme) -> None:
    pane.set_theme(theme)
    pane.show_source(LineList([b"max: 0.5"]))
    before = pane.view.grab().toImage()
    pane.set_rules((), [Highlight(lambda text: [(0, 3)] if "max" in text else [], 0)])
    image = pane.view.grab().toImage()
    assert image != before
    ink, paper = highlight_colours(0, theme)
    assert contrast(ink, paper) >= 4.5


def test_escapes_and_returns_are_shown_on_request(pane: LogPane) -> None:
    pane.show_source(LineList([b"\x1b[31mred\x1b[0m 10 %\r20 %"]))
    assert pane.view.visible_texts() == ["20 %10 %"] or pane.view.visible_texts() == ["20 % 10 %"]
    pane.raw.setChecked(True)
    assert pane.view.visible_texts() == ["␛[31mred␛[0m 10 %␍20 %"]


def test_what_is_searched_for_and_found_is_read_in_a_very_narrow_pane(app: QApplication, pane: LogPane) -> None:
    pane.show_source(numbered(3))
    field, count = pane.search.field, pane.search.count
    field.setText("needle")
    pane.show_search(result())
    for width in (1000, pane.minimumSizeHint().width()):
        pane.resize(width, 300)
        app.processEvents()
        buttons = [button for button in field.findChildren(QToolButton) if button.isVisible()]
        room = field.width() - sum(button.width() for button in buttons)
        assert room >= field.fontMetrics().horizontalAdvance("needle") + 8, width
        assert count.width() >= count.sizeHint().width(), width
    assert not buttons
    pane.resize(1000, 300)
    app.processEvents()
    assert [button for button in field.findChildren(QToolButton) if button.isVisible()]


def test_a_narrow_pane_keeps_its_words_for_the_tooltips(pane: LogPane) -> None:
    pane.resize(700, 300)
    assert pane.minimumSizeHint().width() <= 700
    assert pane.follow.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    pane.resize(1300, 300)
    assert pane.follow.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class Uncounted(LineList):
    """Lines that are still being counted."""

    @property
    def complete(self) -> bool:
        return False


@pytest.mark.parametrize("wanted", ["3", "50%", "12:30"])
def test_nobody_is_led_astray_while_lines_are_counted(pane: LogPane, wanted: str) -> None:
    pane.show_source(Uncounted([b"12:00 one", b"12:40 two"]))
    asked: list[str] = []
    pane.time_requested.connect(asked.append)
    pane.jump(wanted)
    assert "still being counted" in pane.foot.status.text()
    assert asked == []


def test_a_hint_at_another_stream_leaves_the_log_as_high_as_it_was(pane: LogPane, app: QApplication) -> None:
    pane.show_source(numbered(10))
    app.processEvents()
    before = pane.view.height()
    pane.foot.show_elsewhere("stderr has 3 lines")
    app.processEvents()
    assert pane.foot.elsewhere.isVisible()
    assert pane.view.height() == before

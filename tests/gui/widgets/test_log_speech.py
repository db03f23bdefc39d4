"""A screen reader finds in a log what is on the screen, and is told what happens to it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QAccessible

from taskmon.core.log_signals import severity
from taskmon.core.log_source import LineList
from taskmon.gui.theme import log_font
from taskmon.gui.widgets.log_page import LogPage
from taskmon.gui.widgets.log_selection import Caret
from taskmon.gui.widgets.log_speech import SpokenPage, offer_text
from taskmon.gui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QAccessibleInterface, QAccessibleTextInterface
    from PySide6.QtWidgets import QApplication

LINES = ["first line", "second wörld 日本", "🙂 third", "", "the \x1b[31mend\x1b[0m"]


@pytest.fixture
def view(app: QApplication) -> Iterator[LogView]:
    offer_text()
    view = LogView()
    view.resize(600, 400)
    view.show()
    view.show_source(LineList([line.encode() for line in LINES]))
    app.processEvents()
    yield view
    view.close()
    view.deleteLater()


def read(view: LogView) -> tuple[QAccessibleInterface, QAccessibleTextInterface]:
    found = QAccessible.queryAccessibleInterface(view)
    return found, found.textInterface()


linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no text of a log")


@linux
def test_the_rows_on_the_screen_are_one_text(view: LogView) -> None:
    found, words = read(view)
    assert found.role() == QAccessible.Role.EditableText
    assert found.state().readOnly
    text = "first line\nsecond wörld 日本\n🙂 third\n\nthe end"
    assert words.text(0, words.characterCount()) == text
    assert words.text(11, 17) == "second"
    assert words.characterCount() == len(text) + 1  # an emoji is two units of UTF-16
    assert words.selectionCount() == 0


@linux
def test_other_interfaces_are_there_or_not_as_for_any_widget(view: LogView) -> None:
    found, _ = read(view)
    assert found.actionInterface() is not None
    assert found.valueInterface() is None


@linux
def test_the_caret_is_told_and_can_be_put(view: LogView) -> None:
    _, words = read(view)
    assert words.text(words.cursorPosition(), 1000) == "the end"
    words.setCursorPosition(len("first line\nsec"))
    assert view.caret == Caret(1, 3)
    assert not view.has_selection
    assert words.cursorPosition() == len("first line\nsec")


@linux
def test_a_character_is_where_it_is_seen(view: LogView) -> None:
    _, words = read(view)
    for offset in (0, 4, 14, 24):
        area = words.characterRect(offset)
        assert area.isValid()
        assert words.offsetAtPoint(area.topLeft() + QPoint(1, 2)) == offset
    assert words.offsetAtPoint(QPoint(-5000, -5000)) == 0


@linux
def test_a_view_that_is_gone_has_no_text(app: QApplication) -> None:
    offer_text()
    view = LogView()
    view.show_source(LineList([b"gone"]))
    _, words = read(view)
    view.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert words.characterCount() == 0
    assert words.text(0, 10) == ""
    assert words.cursorPosition() == 0


@given(
    lines=st.lists(st.text(alphabet="ab 日é🙂\t", max_size=30), min_size=1, max_size=8),
    wraps=st.booleans(),
    data=st.data(),
)
def test_offsets_and_places_in_the_log_are_one_to_one(
    app: QApplication, lines: list[str], wraps: bool, data: st.DataObject
) -> None:
    page = LogPage(log_font(10), severity)
    page.show_source(LineList([line.encode() for line in lines]))
    page.resize(200, 2000)
    page.set_wraps(wraps)
    page.go_to(0)
    page.at_end = False
    spoken = SpokenPage(page.rows())
    whole = spoken.text(0, len(spoken))
    assert whole == "\n".join(row.placed.row_text(row.row) for row in page.rows())
    line = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, page.length(line)))
    offset = spoken.offset_of(Caret(line, column))
    assert offset is not None
    assert spoken.caret(offset) == Caret(line, column)
    assert spoken.offset_of(Caret(len(lines) + 5, 0)) is None


def test_the_end_of_a_log_that_grew_is_news(view: LogView, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(view.speech, "announce", told.append)
    view.show_ended()
    assert told == []  # it was over when it was opened
    source = LineList([b"one"])
    view.show_source(source)
    source.extend([b"two"])
    view.source_grew()
    view.show_ended()
    view.show_ended()
    assert told == ["The log has ended with 2 lines."]

"""The filter box: tells a text when the typing pauses, and problems without getting in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from taskmon.gui.models.task_filter import KEYS, parse_filter
from taskmon.gui.styles import dress
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.filter_box import DEBOUNCE_MS, HELP, FilterBox
from tests.builders import NOON
from tests.waiting import until


class Shown:
    """A filter box in a window, and what it has told."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.window = QWidget()
        self.box = FilterBox()
        layout = QVBoxLayout(self.window)
        layout.addWidget(self.box)
        layout.addStretch(1)
        self.window.resize(700, 300)
        self.window.show()
        edit = self.box.findChild(QLineEdit)
        assert edit is not None
        self.edit = edit
        self.told: list[str] = []
        self.box.filter_changed.connect(self.told.append)
        app.processEvents()

    def wait_for(self, told: list[str]) -> None:
        until(lambda: self.app.processEvents() or self.told == told, 30, f"told {self.told}, not {told}")


@pytest.fixture
def shown(app: QApplication) -> Iterator[Shown]:
    made = Shown(app)
    yield made
    made.window.close()
    made.window.deleteLater()
    app.processEvents()


def test_a_text_is_told_once_when_the_typing_pauses(shown: Shown) -> None:
    QTest.keyClicks(shown.edit, "wing")
    assert shown.told == []
    assert shown.box._debounce.interval() == DEBOUNCE_MS
    shown.wait_for(["wing"])


def test_return_does_not_wait(shown: Shown) -> None:
    QTest.keyClicks(shown.edit, "dam")
    QTest.keyClick(shown.edit, Qt.Key.Key_Return)
    assert shown.told == ["dam"]


def test_escape_empties_the_box(shown: Shown) -> None:
    shown.box.set_text("dam")
    QTest.keyClick(shown.edit, Qt.Key.Key_Escape)
    assert shown.box.text() == ""
    assert shown.told == ["dam", ""]


def test_the_same_text_is_not_told_again(shown: Shown) -> None:
    shown.box.set_text("dam")
    shown.box.set_text("dam ")
    assert shown.told == ["dam"]


def test_a_problem_is_shown_below_and_leaves_the_focus_where_it_is(shown: Shown) -> None:
    shown.box.setFocus()
    focused = shown.app.focusWidget()
    height = shown.box.height()
    shown.box.show_problem("No state is called “fialed”. Use the name of a state.")
    shown.app.processEvents()
    assert shown.box._problem.isVisible()
    assert shown.box._problem.y() > shown.box.mapTo(shown.window, shown.box.rect().bottomLeft()).y() - 4
    assert shown.box.height() == height
    assert shown.app.focusWidget() is focused
    shown.box.show_problem("")
    assert not shown.box._problem.isVisible()
    assert shown.box.problem() == ""


def test_down_offers_every_key_and_a_chosen_key_its_values(shown: Shown) -> None:
    shown.box.show_values({"project": ["wing", "dam"], "since": ["1h"]})
    QTest.keyClick(shown.edit, Qt.Key.Key_Down)
    assert shown.box._choices.stringList() == ["project:", "since:"]
    popup = shown.box._completer.popup()
    assert popup is not None
    assert popup.isVisible()
    shown.box._complete("project:")
    until(lambda: shown.app.processEvents() or shown.box._choices.stringList() == ["project:wing", "project:dam"])
    popup.hide()


def test_down_goes_on_to_the_list_where_there_is_nothing_to_offer(shown: Shown) -> None:
    shown.box.show_values({"project": ["wing", "dam"]})
    left: list[list[str]] = []
    shown.box.left.connect(lambda: left.append(list(shown.told)))
    QTest.keyClicks(shown.edit, "case-7")
    QTest.keyClick(shown.edit, Qt.Key.Key_Down)
    assert left == [["case-7"]], "the list is narrowed before the keys come to it"
    QTest.keyClick(shown.edit, Qt.Key.Key_Space)
    QTest.keyClick(shown.edit, Qt.Key.Key_Down)
    popup = shown.box._completer.popup()
    assert popup is not None
    assert popup.isVisible()
    assert len(left) == 1
    popup.hide()


def test_escape_in_an_empty_box_goes_back_to_the_list(shown: Shown) -> None:
    left: list[str] = []
    shown.box.left.connect(lambda: left.append(shown.box.text()))
    QTest.keyClicks(shown.edit, "wing")
    QTest.keyClick(shown.edit, Qt.Key.Key_Escape)
    assert left == []
    QTest.keyClick(shown.edit, Qt.Key.Key_Escape)
    assert left == [""]


def test_every_example_of_the_help_is_understood() -> None:
    for example, _ in HELP:
        parse_filter(example, NOON)
    assert {key for key in KEYS if key in str(HELP)} == set(KEYS)
    assert not any(letter in str(HELP) for letter in "<>&")


def test_keys_and_known_values_are_offered(shown: Shown) -> None:
    shown.box.show_values({"project": ["wing", "nozzle study"], "status": ["failed"]})
    QTest.keyClicks(shown.edit, "pr")
    assert shown.box._choices.stringList() == ["project:"]
    shown.box._complete("project:")
    QTest.keyClicks(shown.edit, "n")
    assert shown.box._choices.stringList() == ["project:wing", 'project:"nozzle study"']
    QTest.keyClicks(shown.edit, "oz")
    assert shown.box._choices.stringList() == ['project:"nozzle study"']
    shown.box._complete('project:"nozzle study"')
    assert shown.box.text() == 'project:"nozzle study"'


def test_a_problem_stays_below_the_box_when_the_box_is_moved(shown: Shown) -> None:
    shown.box.show_problem("There is no filter “staus:”.")
    layout = shown.window.layout()
    assert layout is not None
    for left in (90, 20):
        layout.setContentsMargins(left, 5, 30, 5)
        until(lambda left=left: shown.app.processEvents() or shown.box._problem.x() == left, 5)  # type: ignore[misc]
        assert shown.edit.mapTo(shown.window, QPoint(0, 0)).x() == left
        assert shown.box._problem.width() == shown.edit.width()


@pytest.mark.parametrize("count", [1, 2, 12])
def test_all_that_is_offered_is_in_sight(shown: Shown, count: int) -> None:
    dress(shown.app, LIGHT)
    shown.box.show_values({"project": [f"wing-{number}" for number in range(count)]})
    QTest.keyClicks(shown.edit, "project:w")
    popup = shown.box._completer.popup()
    assert popup is not None
    until(lambda: shown.app.processEvents() or popup.isVisible(), 10)
    assert popup.model().rowCount() == count
    assert popup.verticalScrollBar().maximum() == 0


def test_the_beginning_of_a_text_from_elsewhere_is_in_sight(shown: Shown) -> None:
    shown.edit.clearFocus()
    shown.box.set_text("status:failed " + "and a long reason " * 20)
    assert shown.edit.cursorPosition() == 0
    shown.edit.setFocus()
    until(lambda: shown.app.processEvents() or shown.edit.hasFocus(), 10)
    shown.box.set_text("typed")
    assert shown.edit.cursorPosition() == len("typed")

"""F6 moves the keys from pane to pane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from taskmon.gui.widgets.pane_keys import KeyPane, go_to_pane


@pytest.fixture
def window(app: QApplication) -> Iterator[QWidget]:
    """Three panes of two buttons each, and one with words only, created across each other."""
    made = QWidget()
    row = QHBoxLayout(made)
    columns: dict[str, QVBoxLayout] = {}
    for name in ("a", "b", "words", "c"):
        pane = QWidget()
        pane.setObjectName(name)
        columns[name] = QVBoxLayout(pane)
        row.addWidget(pane)
    for number in (1, 2):
        for name in ("c", "a", "b"):
            button = QPushButton(f"{name}{number}")
            button.setObjectName(f"{name}{number}")
            columns[name].addWidget(button)
    columns["words"].addWidget(QLabel("words"))
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    made.close()
    made.deleteLater()


def part(window: QWidget, name: str) -> QWidget:
    found = window.findChild(QWidget, name)
    assert found is not None
    return found


def panes(window: QWidget, favourite: str = "") -> list[KeyPane]:
    return [KeyPane(part(window, name)) for name in ("a", "words")] + [
        KeyPane(part(window, "b"), part(window, favourite) if favourite else None),
        KeyPane(part(window, "c")),
    ]


def at(window: QWidget) -> str:
    focus = window.focusWidget()
    return focus.objectName() if focus is not None else ""


def test_the_keys_go_round_the_panes_in_their_order_and_back(window: QWidget) -> None:
    part(window, "a1").setFocus()
    places = []
    for step in (1, 1, 1, -1, -1, -1):
        go_to_pane(panes(window), step)
        places.append(at(window))
    assert places == ["b1", "c1", "a1", "c1", "b1", "a1"]


def test_the_keys_come_back_to_the_part_where_they_were(window: QWidget) -> None:
    part(window, "a2").setFocus()
    go_to_pane(panes(window), 1)
    go_to_pane(panes(window), -1)
    assert at(window) == "a2"


def test_a_favourite_comes_first_where_it_takes_the_keys(window: QWidget) -> None:
    part(window, "a1").setFocus()
    go_to_pane(panes(window, "b2"), 1)
    assert at(window) == "b2"
    part(window, "b2").setEnabled(False)
    part(window, "a1").setFocus()
    go_to_pane(panes(window, "b2"), 1)
    assert at(window) == "b1"


def test_a_pane_that_is_not_seen_is_passed_by(window: QWidget) -> None:
    part(window, "b").hide()
    part(window, "a1").setFocus()
    go_to_pane(panes(window), 1)
    assert at(window) == "c1"


def test_from_elsewhere_the_keys_come_to_the_first_or_last_pane(window: QWidget) -> None:
    field = QLineEdit(window)
    field.show()
    for step, wanted in ((1, "a1"), (-1, "c1")):
        field.setFocus()
        go_to_pane(panes(window), step)
        assert at(window) == wanted

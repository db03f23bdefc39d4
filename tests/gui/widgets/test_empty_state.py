"""What stands where the table would be empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.gui.widgets.empty_state import EmptyState
from tests.gui.widgets.task_pictures import save

COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MOVE = Qt.DropAction.MoveAction


@pytest.fixture
def empty(app: QApplication) -> Iterator[EmptyState]:
    made = EmptyState()
    made.resize(860, 520)
    made.show()
    app.processEvents()
    yield made
    made.close()
    made.deleteLater()


def press(empty: EmptyState, title: str) -> None:
    button = next(b for b in empty.findChildren(QPushButton) if b.text() == title and b.isVisible())
    QTest.mouseClick(button, LEFT)


def a_drag(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


@pytest.mark.parametrize(("height", "link"), [(0, False), (165, True)])
def test_in_a_low_window_all_words_stand_in_the_frame(
    app: QApplication, empty: EmptyState, height: int, *, link: bool
) -> None:
    empty.setMinimumSize(1, 1)  # as in a stack, which goes by what it is told
    empty.resize(500, max(height, empty.minimumSizeHint().height()))
    for _ in range(3):
        app.processEvents()
    assert empty.height() < 170
    assert empty._connect.isVisible() == link
    picture = empty.grab().toImage()
    for part in (empty._title, empty._example, *[empty._connect] * link):
        assert picture.pixelColor(30, part.geometry().center().y()) == QColor(LIGHT.raised)
        assert part.geometry().top() >= 0 and part.geometry().bottom() < empty.height()


def test_the_example_and_the_cloud_are_one_click_away(empty: EmptyState) -> None:
    wishes: list[str] = []
    empty.example_requested.connect(lambda: wishes.append("example"))
    empty.connect_requested.connect(lambda: wishes.append("connect"))
    press(empty, "Try the example")
    press(empty, "Connect to the Inductiva cloud…")
    assert wishes == ["example", "connect"]


def test_a_filter_that_hides_everything_can_be_cleared(empty: EmptyState) -> None:
    wishes: list[str] = []
    empty.clear_filter_requested.connect(lambda: wishes.append("clear"))
    empty.show_no_match("status:failed wing", 1234)
    assert "1,234 tasks" in empty.accessibleDescription()
    press(empty, "Clear filter")
    assert wishes == ["clear"]
    empty.show_welcome()
    assert [b.text() for b in empty.findChildren(QPushButton) if b.isVisible()] == [
        "Try the example",
        "Connect to the Inductiva cloud…",
    ]


def test_folders_can_be_dropped_and_the_target_lights_up(empty: EmptyState, tmp_path: Path) -> None:
    dropped: list[list[str]] = []
    empty.folders_dropped.connect(dropped.append)
    mime = a_drag(tmp_path)
    enter = QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NONE)
    calm = empty.grab().toImage()
    empty.dragEnterEvent(enter)
    assert enter.isAccepted()
    assert empty.grab().toImage() != calm
    empty.dragLeaveEvent(QDragLeaveEvent())
    assert empty.grab().toImage() == calm
    drop = QDropEvent(QPointF(9, 9), COPY | MOVE, mime, LEFT, NONE)
    drop.setDropAction(MOVE)
    empty.dropEvent(drop)
    assert dropped == [[str(tmp_path)]]
    assert drop.dropAction() is COPY, "after a move its source may remove the folder"


def test_what_is_no_folder_on_this_computer_is_not_taken(empty: EmptyState) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/case.zip")])
    enter = QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NONE)
    enter.ignore()
    empty.dragEnterEvent(enter)
    assert not enter.isAccepted()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_pictures_can_be_looked_at(empty: EmptyState, theme: Theme, app: QApplication) -> None:
    empty.set_theme(theme)
    app.processEvents()
    assert save(empty, f"empty_{theme.name}").stat().st_size > 1000
    empty.show_no_match("status:failed wing", 412)
    app.processEvents()
    assert save(empty, f"no_match_{theme.name}").stat().st_size > 1000

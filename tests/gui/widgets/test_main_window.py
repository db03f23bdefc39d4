"""The frame around the panes: actions, messages, drops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDropEvent, QStatusTipEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QTabBar,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.gui.widgets.command_palette import CommandPalette
from taskmon.gui.widgets.dock_room import STRIP
from taskmon.gui.widgets.filter_box import FilterBox
from taskmon.gui.widgets.main_window import MainWindow, Panes
from taskmon.gui.widgets.toolbar_room import LEAST_ELASTIC
from taskmon.gui.widgets.wishes import WISHES, Wish
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def window(app: QApplication) -> Iterator[MainWindow]:
    tabs = {Wish.SHOW_LOG: ("Log", QWidget()), Wish.SHOW_FILES: ("Files", QWidget())}
    shown = MainWindow(Panes(QWidget(), QWidget(), QWidget(), QWidget(), QWidget(), tabs))
    shown.set_theme(LIGHT)
    yield shown
    shown.hide()
    shown.deleteLater()


def test_every_wish_is_offered_with_words_and_asked_for_when_triggered(window: MainWindow) -> None:
    asked: list[Wish] = []
    window.wished.connect(asked.append)
    for text in WISHES:
        window.action(text.wish).trigger()
    assert asked == [text.wish for text in WISHES] == list(dict.fromkeys(asked))
    assert set(asked) == set(Wish)
    assert all(window.action(wish).text() for wish in Wish)


def test_a_refusal_is_seen_while_the_pointer_is_still_on_the_button(window: MainWindow) -> None:
    window.show()
    window.action(Wish.KILL).hover()
    bar = window.statusBar()
    QApplication.sendEvent(window, QStatusTipEvent("Stop the selected tasks"))
    assert bar.currentMessage() == "Stop the selected tasks"
    window.show_problem("The service does not answer.")
    label = bar.findChild(QLabel, "message")
    assert label is not None
    assert (bar.currentMessage(), label.isVisible()) == ("", True)


@pytest.mark.parametrize("needed", [300, 900])
def test_the_panes_of_a_narrow_window_do_not_overlap_and_come_back_when_it_is_wide(
    app: QApplication, window: MainWindow, needed: int
) -> None:
    lifecycle, task = (window.findChild(QDockWidget, name) for name in ("lifecycle", "task"))
    assert lifecycle is not None
    assert task is not None
    pane = QWidget()
    pane.setMinimumWidth(needed)  # what a pane shows for a moment must not widen the window
    log = QVBoxLayout(window.current_tab())
    log.addWidget(pane)
    window.show()
    sizes = []
    for width in (1300, 800, 900, 1300):
        window.resize(width, 600)
        for _ in range(3):
            app.processEvents()
        assert window.width() == width
        assert not lifecycle.geometry().intersects(task.geometry())
        sizes.append(lifecycle.width())
    assert sizes[0] == sizes[3]
    assert (sizes[1] < sizes[0]) == (needed == 900)


def test_a_window_closed_while_narrow_gives_the_right_dock_its_width_again(app: QApplication) -> None:
    def opened(width: int) -> MainWindow:
        tabs = {Wish.SHOW_LOG: ("Log", QWidget())}
        diagram = QWidget()
        diagram.setMinimumSize(234, 200)
        made = MainWindow(Panes(QWidget(), QWidget(), diagram, QWidget(), QWidget(), tabs))
        made.resize(width, 600)
        return made

    def fill(made: MainWindow) -> None:
        """As after the first paint."""
        log = QVBoxLayout(made.current_tab())
        pane = QWidget()
        pane.setMinimumWidth(900)
        log.addWidget(pane)
        made.make_room()
        lower, right = (made.findChild(QDockWidget, name) for name in ("task", "lifecycle"))
        assert lower is not None
        assert right is not None
        until(lambda: app.processEvents() or pane.isVisible())
        until(lambda: app.processEvents() or not lower.geometry().intersects(right.geometry()), 3)

    def turn() -> None:
        for _ in range(3):
            app.processEvents()

    window = opened(1300)
    window.show()
    turn()
    fill(window)
    wide = window.room.wanted
    window.resize(800, 600)
    turn()
    assert window.room.wanted == wide
    kept = window.saveState()
    window.close()
    again = opened(800)
    again.restoreState(kept)
    again.room.restore(window.room.state())
    again.show()
    turn()
    fill(again)
    assert again.room.wanted == wide
    again.resize(1300, 600)
    turn()
    dock = again.findChild(QDockWidget, "lifecycle")
    assert dock is not None
    assert dock.width() == wide
    for made in (window, again):
        made.hide()
        made.deleteLater()


class Foldable:
    """A window whose diagram is 300 pixels wide, and what it tells of its folding."""

    def __init__(self, app: QApplication, width: int) -> None:
        self.app = app
        diagram = QWidget()
        diagram.setMinimumSize(300, 200)
        tabs = {Wish.SHOW_LOG: ("Log", QWidget())}
        self.window = MainWindow(Panes(QWidget(), QWidget(), diagram, QWidget(), QWidget(), tabs))
        pane = QWidget()
        pane.setMinimumWidth(900)
        QVBoxLayout(self.window.current_tab()).addWidget(pane)
        self.told: list[bool] = []
        self.window.room.folded.connect(self.told.append)
        found = self.window.findChild(QDockWidget, "lifecycle")
        assert found is not None
        self.dock = found
        self.window.resize(width, 600)

    def resize(self, width: int) -> None:
        self.window.resize(width, 600)
        self.turn()

    def turn(self) -> None:
        for _ in range(4):
            self.app.processEvents()


@pytest.fixture
def foldable(app: QApplication) -> Iterator[Foldable]:
    made = Foldable(app, 1300)
    made.window.show()
    made.turn()
    yield made
    made.window.hide()
    made.window.deleteLater()


def test_a_window_on_half_a_laptops_screen_folds_the_diagram_and_brings_it_back(foldable: Foldable) -> None:
    wide = foldable.dock.width()
    foldable.resize(640)
    assert (foldable.window.width(), foldable.dock.isHidden(), foldable.told) == (640, True, [True])
    foldable.resize(700)
    assert foldable.told == [True]
    foldable.resize(1300)
    assert (foldable.dock.isHidden(), foldable.told, foldable.dock.width()) == (False, [True, False], wide)


def test_a_low_window_folds_the_diagram_too(foldable: Foldable) -> None:
    foldable.dock.widget().setMinimumHeight(470)
    for height, folded in ((700, False), (490, True), (700, False)):
        foldable.window.resize(1300, height)
        foldable.turn()
        assert (foldable.window.height(), foldable.dock.isHidden()) == (height, folded)


def test_what_stands_above_the_log_takes_no_height_from_it(foldable: Foldable) -> None:
    lower = foldable.window.findChild(QDockWidget, "task")
    assert lower is not None
    before = lower.height()
    foldable.resize(640)
    assert lower.height() == before + STRIP
    foldable.resize(1300)
    assert lower.height() == before


def test_a_diagram_that_was_closed_stays_closed(foldable: Foldable) -> None:
    foldable.dock.close()
    foldable.turn()
    for width in (640, 1300):
        foldable.resize(width)
        assert foldable.dock.isHidden()
    assert foldable.told == []


def test_a_diagram_that_is_wanted_in_a_narrow_window_makes_it_wider(foldable: Foldable) -> None:
    foldable.resize(640)
    foldable.dock.toggleViewAction().trigger()
    foldable.turn()
    assert foldable.dock.isVisible()
    assert foldable.window.width() > 640
    assert foldable.told == [True, False]


def test_a_window_that_was_closed_folded_opens_so_and_unfolds_later(app: QApplication, foldable: Foldable) -> None:
    wide = foldable.dock.width()
    foldable.resize(640)
    again = Foldable(app, 640)
    again.window.restoreState(foldable.window.saveState())
    again.window.room.restore(foldable.window.room.state())
    again.window.show()
    again.turn()
    assert (again.window.width(), again.dock.isHidden(), again.window.room.is_folded) == (640, True, True)
    again.resize(1300)
    assert (again.dock.isHidden(), again.dock.width()) == (False, wide)
    again.window.hide()
    again.window.deleteLater()


def test_reset_in_a_narrow_window_leaves_it_narrow(foldable: Foldable) -> None:
    foldable.resize(640)
    foldable.window.reset_layout()
    foldable.turn()
    assert (foldable.window.width(), foldable.dock.isHidden()) == (640, True)


@pytest.mark.parametrize("state", [b"", b"folded", b"-3", b"99999999999", b"\xff 1", b"400 folded"])
def test_a_state_that_makes_no_sense_folds_nothing(foldable: Foldable, state: bytes) -> None:
    foldable.window.room.restore(state)
    foldable.turn()
    assert foldable.dock.isVisible()
    assert not foldable.window.room.is_folded


def test_in_a_narrow_window_the_buttons_lose_their_words_and_the_badge_stays(app: QApplication) -> None:
    dress(app, LIGHT)
    badge = QLabel("no answer since 14:02")
    badge.setMinimumWidth(174)  # as the real one
    tabs = {Wish.SHOW_LOG: ("Log", QWidget())}
    window = MainWindow(Panes(QWidget(), QWidget(), QWidget(), FilterBox(), badge, tabs))
    window.set_theme(LIGHT)
    window.show()
    words, icons = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly

    def arranged(look: Qt.ToolButtonStyle) -> bool:
        app.processEvents()
        in_sight = badge.isVisible() and badge.geometry().right() < window.width()
        return in_sight and window.resubmit_button.toolButtonStyle() is look

    window.resize(1400, 600)
    until(lambda: arranged(words), what="words where there is room")
    bar, box = window.findChild(QToolBar), window.findChild(FilterBox)
    assert bar is not None
    assert box is not None
    least = bar.sizeHint().width() - (box.sizeHint().width() - LEAST_ELASTIC)  # whatever the style and its fonts
    name = window.connection_button
    for width, look, of_name in (
        (least + 20, words, words), (least - 20, icons, words), (620, icons, icons), (1400, words, words)
    ):  # fmt: skip
        window.resize(width, 600)
        until(partial(arranged, look), what=f"{look} at {width}")
        assert name.toolButtonStyle() is of_name
    window.hide()
    window.deleteLater()


def test_no_two_wishes_share_a_shortcut() -> None:
    shortcuts = [text.shortcut for text in WISHES if text.shortcut]
    assert len(shortcuts) == len(set(shortcuts))


def test_a_disabled_wish_cannot_be_asked_for(window: MainWindow) -> None:
    asked: list[Wish] = []
    window.wished.connect(asked.append)
    window.set_enabled((Wish.KILL, Wish.RESUBMIT), False)
    window.action(Wish.KILL).trigger()
    assert asked == []
    assert not window.resubmit_button.isEnabled()


def test_what_cannot_be_done_now_says_why_and_what_can_says_what_it_does(window: MainWindow) -> None:
    action = window.action(Wish.DOWNLOAD)
    does = action.toolTip()
    window.set_enabled((Wish.DOWNLOAD,), False, "This task has not started yet.")
    assert action.toolTip() == action.statusTip() == "This task has not started yet."
    window.set_enabled((Wish.DOWNLOAD,), True, "")
    assert action.toolTip() == does == "Download and unpack the outputs (Ctrl+D)"
    assert action.statusTip() == "Download and unpack the outputs"


def test_icons_follow_the_theme(window: MainWindow) -> None:
    light = window.action(Wish.KILL).icon().pixmap(16).toImage()
    window.set_theme(DARK)
    assert window.action(Wish.KILL).icon().pixmap(16).toImage() != light


def test_foreign_text_neither_breaks_the_status_line_nor_is_markup(window: MainWindow) -> None:
    window.show_fact("one\ntwo \x1b[31m<i>three</i>")
    label = next(label for label in window.findChildren(QLabel) if label.objectName() == "message")
    assert label.text() == "one two ␛[31m<i>three</i>"
    assert "&lt;i&gt;" in label.toolTip()
    window.show_upload("Sending <b>wing</b>", 0.5)
    [upload] = [label for label in window.findChildren(QLabel) if label.text() == "Sending <b>wing</b>"]
    assert upload.textFormat() is Qt.TextFormat.PlainText


def test_messages_are_plain_text_whatever_they_contain(window: MainWindow) -> None:
    window.show_problem("<b>bold</b> went wrong")
    label = next(label for label in window.findChildren(QLabel) if label.objectName() == "message")
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == "<b>bold</b> went wrong"
    assert label.property("problem") is True
    window.show_fact("fine")
    assert label.property("problem") is False


def test_upload_progress_shows_only_while_something_is_sent(window: MainWindow) -> None:
    bar = window.findChild(QProgressBar)
    assert bar is not None
    window.show_upload("Sending wing", 0.62)
    assert bar.value() == 620
    assert not bar.isHidden()
    window.show_upload("", None)
    assert bar.isHidden()


def test_closing_only_asks_its_owner(window: MainWindow) -> None:
    asked: list[bool] = []
    window.close_requested.connect(lambda: asked.append(True))
    event = QCloseEvent()
    window.closeEvent(event)
    assert asked == [True]
    assert not event.isAccepted()


def _drop(window: MainWindow, *paths: Path, text: str = "") -> None:
    mime = QMimeData()
    if paths:
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    else:
        mime.setText(text)
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier  # Shift asks for a move
    action = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    window.dragEnterEvent(QDragEnterEvent(QPoint(10, 10), action, mime, button, keys))
    drop = QDropEvent(QPoint(10, 10), action, mime, button, keys)
    window.dropEvent(drop)
    assert drop.dropAction() is Qt.DropAction.CopyAction, "a drop never moves the person's files"


def test_dropped_folders_are_told_once_each_and_a_file_stands_for_its_folder(
    window: MainWindow, tmp_path: Path
) -> None:
    dropped: list[list[str]] = []
    window.folders_dropped.connect(dropped.append)
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "case.inp").touch()
    _drop(window, one / "case.inp", one, two)
    assert dropped == [[str(one), str(two)]]


def test_what_is_no_folder_is_refused(window: MainWindow, tmp_path: Path) -> None:
    refused: list[bool] = []
    window.drop_refused.connect(lambda: refused.append(True))
    _drop(window, tmp_path / "missing")
    _drop(window, text="just words")
    assert refused == [True, True]


def test_the_palette_finds_an_action_by_its_words_and_carries_it_out(window: MainWindow) -> None:
    asked: list[Wish] = []
    window.wished.connect(asked.append)
    window.show_palette()
    palette = window.findChild(CommandPalette)
    assert palette is not None
    line, found = palette.findChild(QLineEdit), palette.findChild(QListWidget)
    assert line is not None
    assert found is not None
    assert found.count() == len(WISHES) - 1
    line.setText("timeline")
    assert found.count() == 1 or found.item(0).text().startswith("Timeline")
    line.returnPressed.emit()
    assert asked == [Wish.SHOW_TIMELINE]


def test_reset_brings_a_hidden_pane_back(window: MainWindow) -> None:
    window.show()
    pane = window.findChildren(QWidget, "views")[0]
    pane.hide()
    window.reset_layout()
    assert not pane.isHidden()
    window.hide()


def test_the_palette_shows_what_is_switched_on(window: MainWindow) -> None:
    window.action(Wish.NOTIFY_DONE).setChecked(True)
    window.show_palette()
    palette = window.findChild(CommandPalette)
    assert palette is not None
    found = palette.findChild(QListWidget)
    assert found is not None
    told = [found.item(row).text() for row in range(found.count())]
    assert "Notify when tasks are done ✓" in told
    assert "Notify when tasks fail" in told
    palette.close()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_tab_under_the_keys_has_a_ring(app: QApplication, window: MainWindow, theme: Theme) -> None:
    dress(app, theme)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    bar = window.findChild(QTabBar, "qt_tabwidget_tabbar")
    assert bar is not None

    def edges() -> list[QColor]:
        image = bar.grab(bar.tabRect(bar.currentIndex())).toImage()
        return [image.pixelColor(image.width() // 2, 0), image.pixelColor(0, image.height() // 2)]

    app.processEvents()
    size = bar.tabRect(bar.currentIndex())
    before = edges()
    bar.setFocus()
    app.processEvents()
    assert edges() == [QColor(theme.accent)] * 2 != before
    assert bar.tabRect(bar.currentIndex()) == size

"""The window of one task."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from taskmon.core.lifecycle import Status
from taskmon.core.log_source import LineList
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT
from taskmon.gui.widgets.dock_room import STRIP
from taskmon.gui.widgets.task_window import TaskWindow
from tests.builders import NOON, a_task
from tests.waiting import until


def test_the_first_keys_scroll_the_log_and_kill_nothing(app: QApplication) -> None:
    window, wishes = TaskWindow(), list[str]()
    window.wished.connect(wishes.append)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    QTest.keyClick(app.focusWidget() or window, Qt.Key.Key_Space)
    assert not wishes
    window.pane.show_source(LineList([b"line %d" % number for number in range(500)]))
    assert window.pane.view.hasFocus()
    QTest.keyClick(window.pane.view, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert "line 0" in window.pane.view.visible_texts()
    window.close()
    window.deleteLater()


def test_a_new_window_fits_on_the_screen(app: QApplication) -> None:
    window = TaskWindow()
    room = window.screen().availableSize()
    assert (window.width() <= room.width(), window.height() < room.height()) == (True, True)
    window.deleteLater()


def test_a_narrow_window_tells_what_happened_above_the_log_and_a_wide_one_beside_it(app: QApplication) -> None:
    window = TaskWindow()
    window.show_task(a_task(status=Status.FAILED, error_detail="KeyError: 'nu'"), NOON)
    window.show()

    def places(width: int) -> tuple[int, bool, bool, int]:
        window.resize(width, 600)
        for _ in range(4):
            app.processEvents()
        above = window.explanation.mapTo(window, QPoint(0, 0)).y() < window.pane.mapTo(window, QPoint(0, 0)).y()
        return window.width(), window.diagram.isVisible(), above, window.explanation.height()

    width, diagram, above, wide_height = places(1300)
    assert (width, diagram, above) == (1300, True, False)
    arranged = window.save_arrangement()
    assert places(683) == (683, False, True, STRIP)
    assert window.save_arrangement()[1] == arranged[1], "the halves are remembered as they will be again"
    assert places(1300) == (1300, True, False, wide_height)
    window.close()
    window.deleteLater()


def test_what_happened_keeps_its_colours_when_the_window_becomes_narrow(app: QApplication) -> None:
    dress(app, DARK)
    window = TaskWindow()
    window.set_theme(DARK)
    window.resize(1300, 600)
    window.show_task(a_task(status=Status.SUCCESS), NOON)
    window.show()
    app.processEvents()
    window.resize(683, 600)
    until(lambda: app.processEvents() or window.explanation.height() == STRIP)
    picture = window.explanation.grab().toImage()
    assert picture.pixelColor(3, 3) == picture.pixelColor(3, STRIP - 3) == QColor(DARK.surface)
    window.close()
    window.deleteLater()
    dress(app, LIGHT)

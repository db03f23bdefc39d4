"""The window of one task."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from taskmon.core.log_source import LineList
from taskmon.gui.widgets.task_window import TaskWindow


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

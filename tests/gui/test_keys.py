"""Where the keys go in the window as it opens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from taskmon.gui.shell import Folders, Shell
from tests.builders import some_tasks

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_the_first_key_of_a_new_window_chooses_the_first_row(app: QApplication, tmp_path: Path) -> None:
    shell = Shell(app, lambda: NOW, Folders(state=tmp_path, cache=tmp_path, config=tmp_path))
    shell.window.show()
    shell.window.activateWindow()
    assert QTest.qWaitForWindowActive(shell.window)
    shell.store.apply(some_tasks(20))
    shell.model.flush()
    QTest.keyClick(app.focusWidget() or shell.window, Qt.Key.Key_Down)
    assert shell.table.selected_ids() == shell.model.ids(0, 0)
    shell.window.hide()

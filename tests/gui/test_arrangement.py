"""How a person arranged the window is kept soon after they did, not only when it is closed in good order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from PySide6.QtWidgets import QApplication, QDockWidget

from taskmon.core.lifecycle import Status
from taskmon.gui.models.columns import Column
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.task_rows import SortKey
from taskmon.gui.window_state import WindowState
from tests.builders import some_tasks
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def shell_in(app: QApplication, folder: Path) -> Shell:
    shell = Shell(app, lambda: NOW, Folders(state=folder, cache=folder, config=folder))
    shell.store.apply(some_tasks(20, status=Status.FAILED, error_detail="disk full"))
    shell.model.flush()
    shell.window.show()
    quiet(shell)
    return shell


def quiet(shell: Shell) -> None:
    until(lambda: QApplication.processEvents() or not shell.arrangement._quiet.isActive(), 30)


def on_disk(folder: Path, name: str) -> bytes | None:
    """What another process would read; Qt shares what it knows of a file within one."""
    copy = folder / f"{uuid4()}.ini"
    copy.write_bytes((folder / "window.ini").read_bytes())
    found = WindowState(copy).load(name)
    copy.unlink()
    return found


def drag_lifecycle(shell: Shell) -> None:
    dock = shell.window.findChild(QDockWidget, "lifecycle")
    assert isinstance(dock, QDockWidget)
    dock.resize(dock.width() + 77, dock.height())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("table", lambda shell: shell.table.horizontalHeader().resizeSection(Column.NAME, 222)),
        ("table", lambda shell: shell.table.horizontalHeader().moveSection(4, 1)),
        ("table", lambda shell: shell.table.horizontalHeader().setSectionHidden(Column.TIME, True)),
        ("table", lambda shell: shell.model.sort_by([SortKey(Column.TIME, True), SortKey(Column.NAME)])),
        ("table", lambda shell: shell.model.group_by_reason(True)),
        ("table", lambda shell: shell.model.set_open("disk full", False)),
        ("geometry", lambda shell: shell.window.resize(1111, 777)),
        ("lifecycle width", drag_lifecycle),
    ],
)
def test_a_change_is_on_the_disk_without_the_window_being_closed(
    app: QApplication, tmp_path: Path, name: str, change: Callable[[Shell], None]
) -> None:
    shell = shell_in(app, tmp_path)
    before = on_disk(tmp_path, name)
    change(shell)
    quiet(shell)
    kept = on_disk(tmp_path, name)
    assert kept is not None
    assert kept != before
    shell.window.hide()


def test_data_that_arrives_is_no_change_of_the_arrangement(app: QApplication, tmp_path: Path) -> None:
    shell = shell_in(app, tmp_path)
    shell.store.apply(some_tasks(40))
    shell.model.flush()
    assert not shell.arrangement._quiet.isActive()
    shell.window.hide()

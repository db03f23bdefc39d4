"""The first screen of the list: kept when the list is kept, shown in the very first paint, never a wrong one."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.place_name import account_list_name
from taskmon.gui.first_screen import forget_other_screen, keep_first_screen, load_first_screen
from taskmon.gui.models.columns import Column
from taskmon.gui.models.first_rows import SCREEN
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.task_rows import SortKey
from tests.builders import some_tasks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = "This computer /data"


@pytest.fixture
def model(app: QApplication) -> TaskTableModel:
    store = TaskStore()
    store.apply([*some_tasks(50, status=Status.FAILED), *some_tasks(100)[50:]])
    made = TaskTableModel(store, lambda: NOW)
    made.flush()
    return made


def shell_of(app: QApplication, folder: Path) -> Shell:
    return Shell(app, lambda: NOW, Folders(state=folder / "state", cache=folder, config=folder / "config"))


def test_what_the_table_shows_at_its_top_comes_back(model: TaskTableModel, tmp_path: Path) -> None:
    keep_first_screen(tmp_path, model, HERE, NOW)
    first = load_first_screen(tmp_path)
    assert first is not None
    assert (first.place, first.seen_at, first.total) == (HERE, NOW, 100)
    columns = range(len(Column))
    assert 0 < first.rowCount() < 100
    for row in range(first.rowCount()):
        assert first.cell_texts(row, columns) == model.cell_texts(row, columns)
        assert first.quiet(row) == model.quiet(row) == (Column.NAME,)
        assert first.task_at(row).status is model.task_at(row).status


def test_a_list_that_is_not_in_the_table_yet_leaves_what_was_kept(app: QApplication, tmp_path: Path) -> None:
    store = TaskStore()
    model = TaskTableModel(store, lambda: NOW)
    store.apply(some_tasks(3))
    model.flush()
    keep_first_screen(tmp_path, model, HERE, NOW)
    store.apply(some_tasks(20))
    keep_first_screen(tmp_path, model, HERE, NOW + timedelta(hours=1))
    first = load_first_screen(tmp_path)
    assert first is not None
    assert (first.total, first.seen_at) == (3, NOW)
    model.flush()
    keep_first_screen(tmp_path, model, HERE, NOW + timedelta(hours=1))
    first = load_first_screen(tmp_path)
    assert first is not None
    assert first.total == 20
    model.close()


def test_it_is_private_and_leaves_no_draft(model: TaskTableModel, tmp_path: Path) -> None:
    keep_first_screen(tmp_path, model, HERE, NOW)
    [kept] = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_filter_does_not_narrow_what_is_kept(model: TaskTableModel, tmp_path: Path) -> None:
    model.sort_by([SortKey(Column.NAME, True), SortKey(Column.STATUS)])
    model.set_progress(model.ids()[3], 0.5)
    model.flush()
    keep_first_screen(tmp_path, model, HERE, NOW)
    whole = load_first_screen(tmp_path)
    ids = model.ids(0, SCREEN - 1)
    model.set_filter("status:failed")
    assert [task.task_id for task in model.top(SCREEN)] == ids != model.ids()
    keep_first_screen(tmp_path, model, HERE, NOW)
    assert load_first_screen(tmp_path) == whole
    assert whole is not None
    assert whole.rowCount() == SCREEN


@pytest.mark.parametrize("is_open", [True, False])
def test_a_filter_does_not_narrow_what_is_kept_of_a_list_in_groups(
    model: TaskTableModel, tmp_path: Path, is_open: bool
) -> None:
    model.group_by_reason(True)
    heading = model.heading_at(0)
    assert heading is not None
    model.set_open(heading.reason, is_open)
    keep_first_screen(tmp_path, model, HERE, NOW)
    whole = load_first_screen(tmp_path)
    assert whole is not None and whole.heading_at(0) == (heading.reason, 50, is_open, "")
    model.set_filter("-status:failed")
    assert model.heading_at(0) != heading
    keep_first_screen(tmp_path, model, HERE, NOW)
    assert load_first_screen(tmp_path) == whole


def test_a_list_in_groups_comes_back_with_its_headings(
    app: QApplication, model: TaskTableModel, tmp_path: Path
) -> None:
    model.group_by_reason(True)
    folded = model.heading_at(0)
    assert folded is not None
    model.set_open(folded.reason, False)
    keep_first_screen(tmp_path / "lists", model, HERE, NOW)
    first = load_first_screen(tmp_path / "lists")
    assert first is not None
    assert first.rowCount() == 52  # two headings, and the 50 tasks that did not fail
    for row in range(first.rowCount()):
        assert first.heading_at(row) == model.heading_at(row)
        if first.heading_at(row) is None:
            assert first.cell_texts(row, range(len(Column))) == model.cell_texts(row, range(len(Column)))
            assert first.task_at(row).status is model.task_at(row).status
    shell = shell_of(app, tmp_path)
    shell.show_first_screen()
    assert rows_painted(shell)


@pytest.mark.parametrize(
    "written",
    [
        b"", b"{}", b"[1, 2, 3, 4]", b"[" * 100_000, b"\xff\xfe", b'["here", "2026-03-02", 3, []]',
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [["success", {"name": "x"}, "half", []]]]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [["success", None, None, []]]]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", "many", []]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [["why", "many", True]]]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [3]]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [["why", float("inf"), True]]]).encode(),
        json.dumps(["here", "2026-03-02T12:00:00+00:00", 1, [["success", {}, 10**400, []]]]).encode(),
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "first-screen.json").write_bytes(written)
    assert load_first_screen(tmp_path) is None


def test_a_disk_that_cannot_be_written_troubles_nobody(model: TaskTableModel, tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("a file where the folder should be")
    keep_first_screen(tmp_path / "lists", model, HERE, NOW)


def test_a_folder_in_its_place_is_set_aside(model: TaskTableModel, tmp_path: Path) -> None:
    (tmp_path / "first-screen.json" / "something").mkdir(parents=True)
    assert load_first_screen(tmp_path) is None
    keep_first_screen(tmp_path, model, HERE, NOW)
    assert load_first_screen(tmp_path) is not None
    assert {path.name for path in tmp_path.iterdir()} == {"first-screen.json", "first-screen.damaged"}


def test_a_folder_that_was_set_aside_before_is_in_nobodys_way(model: TaskTableModel, tmp_path: Path) -> None:
    for name in ("first-screen.json", "first-screen.damaged"):
        (tmp_path / name / "something").mkdir(parents=True)
    keep_first_screen(tmp_path, model, HERE, NOW)
    assert load_first_screen(tmp_path) is not None
    assert (tmp_path / "first-screen.damaged-2" / "something").exists()


def test_a_disk_that_fills_up_leaves_what_was_kept_and_no_draft(
    model: TaskTableModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_first_screen(tmp_path, model, HERE, NOW)
    monkeypatch.setattr("taskmon.gui.first_screen.encoded", lambda _: b"what does not fit")
    write = Path.write_bytes

    def fill(path: Path, content: bytes) -> int:
        write(path, content[:4])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill)
    keep_first_screen(tmp_path, model, HERE, NOW)
    assert load_first_screen(tmp_path) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["first-screen.json"]


def rows_painted(shell: Shell) -> bool:
    """Whether anything but the table's ground is seen where the first rows would be."""
    picture = shell.table.viewport().grab().toImage()
    ground = QColor(shell.theme().surface)
    return any(picture.pixelColor(x, 15) != ground for x in range(picture.width()))


def test_the_first_paint_shows_the_rows_until_another_list_turns_out(
    app: QApplication, model: TaskTableModel, tmp_path: Path
) -> None:
    keep_first_screen(tmp_path / "lists", model, HERE, NOW)
    shell = shell_of(app, tmp_path)
    assert not rows_painted(shell)
    shell.show_first_screen()
    assert rows_painted(shell)
    assert shell.first_screen_of(HERE).startswith("100 tasks, as of ")
    assert rows_painted(shell)
    assert shell.first_screen_of("This computer /elsewhere") == ""
    assert not rows_painted(shell)


def test_rows_of_another_account_go_when_it_is_known_and_do_not_come_back(
    app: QApplication, model: TaskTableModel, tmp_path: Path
) -> None:
    mine, yours = account_list_name(HERE, "my-key"), account_list_name(HERE, "your-key")
    keep_first_screen(tmp_path / "lists", model, mine, NOW)
    assert b"my-key" not in (tmp_path / "lists" / "first-screen.json").read_bytes()
    shell = shell_of(app, tmp_path)
    shell.show_first_screen(HERE)
    assert shell.first_screen_of(HERE)  # whose they are is not known yet
    assert shell.first_screen_of(mine)
    forget_other_screen(tmp_path / "lists", mine)
    assert load_first_screen(tmp_path / "lists") is not None
    assert shell.first_screen_of(yours) == ""
    assert not shell.shows_first()
    forget_other_screen(tmp_path / "lists", yours)
    assert load_first_screen(tmp_path / "lists") is None


def test_a_window_that_is_known_to_go_elsewhere_shows_nothing_of_it(
    app: QApplication, model: TaskTableModel, tmp_path: Path
) -> None:
    keep_first_screen(tmp_path / "lists", model, HERE, NOW)
    shell = shell_of(app, tmp_path)
    shell.show_first_screen("another list")
    assert not shell.shows_first()
    shell.show_first_screen(HERE)
    assert shell.shows_first()

"""A window that remembers no list shows what this computer's service tells at once; never another service's rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskmon.client.early_page import EarlyPage
from taskmon.core.lifecycle import Status
from taskmon.core.task import TaskPage
from taskmon.gui.app import WindowOptions
from taskmon.gui.early_rows import show_early_rows
from taskmon.gui.models.columns import COLUMNS, Column
from taskmon.gui.models.first_rows import first_rows_told
from taskmon.gui.session import here
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.task_rows import SortKey
from tests.builders import some_tasks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PAGE = TaskPage(total_size=1234, tasks=some_tasks(5, status=Status.FAILED))


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EarlyPage, "page", lambda self, wait_s: PAGE)


@pytest.fixture
def shell(app: QApplication, tmp_path: Path) -> Shell:
    return Shell(app, lambda: NOW, Folders(tmp_path / "state", tmp_path / "cache", tmp_path / "config"))


def options(tmp_path: Path, *, url: str | None = None, stay_here: bool = False) -> WindowOptions:
    return WindowOptions(tmp_path / "data", tmp_path / "state", tmp_path / "cache", url=url, stay_here=stay_here)


def go_elsewhere_next_time(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text('connection = "Inductiva cloud"\n')


def test_the_rows_are_there_until_the_list_is(shell: Shell, tmp_path: Path) -> None:
    assert show_early_rows(shell, options(tmp_path))
    assert shell.first_screen_of(here(tmp_path / "data").list_name).startswith("1,234 tasks, as of ")
    assert shell.first_screen_of("another list") == ""


def test_the_rows_read_as_the_table_will_show_them() -> None:
    first = first_rows_told(PAGE, "here", NOW)
    assert first is not None and first.rowCount() == 5
    columns = range(len(COLUMNS))
    assert first.cell_texts(0, columns)[0] == "Failed"
    assert first.task_at(0).status is Status.FAILED


def test_rows_of_this_computer_are_not_shown_where_another_service_comes(shell: Shell, tmp_path: Path) -> None:
    go_elsewhere_next_time(tmp_path)
    assert not show_early_rows(shell, options(tmp_path))
    assert not show_early_rows(shell, options(tmp_path, url="https://tasks.example.org"))
    assert not shell.shows_first()


def test_who_asks_for_this_computer_by_name_gets_its_rows(shell: Shell, tmp_path: Path) -> None:
    go_elsewhere_next_time(tmp_path)
    assert show_early_rows(shell, options(tmp_path, stay_here=True))


def test_a_remembered_list_is_enough(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = first_rows_told(PAGE, here(tmp_path / "data").list_name, NOW)
    shell.show_first(remembered)
    monkeypatch.setattr(EarlyPage, "__init__", lambda *_: pytest.fail("nobody is asked"))
    assert not show_early_rows(shell, options(tmp_path))
    assert shell.shows_first()


def test_the_newest_tasks_are_not_shown_where_others_will_stand_first(shell: Shell, tmp_path: Path) -> None:
    shell.model.sort_by([SortKey(Column.NAME)])
    assert not show_early_rows(shell, options(tmp_path))
    shell.model.sort_by([])
    shell.model.group_by_reason(True)
    assert not show_early_rows(shell, options(tmp_path))
    shell.model.group_by_reason(False)
    assert show_early_rows(shell, options(tmp_path))


def test_no_page_and_an_empty_page_show_nothing(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in (None, TaskPage(total_size=0, tasks=[])):
        monkeypatch.setattr(EarlyPage, "page", lambda self, wait_s, page=page: page)
        assert not show_early_rows(shell, options(tmp_path))
    assert not shell.shows_first()

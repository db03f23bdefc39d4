"""Views with a name: columns, order and filter together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from taskmon.client.task_store import TaskStore
from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.gui.controllers.named_views import Kept, NamedViewsController
from taskmon.gui.messages import Messages
from taskmon.gui.models.columns import Column
from taskmon.gui.models.named_views import NamedView, NamedViews
from taskmon.gui.models.task_table_model import MY_VIEWS, TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.filter_box import FilterBox
from taskmon.gui.widgets.sidebar import Sidebar
from taskmon.gui.widgets.task_table import TaskTable
from taskmon.gui.window_state import WindowState
from tests.builders import NOON, a_task


class Drawer:
    """Keeps values in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        return self.values.get(name)

    def save(self, name: str, value: bytes) -> None:
        self.values[name] = value

    def flush(self) -> None:
        pass


class Desk:
    def __init__(self, drawer: Kept) -> None:
        self.store = TaskStore()
        self.model = TaskTableModel(self.store, lambda: NOON + timedelta(hours=1))
        self.table, self.sidebar, self.box, self.messages = TaskTable(), Sidebar(), FilterBox(), Messages()
        self.table.setModel(self.model)
        self.box.filter_changed.connect(self.model.set_filter)
        self.problems: list[object] = []
        self.messages.problem_told.connect(self.problems.append)
        self.views = NamedViewsController(self.model, self.table, self.sidebar, self.box, self.messages, drawer)

    def counts(self) -> dict[str, int]:
        return {group.title: group.size for group in self.model.counts() if group.section == MY_VIEWS}

    def close(self) -> None:
        self.model.close()
        for widget in (self.table, self.sidebar, self.box):
            widget.deleteLater()


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def desk(app: QApplication, drawer: Drawer) -> Iterator[Desk]:
    made = Desk(drawer)
    made.store.apply(a_task(project="wing", status=Status.FAILED if n % 2 else Status.SUCCESS) for n in range(10))
    made.model.flush()
    yield made
    made.close()


def test_a_view_brings_back_columns_order_and_filter_also_after_a_restart(desk: Desk, drawer: Drawer) -> None:
    desk.box.set_text("status:failed")
    desk.model.sort_by([SortKey(Column.NAME, True)])
    desk.table.horizontalHeader().setSectionHidden(Column.COST, False)
    desk.views.save("  broken   wings ")
    desk.box.set_text("")
    desk.model.sort_by([])
    desk.table.reset_columns()
    desk.sidebar.view_requested.emit("broken wings")
    assert desk.model.filter_text() == "status:failed"
    assert desk.model.sort_keys() == (SortKey(Column.NAME, True),)
    assert not desk.table.isColumnHidden(Column.COST)
    later = Desk(drawer)
    later.views.show("broken wings")
    assert later.box.text() == "status:failed"
    assert later.model.sort_keys() == (SortKey(Column.NAME, True),)
    later.close()


def test_the_number_beside_a_view_is_what_it_would_show(desk: Desk) -> None:
    desk.box.set_text("status:failed")
    desk.views.save("failed")
    desk.box.set_text("since:2h")
    desk.views.save("fresh")
    assert desk.counts() == {"failed": 5, "fresh": 10}
    ids = list(desk.store.tasks)
    desk.store.apply([a_task(task_id=ids[0], status=Status.FAILED), a_task(status=Status.FAILED)], ids[1:3])
    desk.model.flush()
    assert desk.counts() == {"failed": 6, "fresh": 9}
    for name, count in desk.counts().items():
        desk.views.show(name)
        assert desk.model.rowCount() == count


def test_a_view_can_be_renamed_and_deleted(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.views.save(name)
    desk.views.rename("one", "Two")
    assert "already" in str(desk.problems)
    desk.views.rename("one", "three")
    assert list(desk.counts()) == ["three", "two"]
    desk.views.delete("two")
    assert list(desk.counts()) == ["three"]
    desk.views.save("   ")
    assert list(desk.counts()) == ["three"]
    assert len(desk.problems) == 2


SECOND_WINDOW = """
import sys
from pathlib import Path
from taskmon.gui.models.named_views import NamedView, NamedViews
from taskmon.gui.window_state import WindowState
state = WindowState(Path(sys.argv[1]))
views = NamedViews.load(state.load("views"))
views.save(NamedView("theirs", "status:done", b""))
state.save("views", views.dump())
state.flush()
"""


def test_a_view_of_another_window_is_not_lost_when_this_one_saves_its_own(app: QApplication, tmp_path: Path) -> None:
    state = WindowState(tmp_path / "window.ini")
    desk = Desk(state)
    desk.views.save("ours")
    subprocess.run([sys.executable, "-c", SECOND_WINDOW, tmp_path / "window.ini"], check=True)
    desk.views.save("also ours")
    assert list(desk.counts()) == ["ours", "theirs", "also ours"]
    assert [view.name for view in NamedViews.load(state.load("views"))] == ["ours", "theirs", "also ours"]
    desk.close()


def test_what_became_of_a_view_is_told(desk: Desk) -> None:
    told: list[str] = []
    desk.messages.fact_told.connect(told.append)
    desk.views.save(" wide   table ")
    desk.views.save("Wide table")
    desk.views.delete("Wide table")
    assert told == ["Saved the view “wide table”.", "Replaced the view “Wide table”.", "Deleted the view “Wide table”."]


@pytest.mark.parametrize("kept", [None, b"", b"\xff", b"{}", b"[1]", b'[["a", "b", "*"]]', b'{"a": 1}'])
def test_kept_views_that_make_no_sense_are_none(kept: bytes | None) -> None:
    assert list(NamedViews.load(kept)) == []


def test_views_survive_being_written_down() -> None:
    view = NamedView("wing – 12", 'project:="wing" /a"b/', b"\x00\xff")
    views = NamedViews()
    views.save(view)
    assert list(NamedViews.load(views.dump())) == [view]
    with pytest.raises(InvalidInputError):
        views.save(NamedView("x" * 61, "", b""))

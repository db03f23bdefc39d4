"""The list of tasks: what the status bar says about its size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget

from taskmon.client.poller import Freshness
from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.controllers.task_list import TaskListController
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.empty_state import EmptyState
from taskmon.gui.widgets.filter_box import FilterBox
from taskmon.gui.widgets.sidebar import Sidebar
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task, seconds_after
from tests.waiting import until


class House:
    """The list over a store, and the last thing it said about its size."""

    def __init__(self) -> None:
        self.store, self.stack, self.told = TaskStore(), QStackedWidget(), ""
        self.model = TaskTableModel(self.store, lambda: NOON)
        self.table, self.no_match = TaskTable(), EmptyState()
        self.table.setModel(self.model)
        for page in (self.table, EmptyState(), self.no_match):
            self.stack.addWidget(page)
        self.list = TaskListController(
            self.store, self.model, self.table, Sidebar(), FilterBox(), self.stack, self.no_match, self.hear
        )

    def hear(self, words: str) -> None:
        self.told = words

    def load(self, count: int, total: int) -> None:
        self.store.apply([a_task(task_id=f"task{number}", project=f"p{number % 4}") for number in range(count)])
        self.list.hear_freshness(Freshness(True, NOON, None, count, total, whole=count >= total))

    def says(self, words: str) -> bool:
        """Whether it says so within some seconds; rows come by a timer."""
        QApplication.processEvents()
        until(lambda: QApplication.processEvents() or self.told == words, 30)
        return self.told == words


@pytest.fixture
def house(app: QApplication) -> Iterator[House]:
    made = House()
    yield made
    made.stack.close()
    made.stack.deleteLater()


def test_the_status_bar_counts_what_is_loaded_and_what_matches(house: House) -> None:
    house.load(12, 2011)
    assert house.says("12 of 2,011 loaded")
    house.list.filter_by("project:p1")
    assert house.says("12 of 2,011 loaded, 3 match")
    house.load(17, 17)
    assert house.says("4 of 17 tasks match")
    house.list.filter_by("nowhere")
    assert house.says("0 of 17 tasks match")
    house.list.filter_by("")
    assert house.says("17 tasks")


def test_a_list_of_which_nothing_has_come_is_said_to_be_loading(house: House) -> None:
    assert house.told == ""
    house.list.hear_freshness(Freshness(True, NOON, None, 0, 0, whole=False))
    assert house.told == "loading the list…"
    house.list.hear_freshness(Freshness(False, NOON, None, 0, 0, whole=False))
    assert house.told == ""
    house.list.hear_freshness(Freshness(True, NOON, None, 0, 0, whole=True))
    assert house.told == "0 tasks"


def test_a_remembered_list_says_its_age_until_the_service_has_answered(house: House) -> None:
    house.load(3, 3)
    house.list.show_remembered("3 tasks, as of 14:02")
    house.list.hear_freshness(Freshness(False, None, None, 0, 0))
    assert house.says("3 tasks, as of 14:02")
    house.list.hear_freshness(Freshness(True, NOON, None, 3, 3))
    assert house.says("3 tasks")


def test_times_go_on_only_while_the_service_says_that_they_do(house: House) -> None:
    running = a_task(status=Status.COMPUTATION_STARTED, computation_start_time=seconds_after(NOON, -600))
    house.store.apply([running])
    house.model.flush()
    house.model.set_last_output(running.task_id, seconds_after(NOON, -420))

    def told() -> list[str]:
        return house.model.cell_texts(0, (Column.TIME, Column.LAST_OUTPUT))

    house.list.show_remembered("1 task, as of 11:56", seconds_after(NOON, -240))
    assert told() == ["06:00", "3 min ago"]
    house.list.hear_freshness(Freshness(False, None, None, 0, 0))
    assert told() == ["06:00", "3 min ago"]
    house.list.hear_freshness(Freshness(True, NOON, None, 1, 1))
    assert told() == ["10:00", "7 min ago"]
    ahead = timedelta(seconds=30)
    house.list.hear_freshness(Freshness(False, seconds_after(NOON, -90), None, 1, 1, ahead, waiting=True))
    assert told() == ["09:00", "6 min ago"]
    tooltip = house.model.data(house.model.index(0, Column.TIME), Qt.ItemDataRole.ToolTipRole)
    assert tooltip == "The simulator's time: 9 min"
    house.model.set_last_output(running.task_id, seconds_after(NOON, -40))  # in this computer's own files
    assert told() == ["09:00", "40 s ago"]
    house.list.expect_load()
    assert told() == ["10:00", "40 s ago"]


def test_rows_that_are_about_to_come_are_not_called_hidden(house: House) -> None:
    pages: list[int] = []
    house.stack.currentChanged.connect(pages.append)
    house.store.apply([a_task(task_id=f"task{number}") for number in range(450)])
    house.list.show_remembered("450 tasks, as of 14:02")
    house.model._take_slice()
    house.list.show_remembered("450 tasks, as of 14:02")
    house.model.flush()
    assert house.model.rowCount() == 450
    assert pages == []
    house.list.filter_by("nowhere")
    assert pages == [2]


def some_named(numbers: range) -> list[Task]:
    """Tasks of which every later one belongs somewhere between the earlier ones by name."""
    return [a_task(task_id=f"task{number}", name=f"{number * 7919 % 10007:05}") for number in numbers]


def test_a_selected_row_stays_in_view_while_a_list_in_an_order_of_its_own_is_loading(house: House) -> None:
    house.stack.resize(700, 400)
    house.stack.show()
    house.model.sort_by([SortKey(Column.NAME)])
    kept, places = "task5", set()
    for loaded in range(40, 1241, 100):
        house.store.apply(some_named(range(loaded)))
        house.list.hear_freshness(Freshness(True, NOON, None, loaded, 1240, whole=loaded >= 1240))
        house.model.flush()
        if loaded == 40:
            assert house.table.select_task(kept)
        QApplication.processEvents()
        row = house.model.row_of(kept)
        assert row is not None
        places.add(house.table.rowViewportPosition(row))
    assert house.table.selected_ids() == [kept]
    assert len(places) == 1
    assert 0 <= places.pop() < house.table.viewport().height()
    assert house.table.verticalScrollBar().value() > 0

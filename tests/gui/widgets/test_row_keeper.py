"""A selection of many tasks stays with them through every change of the rows, and Qt never carries it cell by cell."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.gui.long_work import Portions
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import SortKey
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import a_task, some_tasks
from tests.gui.widgets.task_pictures import clock
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication

MANY = 600
FEW = 2 * len(Column)
"""Cells that Qt itself follows: those of the current row, and one for each column of the header."""
SORTED_BY = (Column.NAME, Column.STATUS, Column.REASON)
ENDS = (Status.SUCCESS, Status.FAILED, Status.KILLED)


class Shown:
    def __init__(self, app: QApplication) -> None:
        self.app, self.store = app, TaskStore()
        self.store.apply(
            replace(task, status=ENDS[n % 3], error_detail="abc"[n % 3]) for n, task in enumerate(some_tasks(MANY))
        )
        self.model, self.table = TaskTableModel(self.store, clock), TaskTable()
        self.model.flush()
        self.table.setModel(self.model)
        self.table.show()
        self.most_carried = 0
        self.model.layoutAboutToBeChanged.connect(self._count)

    def _count(self) -> None:
        self.most_carried = max(self.most_carried, len(self.model.persistentIndexList()))

    def settle(self) -> None:
        self.model.flush()
        keeper = self.table._keeper
        assert keeper is not None
        until(lambda: self.app.processEvents() or not keeper._tell.isActive())

    def selected(self) -> set[str]:
        """As the table and as Qt tell it."""
        ids = self.table.selected_ids()
        rows = {index.row() for index in self.table.selectionModel().selectedRows()}
        assert {self.model.task_at(row).task_id for row in rows} == set(ids)
        assert ids == [task_id for task_id in self.model.ids() if task_id in set(ids)]
        return set(ids)


@pytest.fixture
def shown(app: QApplication) -> Iterator[Shown]:
    made = Shown(app)
    yield made
    made.model.close()
    made.table.close()
    made.table.deleteLater()


def changes(shown: Shown, chance: random.Random) -> list[Callable[[], object]]:
    model, store = shown.model, shown.store

    def update() -> None:
        some = chance.sample(sorted(store.tasks), 40)
        store.apply(replace(store.tasks[each], status=chance.choice(ENDS)) for each in some)

    return [
        lambda: model.set_filter(chance.choice(("", "status:failed", "-status:done", "nothing like it"))),
        lambda: model.sort_by(
            [SortKey(chance.choice((Column.NAME, Column.STATUS, Column.REASON)), chance.random() < 0.5)]
        ),
        lambda: model.group_by_reason(not model.grouped()),
        lambda: model.set_all_open(chance.random() < 0.7),
        update,
        lambda: store.apply(some_tasks(3)),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_scattered_selection_stays_with_its_tasks(shown: Shown, seed: int) -> None:
    chance = random.Random(seed)
    chosen = set(chance.sample(sorted(shown.store.tasks), 200))
    shown.table.select_also(chosen)
    shown.settle()
    for _ in range(25):
        chance.choice(changes(shown, chance))()
        shown.settle()
        assert shown.selected() == chosen & set(shown.model.ids())
    shown.model.set_filter("")
    shown.model.group_by_reason(False)
    shown.settle()
    assert shown.selected() == chosen
    assert shown.most_carried <= FEW


def test_all_stay_selected_and_what_is_gone_is_forgotten(shown: Shown) -> None:
    shown.table.select_everything()
    shown.settle()
    shown.model.set_filter("status:failed")
    shown.model.sort_by([SortKey(Column.NAME)])
    shown.settle()
    gone = sorted(shown.store.tasks)[:50]
    shown.store.apply((), gone)
    shown.model.set_filter("")
    late = a_task(task_id=gone[0], name="another of this id")
    shown.store.apply([late])
    shown.settle()
    assert len(shown.selected()) == MANY - 50 + (gone[0] in shown.selected())
    assert shown.most_carried <= FEW


def test_rows_that_stay_stay_selected_without_a_word_to_those_who_listen(shown: Shown) -> None:
    heard: list[int] = []
    shown.table.select_also(sorted(shown.store.tasks)[:9])
    shown.settle()
    shown.table.selectionModel().selectionChanged.connect(lambda *_: heard.append(1))
    shown.model.sort_by([SortKey(Column.STATUS)])
    shown.settle()
    assert len(shown.selected()) == 9
    assert heard == []


def test_the_task_that_is_selected_alone_is_so_also_when_it_was_the_last_one_left(shown: Shown) -> None:
    rest, hidden = (shown.model.task_at(row).task_id for row in (0, 1))  # one has succeeded, one has failed
    shown.table.select_task(rest)
    shown.table.select_also([hidden])
    shown.model.set_filter("status:success")
    shown.settle()
    assert shown.selected() == {rest}
    shown.table.select_task(rest)
    shown.model.set_filter("")
    shown.settle()
    assert shown.selected() == {rest}


def test_a_choice_is_heard_after_a_change_that_failed(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[list[str]] = []
    shown.table.selection_changed.connect(lambda ids, _current: heard.append(ids))
    assert shown.model._changes is not None
    monkeypatch.setattr(shown.model._changes, "install", lambda *_: 1 // 0)
    shown.store.apply([a_task(task_id="another")])
    with pytest.raises(ZeroDivisionError):
        shown.model.flush()
    shown.table.select_task(shown.model.ids()[3])
    shown.settle()
    assert heard == [shown.model.ids()[3:4]]


class Chosen:
    """A table of many more tasks than are sorted and filtered at once, and the place of its selected row."""

    def __init__(self, shown: Shown) -> None:
        self.shown, self.table = shown, shown.table
        shown.store.apply(some_tasks(Portions().at_once + 1000))
        shown.model.sort_by([SortKey(Column.NAME)])
        shown.settle()
        self.task_id = shown.model.ids()[3000]
        assert shown.table.select_task(self.task_id)
        shown.settle()

    def place(self) -> int:
        row = self.shown.model.row_of(self.task_id)
        assert row is not None
        return self.table.rowViewportPosition(row)

    def in_view(self) -> bool:
        return 0 <= self.place() < self.table.viewport().height()


def test_the_selected_row_keeps_its_place_when_a_filter_comes_and_goes(shown: Shown) -> None:
    chosen = Chosen(shown)
    name = shown.store.tasks[chosen.task_id].name
    shown.model.set_filter(name)
    shown.settle()
    assert chosen.in_view()
    place = chosen.place()
    shown.model.set_filter("")
    shown.settle()
    assert chosen.place() == place
    assert shown.table.verticalScrollBar().value() > 0


def test_a_selected_row_that_a_filter_had_hidden_comes_back_into_view(shown: Shown) -> None:
    chosen = Chosen(shown)
    shown.model.set_filter("nothing like it")
    shown.settle()
    shown.model.set_filter("")
    shown.settle()
    assert shown.selected() == {chosen.task_id}
    assert chosen.in_view()


@pytest.mark.parametrize("scrolled_away", [False, True])
def test_the_selected_row_is_in_view_when_a_long_list_has_been_sorted(shown: Shown, scrolled_away: bool) -> None:
    chosen = Chosen(shown)
    if scrolled_away:
        shown.table.verticalScrollBar().setValue(0)
        assert not chosen.in_view()
    shown.table._header.sort_requested.emit([SortKey(Column.TASK, True)])
    shown.settle()
    assert chosen.in_view()

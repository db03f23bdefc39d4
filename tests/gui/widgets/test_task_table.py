"""The task table: what is seen, what stays where it is, what keys and clicks ask for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QGuiApplication, QImage, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.task_rows import CellKind, SortKey
from taskmon.gui.theme import DARK, LIGHT, Theme, load_fonts
from taskmon.gui.widgets.cell_painter import PADDING, ROW_HEIGHT, CellPainter, RowState
from taskmon.gui.widgets.task_header import header_font
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task, a_task_id, some_tasks
from tests.gui.widgets.task_pictures import a_mixed_task, clock, save
from tests.waiting import until


class Shown:
    """A table over a store with `count` tasks, newest first, in a window of 860 × 300 pixels."""

    def __init__(self, app: QApplication, count: int) -> None:
        self.app = app
        self.store = TaskStore()
        self.tasks = some_tasks(count)
        self.store.apply(self.tasks)
        self.model = TaskTableModel(self.store, clock)
        self.model.flush()
        self.table = TaskTable()
        self.table.setModel(self.model)
        self.table.resize(860, 300)
        self.table.show()
        self.told: list[tuple[list[str], str]] = []
        self.table.selection_changed.connect(lambda ids, current: self.told.append((ids, current)))
        self.turn()

    def turn(self) -> None:
        """Lets the loop turn until what was chosen has been told."""
        keeper = self.table._keeper
        assert keeper is not None
        until(lambda: self.app.processEvents() or not keeper._tell.isActive())

    @property
    def ids(self) -> list[str]:
        return [task.task_id for task in self.tasks]

    def at(self, row: int, x: int = 40) -> QPoint:
        return QPoint(x, row * ROW_HEIGHT - self.table.verticalScrollBar().value() + ROW_HEIGHT // 2)

    def click(self, row: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, modifiers, self.at(row))
        self.turn()

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.table, key, modifiers)
        self.turn()

    def settle(self) -> None:
        self.model.flush()
        self.turn()

    def click_title(
        self, column: Column, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> tuple[SortKey, ...]:
        header = self.table.horizontalHeader()
        where = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, modifiers, where)
        return self.model.sort_keys()


def a_newer_task(number: int) -> Task:
    return a_task(task_id=a_task_id(5000 + number), create_time=NOON + timedelta(minutes=number))


@pytest.fixture
def show(app: QApplication) -> Iterator[Callable[[int], Shown]]:
    made: list[Shown] = []

    def make(count: int) -> Shown:
        made.append(Shown(app, count))
        return made[-1]

    yield make
    for shown in made:
        shown.model.close()
        shown.table.close()
        shown.table.deleteLater()
    app.processEvents()


def test_home_and_end_go_up_and_down_and_not_to_the_side(show: Callable[[int], Shown]) -> None:
    shown = show(50)
    shown.table.resize(300, 300)
    shown.turn()
    shown.click(2)
    for key, row in ((Qt.Key.Key_End, 49), (Qt.Key.Key_Home, 0)):
        shown.press(key)
        assert shown.table.currentIndex().row() == row
        assert shown.table.horizontalScrollBar().value() == 0
    assert shown.table.horizontalScrollBar().maximum() > 0


def test_rows_in_another_order_leave_the_columns_alone(show: Callable[[int], Shown]) -> None:
    shown = show(50)
    shown.table.setColumnHidden(Column.PROJECT, True)
    touched: list[int] = []
    shown.table.horizontalHeader().sectionResized.connect(lambda column, *_: touched.append(column))
    before = shown.model.ids(0, 49)

    shown.model.sort_by([SortKey(Column.SUBMITTED, False)])
    shown.model.flush()

    assert shown.model.ids(0, 49) == before[::-1]
    assert touched == []


def test_a_click_selects_a_task_and_tells_it_once(show: Callable[[int], Shown]) -> None:
    shown = show(5)
    shown.click(2)
    assert shown.told == [([shown.ids[2]], shown.ids[2])]


def test_selected_tasks_are_told_in_the_order_of_their_rows(show: Callable[[int], Shown]) -> None:
    shown = show(5)
    shown.click(3)
    shown.click(1, Qt.KeyboardModifier.ControlModifier)
    assert shown.told[-1] == ([shown.ids[1], shown.ids[3]], shown.ids[1])


def test_new_rows_above_move_neither_selection_nor_what_is_in_view(show: Callable[[int], Shown]) -> None:
    shown = show(100)
    bar = shown.table.verticalScrollBar()
    bar.setValue(20 * ROW_HEIGHT + 7)
    shown.click(23)
    before, told = shown.table.rowAt(0), list(shown.told)
    shown.store.apply([a_newer_task(number) for number in range(1, 8)])
    shown.settle()
    assert shown.table.rowAt(0) == before + 7
    assert bar.value() == 27 * ROW_HEIGHT + 7
    assert shown.model.ids()[shown.table.rowAt(0)] == shown.ids[before]
    assert shown.table.selected_ids() == [shown.ids[23]]
    assert shown.told == told


def test_a_list_at_its_top_shows_what_is_new(show: Callable[[int], Shown]) -> None:
    shown = show(100)
    newest = a_newer_task(1)
    shown.store.apply([newest])
    shown.settle()
    assert shown.table.verticalScrollBar().value() == 0
    assert shown.model.ids()[0] == newest.task_id


def test_rows_that_change_their_place_leave_the_view_where_it_is(show: Callable[[int], Shown]) -> None:
    shown = show(100)
    shown.model.sort_by([SortKey(Column.STATUS)])
    bar = shown.table.verticalScrollBar()
    bar.setValue(40 * ROW_HEIGHT)
    top = shown.model.ids()[shown.table.rowAt(0)]
    ended = [
        a_task(task_id=i, create_time=shown.store.tasks[i].create_time, status=Status.SUCCESS) for i in shown.ids[:6]
    ]
    shown.store.apply(ended)
    shown.settle()
    assert shown.model.ids()[shown.table.rowAt(0)] == top


def test_the_selection_survives_filtering_out_and_in(show: Callable[[int], Shown]) -> None:
    shown = show(60)
    shown.click(4)
    shown.click(30 % 9, Qt.KeyboardModifier.ControlModifier)
    chosen = shown.table.selected_ids()
    current = shown.table.current_id()
    shown.model.set_filter("nothing is like this")
    shown.turn()
    assert shown.told[-1] == ([], "")
    shown.model.set_filter("")
    shown.turn()
    assert shown.told[-1] == (chosen, current)


def test_a_scattered_selection_survives_filtering_out_and_in(show: Callable[[int], Shown]) -> None:
    shown = show(60)
    shown.table.selectAll()
    shown.turn()
    shown.model.set_filter(f"-{shown.ids[7]} /[a-m]{{2}}/ -id:{shown.ids[9]}")
    shown.turn()
    shown.model.set_filter("")
    shown.turn()
    assert sorted(shown.table.selected_ids()) == sorted(shown.ids)


def test_something_else_chosen_meanwhile_ends_the_hidden_selection(show: Callable[[int], Shown]) -> None:
    shown = show(10)
    shown.click(4)
    shown.model.set_filter(f"-id:{shown.ids[4]}")
    shown.click(0)
    shown.model.set_filter("")
    shown.turn()
    assert shown.table.selected_ids() == [shown.ids[0]]


def test_when_the_current_task_is_gone_no_neighbour_becomes_current(show: Callable[[int], Shown]) -> None:
    shown = show(10)
    shown.click(4)
    shown.store.apply((), [shown.ids[4]])
    shown.settle()
    assert shown.told[-1] == ([], "")


def test_a_task_can_be_selected_by_its_id_and_is_brought_into_view(show: Callable[[int], Shown]) -> None:
    shown = show(100)
    assert shown.table.select_task(shown.ids[80])
    first, last = shown.table.rowAt(0), shown.table.rowAt(shown.table.viewport().height() - 1)
    assert first <= 80 <= last
    assert shown.table.selected_ids() == [shown.ids[80]]
    assert not shown.table.select_task(a_task_id(999_999))


def test_home_and_end_go_to_the_first_and_last_task(show: Callable[[int], Shown]) -> None:
    shown = show(100)
    shown.click(3)
    shown.press(Qt.Key.Key_End)
    assert shown.table.current_id() == shown.ids[-1]
    shown.press(Qt.Key.Key_Home)
    assert shown.table.current_id() == shown.ids[0]
    shown.press(Qt.Key.Key_PageDown)
    assert 5 <= shown.ids.index(shown.table.current_id()) <= 10
    shown.press(Qt.Key.Key_Home, Qt.KeyboardModifier.ShiftModifier)
    assert len(shown.table.selected_ids()) > 5


def test_keys_select_all_activate_and_ask_for_a_kill(show: Callable[[int], Shown]) -> None:
    shown = show(6)
    kills: list[list[str]] = []
    activated: list[str] = []
    shown.table.kill_requested.connect(kills.append)
    shown.table.task_activated.connect(activated.append)
    shown.press(Qt.Key.Key_Delete)
    assert kills == []
    shown.click(1)
    shown.press(Qt.Key.Key_Return)
    shown.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    shown.press(Qt.Key.Key_Delete)
    assert activated == [shown.ids[1]]
    assert kills == [shown.ids]


def test_a_double_click_activates_the_task(show: Callable[[int], Shown]) -> None:
    shown = show(6)
    activated: list[str] = []
    shown.table.task_activated.connect(activated.append)
    shown.click(2)
    QTest.mouseDClick(shown.table.viewport(), Qt.MouseButton.LeftButton, pos=shown.at(2))
    assert activated == [shown.ids[2]]


def test_copying_gives_tab_separated_values_with_whole_ids(show: Callable[[int], Shown]) -> None:
    shown = show(3)
    shown.click(1)
    shown.press(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["Status", "Task", "Name"]
    assert lines[1].split("\t")[:2] == ["In Progress", shown.ids[1]]
    assert len(lines) == 2


def test_a_click_on_a_title_sorts_one_way_then_the_other_then_as_at_first(show: Callable[[int], Shown]) -> None:
    shown = show(6)
    assert shown.click_title(Column.SIMULATOR) == (SortKey(Column.SIMULATOR),)
    assert shown.click_title(Column.SIMULATOR) == (SortKey(Column.SIMULATOR, True),)
    assert shown.click_title(Column.SIMULATOR) == ()
    assert shown.click_title(Column.TIME) == (SortKey(Column.TIME, True),)


def test_shift_click_sorts_within_the_present_order(show: Callable[[int], Shown]) -> None:
    shown = show(6)
    shift = Qt.KeyboardModifier.ShiftModifier
    shown.click_title(Column.STATUS)
    assert shown.click_title(Column.SIMULATOR, shift) == (SortKey(Column.STATUS), SortKey(Column.SIMULATOR))
    assert shown.click_title(Column.STATUS, shift) == (SortKey(Column.STATUS, True), SortKey(Column.SIMULATOR))


def test_columns_are_chosen_in_a_menu_and_the_last_one_stays(show: Callable[[int], Shown]) -> None:
    shown = show(3)
    menu: QMenu = shown.table._header.column_menu()
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Status"].isChecked()
    assert not actions["Cost"].isChecked()
    actions["Cost"].trigger()
    assert Column.COST in shown.table._header.shown_columns()
    for title in [title for title, action in actions.items() if action.isChecked() and title != "Status"]:
        actions[title].trigger()
    assert shown.table._header.shown_columns() == [Column.STATUS]
    assert not next(a for a in shown.table._header.column_menu().actions() if a.text() == "Status").isEnabled()


def test_the_order_is_chosen_in_a_menu_as_by_clicks_on_the_titles(show: Callable[[int], Shown]) -> None:
    shown = show(3)

    def choose(title: str) -> tuple[SortKey, ...]:
        menu: QMenu = shown.table._header.order_menu()
        next(action for action in menu.actions() if action.text().split(" ")[0] == title).trigger()
        return tuple(shown.model.sort_keys())

    assert choose("Time") == (SortKey(Column.TIME, True),)
    assert [action.text() for action in shown.table._header.order_menu().actions() if action.isChecked()] == ["Time ↓"]
    assert choose("Time") == (SortKey(Column.TIME, False),)
    assert choose("Name") == (SortKey(Column.NAME, False),)
    assert choose("Newest") == ()


def test_an_arrow_chooses_the_row_that_the_keys_are_at_and_then_moves(show: Callable[[int], Shown]) -> None:
    shown = show(5)
    shown.table.clearSelection()
    shown.table.selectionModel().setCurrentIndex(shown.model.index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
    shown.press(Qt.Key.Key_Down)
    assert shown.table.selected_ids() == shown.ids[:1]
    shown.press(Qt.Key.Key_Down)
    assert shown.table.selected_ids() == shown.ids[1:2]


class Painted(QObject):
    """What Qt has asked the table to paint."""

    def __init__(self, table: TaskTable) -> None:
        super().__init__(table.viewport())
        self.region = QRegion()
        self.times = 0
        table.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
            self.times += 1
        return False


def test_rows_in_another_order_are_painted_once(show: Callable[[int], Shown]) -> None:
    shown = show(50)
    shown.table.setColumnHidden(Column.PROJECT, True)
    for _ in range(5):
        shown.app.processEvents()
    painted = Painted(shown.table)

    shown.store.apply(
        [replace(task, create_time=NOON + timedelta(days=1, minutes=n)) for n, task in enumerate(shown.tasks)]
    )
    shown.model.flush()
    for _ in range(5):
        shown.app.processEvents()

    assert painted.times == 1


def test_the_row_that_was_current_loses_its_mark(show: Callable[[int], Shown]) -> None:
    shown = show(9)
    far = shown.table.horizontalHeader().sectionViewportPosition(Column.NAME) + 5
    shown.table.setFocus()
    for row, modifiers in ((2, Qt.KeyboardModifier.NoModifier), (4, Qt.KeyboardModifier.ShiftModifier)):
        painted = Painted(shown.table)
        QTest.mouseClick(shown.table.viewport(), Qt.MouseButton.LeftButton, modifiers, shown.at(row, far))
        shown.turn()
        shown.app.processEvents()
    assert painted.region.contains(shown.at(2, 1))
    assert painted.region.contains(shown.at(4, 1))
    assert not painted.region.contains(shown.at(7, 1))


def test_columns_and_order_are_remembered(show: Callable[[int], Shown]) -> None:
    shown, other = show(3), show(3)
    header = shown.table.horizontalHeader()
    header.moveSection(header.visualIndex(Column.TIME), 0)
    header.resizeSection(Column.NAME, 222)
    header.setSectionHidden(Column.PROJECT, True)
    shown.model.sort_by([SortKey(Column.TIME, True)])
    assert other.table.restore_state(shown.table.save_state())
    assert other.table._header.shown_columns() == shown.table._header.shown_columns()
    assert other.table.horizontalHeader().sectionSize(Column.NAME) == 222
    assert other.model.sort_keys() == (SortKey(Column.TIME, True),)


@pytest.mark.parametrize(
    "state",
    [
        b"", b"\xff\x00", b"[]", b"{}", b'{"columns": 3, "sort": []}',
        b'{"columns": [{"key": "status", "width": 1e999, "shown": true}], "sort": []}',
        b'{"columns": [{"key": "status", "width": 90, "shown": false}], "sort": []}',
        b'{"columns": [{"key": "time", "width": 9, "shown": 1}, {"key": "time", "width": 9, "shown": 1}], "sort": []}',
        b'{"columns": [{"key": "status", "width": 90, "shown": 1}], "sort": [], "folded": 3}',
        b'{"columns": [], "sort": [["status"]]}', b'{"columns": [{"key": [], "width": 1, "shown": 1}], "sort": []}',
    ],
)  # fmt: skip
def test_a_bad_state_is_refused_and_changes_nothing(show: Callable[[int], Shown], state: bytes) -> None:
    shown = show(2)
    before = shown.table.save_state()
    assert not shown.table.restore_state(state)
    assert shown.table.save_state() == before


def test_columns_of_a_newer_version_are_left_out(show: Callable[[int], Shown]) -> None:
    shown = show(2)
    state = json.loads(shown.table.save_state())
    state["columns"].insert(0, {"key": "carbon", "width": 80, "shown": True})
    assert shown.table.restore_state(json.dumps(state).encode())


def test_widths_survive_a_change_of_layout(show: Callable[[int], Shown]) -> None:
    shown = show(40)
    shown.table.horizontalHeader().resizeSection(Column.NAME, 201)
    shown.model.sort_by([SortKey(Column.TASK)])
    shown.model.sort_by([SortKey(Column.TASK, True)])
    assert shown.table.horizontalHeader().sectionSize(Column.NAME) == 201


def test_a_context_menu_is_asked_for_at_the_mouse(show: Callable[[int], Shown]) -> None:
    shown = show(4)
    asked: list[QPoint] = []
    shown.table.context_menu_requested.connect(asked.append)
    shown.click(1)
    QTest.keyClick(shown.table, Qt.Key.Key_Menu)
    from PySide6.QtGui import QContextMenuEvent

    where = shown.at(2)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, shown.table.viewport().mapToGlobal(where))
    shown.app.sendEvent(shown.table.viewport(), event)
    assert asked[-1] == shown.table.viewport().mapToGlobal(where)


def test_times_of_living_tasks_go_on_by_themselves(show: Callable[[int], Shown]) -> None:
    shown = show(3)
    painted: list[int] = []
    texts = shown.model.cell_texts

    def count(row: int, columns: Sequence[int]) -> list[str]:
        painted.extend(columns)
        return texts(row, columns)

    shown.model.cell_texts = count  # type: ignore[method-assign]
    shown.table.set_clock(lambda: NOON + timedelta(milliseconds=950))
    changed: list[int] = []
    shown.model.dataChanged.connect(lambda: changed.append(1))
    until(lambda: shown.app.processEvents() or Column.TIME in painted, 30)
    assert set(painted) == {Column.TIME}
    assert changed == []


def test_the_table_has_a_name_for_those_who_do_not_see_it(show: Callable[[int], Shown]) -> None:
    assert show(1).table.accessibleName() == "Tasks"


def _luminance(colour: QColor) -> float:
    parts = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
             for channel in (colour.redF(), colour.greenF(), colour.blueF())]  # fmt: skip
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_titles_times_and_the_most_usual_states_are_not_cut_in_the_first_arrangement(app: QApplication) -> None:
    load_fonts()
    painter, store = CellPainter(LIGHT), TaskStore()
    model = TaskTableModel(store, clock)
    usual = {CellKind.NUMBER: "12:34:56", CellKind.STATUS: "Waiting for Input", CellKind.CODE: "wwwwww…"}
    for column in range(model.columnCount()):
        look = model.look(column)
        title = QFontMetricsF(header_font()).horizontalAdvance(look.title.upper()) + 2 * PADDING
        assert title <= look.width, look.title
        assert painter.width_of(look.kind, usual.get(look.kind, "")) <= look.width, look.title
    model.close()


def test_the_first_columns_fit_into_the_windows_middle_and_the_reason_takes_the_rest(
    show: Callable[[int], Shown],
) -> None:
    shown = show(40)
    for width in (810, 1200):
        shown.table.resize(width, 400)
        shown.settle()
        columns = [shown.model.look(column) for column in shown.table._header.shown_columns()]
        assert columns[-1].key == "reason"
        assert shown.table.horizontalScrollBar().maximum() == 0
        others = sum(look.width for look in columns[:-1])
        assert shown.table.columnWidth(Column.REASON) == shown.table.viewport().width() - others >= 160


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground_a_row_can_have(app: QApplication, theme: Theme) -> None:
    painter = CellPainter(theme)
    grounds = {"plain": theme.surface, "hovered": theme.row_hover, "selected": theme.selection}
    for ground, colour in grounds.items():
        for stale in (False, True):
            state = RowState(ground == "selected", ground == "hovered", stale)
            for kind in CellKind:
                assert _contrast(painter._ink(kind, state), QColor(colour)) >= 4.5, (kind, ground, stale)
    for status in Status:
        assert _contrast(QColor(theme.of(status).ink), QColor(theme.of(status).fill)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_pictures_of_every_state_can_be_looked_at(show: Callable[[int], Shown], theme: Theme) -> None:
    shown = show(0)
    shown.table.set_theme(theme)
    shown.table.resize(850, 640)
    shown.store.apply([a_mixed_task(0)])
    shown.settle()
    save(shown.table, f"table_one_{theme.name}")
    shown.store.apply([a_mixed_task(number) for number in range(40)])
    for task_id, task in shown.store.tasks.items():
        if task.status is Status.COMPUTATION_STARTED:
            shown.model.set_progress(task_id, 0.62)
    shown.settle()
    shown.click(3)
    shown.click(8, Qt.KeyboardModifier.ControlModifier)
    assert save(shown.table, f"table_{theme.name}").stat().st_size > 10_000
    shown.table.set_stale(True)
    assert save(shown.table, f"table_stale_{theme.name}").stat().st_size > 10_000


def test_everything_that_matches_can_be_selected_also_what_is_still_being_loaded(
    show: Callable[[int], Shown],
) -> None:
    shown = show(30)
    note = shown.table._note
    assert note.isHidden()
    shown.click(1)
    shown.click(3, Qt.KeyboardModifier.ControlModifier)
    assert note.words() == "2 of 30 selected Select all 30 that match"
    shown.table.expect_rows(12)
    shown.turn()
    assert "Select all 30 that match and those among 12 tasks still being loaded" in note.words()
    assert shown.table.awaited() == 0, "nobody has asked for them"
    QTest.mouseClick(note._all, Qt.MouseButton.LeftButton)
    shown.turn()
    assert note.words() == "All 30 that match are selected, and those among 12 tasks still being loaded will be."
    assert len(shown.table.selected_ids()) == 30
    assert shown.table.awaited() == 12
    shown.store.apply(a_task(task_id=a_task_id(900 + n), create_time=NOON + timedelta(hours=n - 6)) for n in range(12))
    shown.settle()
    assert len(shown.table.selected_ids()) == 42
    shown.table.expect_rows(0)
    shown.turn()
    assert note.isHidden()
    shown.store.apply([a_task(task_id=a_task_id(951))])
    shown.settle()
    assert len(shown.table.selected_ids()) == 42
    assert "42 of 43 selected" in note.words()


def test_another_filter_or_choice_ends_the_selection_of_everything(show: Callable[[int], Shown]) -> None:
    shown = show(6)
    shown.table.expect_rows(5)
    shown.table.select_everything()
    shown.turn()
    shown.click(2)
    shown.store.apply([a_task(task_id=a_task_id(952))])
    shown.settle()
    assert len(shown.table.selected_ids()) == 1
    shown.table.select_everything()
    shown.turn()
    shown.table.end_everything()
    shown.store.apply([a_task(task_id=a_task_id(953))])
    shown.settle()
    assert len(shown.table.selected_ids()) == 7


def test_rows_can_be_copied_as_csv_and_as_ids(show: Callable[[int], Shown]) -> None:
    shown = show(3)
    shown.store.apply([a_task(task_id=shown.ids[1], name='=1+2, "x"', simulator="a b")])
    shown.settle()
    shown.click(1)
    shown.table.copy_selection()
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasFormat("text/csv")
    shown.table.copy_csv()
    rows = list(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))
    assert rows[0][:4] == ["Status", "Task", "Name", "Simulator"]
    assert rows[1][1:4] == [shown.ids[1], '\'=1+2, "x"', "a b"]
    menu = shown.table.copy_menu(shown.table)
    next(action for action in menu.actions() if action.text() == "Task ids").trigger()
    assert QGuiApplication.clipboard().text() == f"{shown.ids[1]}\n"


def _picture(table: TaskTable, hovered: int) -> QImage:
    table._hovered = hovered
    return table.viewport().grab().toImage()


def _fresh_picture(shown: Shown, hovered: int) -> QImage:
    """What a table shows that has never painted anything before."""
    table = TaskTable()
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.set_theme(shown.table._theme)
    table.set_stale(shown.table._stale)
    table.setModel(shown.model)
    table.resize(shown.table.size())
    table.show()
    table.restore_state(shown.table.save_state())
    table.selectionModel().select(
        shown.table.selectionModel().selection(), QItemSelectionModel.SelectionFlag.ClearAndSelect
    )
    shown.app.processEvents()
    table.verticalScrollBar().setValue(shown.table.verticalScrollBar().value())
    picture = _picture(table, hovered)
    table.close()
    table.deleteLater()
    return picture


def test_remembered_texts_never_show_what_is_no_longer_so(show: Callable[[int], Shown]) -> None:
    load_fonts()
    shown = show(0)
    shown.store.apply([a_mixed_task(number) for number in range(12)])
    shown.settle()
    table, moment, before = shown.table, [clock()], QImage()
    living = next(task for task in shown.store.tasks.values() if not task.is_terminated)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.clearFocus()
    shown.model._clock = lambda: moment[0]
    changes: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: moment.insert(0, moment[0] + timedelta(seconds=61)),
        lambda: table.selectRow(2),
        lambda: shown.store.apply([replace(living, status=Status.FAILED, error_detail="exit code 3")]),
        lambda: table.setColumnWidth(Column.NAME, 40),
        lambda: table.setColumnHidden(Column.PROJECT, False),
        lambda: shown.model.sort_by([SortKey(Column.NAME)]),
        lambda: table.set_theme(DARK),
        lambda: table.set_stale(True),
    )
    for change in changes:
        change()
        shown.settle()
        for hovered in (-1, -1, 4, 4, 4):
            picture = _picture(table, hovered)
            assert picture == _fresh_picture(shown, hovered)
        assert picture != before
        before = picture


def test_what_stands_in_for_a_name_is_painted_more_quietly(show: Callable[[int], Shown]) -> None:
    shown = show(0)
    shown.store.apply([a_task(name="Same words"), a_task(extra_params={"commands": ["Same words"]})])
    shown.settle()
    picture = _picture(shown.table, -1)
    left = shown.table.columnViewportPosition(Column.NAME)
    width = shown.table.columnWidth(Column.NAME)

    def darkest(row: int) -> int:
        tops = range(row * ROW_HEIGHT + 2, (row + 1) * ROW_HEIGHT - 2)
        return min(picture.pixelColor(x, y).lightness() for x in range(left, left + width) for y in tops)

    named, unnamed = sorted(range(2), key=lambda row: not shown.model.task_at(row).has_name)
    assert shown.model.quiet(named) == ()
    assert darkest(unnamed) > darkest(named) + 20

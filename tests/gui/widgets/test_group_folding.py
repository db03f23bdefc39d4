"""Groups of equal failures in the table: folding by mouse and keys, and that headings are no tasks."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.theme import DARK, LIGHT, Theme, load_fonts
from taskmon.gui.widgets.cell_painter import ROW_HEIGHT
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task, a_task_id, seconds_after
from tests.gui.models.naive_table import headings, shown_with_headings
from tests.gui.widgets.task_pictures import NAMES, PROJECTS, SIMULATORS, clock, save
from tests.waiting import until

REASONS = (
    ("Exit code 1. simpleFoam: FOAM FATAL ERROR in {}: Floating point exception at time 0.0{}", 6),
    ("No space left on device while unpacking the inputs of run {}", 3),
    ("Exit code 139. lmp: Segmentation fault after step {}00", 4),
)


def failures() -> list[Task]:
    """13 failed tasks with three kinds of reasons, three stopped ones and five without trouble, newest first."""
    reasons = [(Status.FAILED, text.format(n, n)) for text, count in REASONS for n in range(count)]
    others = [(Status.KILLED, None)] * 3 + [(Status.SUCCESS, None)] * 3 + [(Status.COMPUTATION_STARTED, None)] * 2
    return [
        a_task(
            task_id=a_task_id(number + 500),
            status=status,
            error_detail=detail,
            name=NAMES[number % 7],
            simulator=SIMULATORS[number % 7],
            project=PROJECTS[number % 7],
            create_time=seconds_after(NOON, -60 * number),
        )
        for number, (status, detail) in enumerate([*reasons, *others])
    ]


class Grouped:
    """A table with grouped failures in a window of 900 × `height` pixels."""

    def __init__(self, app: QApplication, height: int = 900) -> None:
        self.app = app
        self.store, self.tasks = TaskStore(), failures()
        self.store.apply(self.tasks)
        self.model, self.table = TaskTableModel(self.store, clock), TaskTable()
        self.model.flush()
        self.table.setModel(self.model)
        self.table.resize(900, height)
        self.table.show()
        self.killed: list[list[str]] = []
        self.opened: list[str] = []
        self.table.kill_requested.connect(self.killed.append)
        self.table.task_activated.connect(self.opened.append)
        self.model.group_by_reason(True)
        self.turn()

    def turn(self) -> None:
        self.model.flush()
        keeper = self.table._keeper
        assert keeper is not None
        until(lambda: self.app.processEvents() or not keeper._tell.isActive())

    def row(self, beginning: str) -> int:
        """The row of the heading whose words begin so."""
        return next(
            row
            for row in range(self.model.rowCount())
            if (heading := self.model.heading_at(row)) is not None and heading.title.startswith(beginning)
        )

    def where(self, row: int) -> QPoint:
        return QPoint(120, row * ROW_HEIGHT - self.table.verticalScrollBar().value() + ROW_HEIGHT // 2)

    def click(self, row: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, modifiers, self.where(row))
        self.turn()

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.table, key, modifiers)
        self.turn()

    def folded(self) -> set[str]:
        return {heading.title for heading in headings(self.model) if not heading.open}


@pytest.fixture
def grouped(app: QApplication) -> Iterator[Grouped]:
    shown = Grouped(app)
    yield shown
    shown.model.close()
    shown.table.close()


def test_equal_failures_stand_together_and_numbers_do_not_split_them(grouped: Grouped) -> None:
    assert [(heading.title, heading.size) for heading in headings(grouped.model)] == [
        ("Exit code #. lmp: Segmentation fault after step #", 4),
        ("Exit code #. simpleFoam: FOAM FATAL ERROR in #: Floating point exception at time #", 6),
        ("No space left on device while unpacking the inputs of run #", 3),
        ("stopped as asked", 3),
        ("Neither failed nor stopped", 5),
    ]


def test_a_click_on_a_heading_folds_its_group_and_leaves_the_selection_alone(grouped: Grouped) -> None:
    grouped.click(1)
    chosen = grouped.table.selected_ids()
    assert len(chosen) == 1
    row = grouped.row("No space")
    grouped.click(row)
    assert grouped.folded() == {"No space left on device while unpacking the inputs of run #"}
    assert grouped.model.heading_at(row) is not None
    assert grouped.table.selected_ids() == chosen
    grouped.click(row)
    assert not grouped.folded()
    assert grouped.table.selected_ids() == chosen


def test_a_folded_selection_is_not_selected_and_comes_back_with_its_group(grouped: Grouped) -> None:
    row = grouped.row("No space")
    grouped.click(row + 1)
    grouped.click(row + 3, Qt.KeyboardModifier.ShiftModifier)
    chosen = grouped.table.selected_ids()
    assert len(chosen) == 3
    grouped.click(row)
    assert grouped.table.selected_ids() == []
    grouped.press(Qt.Key.Key_Delete)
    assert grouped.killed == []
    grouped.click(row)
    assert grouped.table.selected_ids() == chosen


def test_keys_fold_and_unfold_the_heading_that_is_current(grouped: Grouped) -> None:
    row = grouped.row("No space")
    grouped.click(row - 1)
    grouped.press(Qt.Key.Key_Down)
    assert grouped.table.currentIndex().row() == row
    grouped.press(Qt.Key.Key_Left)
    assert len(grouped.folded()) == 1
    grouped.press(Qt.Key.Key_Left)
    assert len(grouped.folded()) == 1
    grouped.press(Qt.Key.Key_Right)
    assert not grouped.folded()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        grouped.press(key)
        assert len(grouped.folded()) == 1
        grouped.press(key)
        assert not grouped.folded()
    assert grouped.opened == []
    assert grouped.table.currentIndex().row() == row


def test_headings_are_neither_selected_nor_copied_nor_killed(grouped: Grouped) -> None:
    row = grouped.row("No space")
    grouped.click(row - 1)
    grouped.click(row + 1, Qt.KeyboardModifier.ShiftModifier)
    assert len(grouped.table.selected_ids()) == 2
    grouped.table.copy_ids()
    assert len(QGuiApplication.clipboard().text().split()) == 2
    grouped.table.copy_selection()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 3
    grouped.press(Qt.Key.Key_Delete)
    assert [len(ids) for ids in grouped.killed] == [2]
    grouped.click(row)
    grouped.table.clearSelection()
    grouped.turn()
    grouped.press(Qt.Key.Key_Delete)
    assert len(grouped.killed) == 1


def test_everything_is_every_task_also_those_in_folded_groups(grouped: Grouped) -> None:
    grouped.model.set_all_open(False)
    assert grouped.model.rowCount() == len(headings(grouped.model))
    grouped.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert sorted(grouped.table.selected_ids()) == sorted(task.task_id for task in grouped.tasks)
    assert not grouped.folded()


def test_the_note_counts_tasks_and_not_rows(grouped: Grouped) -> None:
    grouped.model.set_filter("status:failed")
    grouped.turn()
    grouped.click(1)
    grouped.click(3, Qt.KeyboardModifier.ShiftModifier)
    assert grouped.table._note.words() == "3 of 13 selected Select all 13 that match"


def test_the_menu_of_a_heading_selects_its_tasks(grouped: Grouped) -> None:
    folding = next(child for child in grouped.table.viewport().children() if type(child).__name__ == "GroupFolding")
    row = grouped.row("No space")
    grouped.click(row)
    heading = grouped.model.heading_at(row)
    menu = folding.menu(heading, row)  # type: ignore[attr-defined]
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Unfold", "Select its 3 tasks", "Fold all groups", "Unfold all groups"
    ]  # fmt: skip
    menu.actions()[1].trigger()
    grouped.turn()
    assert {str(grouped.store.tasks[task_id].error_detail)[:8] for task_id in grouped.table.selected_ids()} == {
        "No space"
    }
    assert len(grouped.table.selected_ids()) == 3


def test_a_heading_under_the_eye_stays_there_when_its_group_is_folded(app: QApplication) -> None:
    grouped = Grouped(app, height=200)
    row = grouped.row("No space")
    bar = grouped.table.verticalScrollBar()
    bar.setValue((row - 2) * ROW_HEIGHT)
    before = grouped.where(row).y()
    grouped.click(row)
    assert grouped.where(row).y() == before
    grouped.model.close()
    grouped.table.close()


def test_arriving_tasks_move_neither_what_is_seen_nor_what_is_folded(app: QApplication) -> None:
    grouped = Grouped(app, height=200)
    row = grouped.row("No space")
    grouped.click(row)
    bar = grouped.table.verticalScrollBar()
    bar.setValue((grouped.row("stopped") - 2) * ROW_HEIGHT)
    at = grouped.where(grouped.row("stopped")).y()
    current = grouped.row("stopped")
    grouped.click(current)
    grouped.store.apply(
        [a_task(status=Status.FAILED, error_detail=f"No space left on device while unpacking the inputs of run {n}")
         for n in range(40)]
        + [a_task(status=Status.FAILED, error_detail="Another one, which comes first")]
    )  # fmt: skip
    grouped.turn()
    assert grouped.model.heading_at(grouped.row("No space")).size == 43  # type: ignore[union-attr]
    assert grouped.folded() == {"No space left on device while unpacking the inputs of run #", "stopped as asked"}
    assert grouped.where(grouped.row("stopped")).y() == at
    assert grouped.table.currentIndex().row() == grouped.row("stopped")
    grouped.model.close()
    grouped.table.close()


def test_a_task_that_is_asked_for_opens_its_group(grouped: Grouped) -> None:
    grouped.model.set_all_open(False)
    assert grouped.table.select_task(grouped.tasks[7].task_id)
    assert grouped.table.selected_ids() == [grouped.tasks[7].task_id]
    assert len(grouped.folded()) == 4
    grouped.model.set_filter("status:success")
    assert not grouped.table.select_task(grouped.tasks[7].task_id)


def test_grouping_is_kept_with_the_columns(grouped: Grouped) -> None:
    state = grouped.table.save_state()
    grouped.model.group_by_reason(False)
    grouped.turn()
    assert shown_with_headings(grouped.model) == [task.task_id for task in grouped.tasks]
    plain = grouped.table.save_state()
    assert grouped.table.restore_state(state)
    grouped.turn()
    assert len(headings(grouped.model)) == 5
    assert grouped.table.restore_state(plain)
    grouped.turn()
    assert not headings(grouped.model)


def test_folded_groups_stay_folded_after_a_restart(app: QApplication, grouped: Grouped) -> None:
    grouped.click(grouped.row("No space"))
    state = grouped.table.save_state()
    later = Grouped(app)
    later.model.set_all_open(False)
    assert later.table.restore_state(state)
    later.turn()
    assert later.folded() == grouped.folded() != set()
    later.model.set_filter("status:success")
    later.model.set_filter("")
    later.turn()
    assert later.folded() == grouped.folded()
    later.model.close()
    later.table.close()
    later.table.deleteLater()


def test_a_screen_reader_says_the_group_and_whether_it_is_folded(grouped: Grouped) -> None:
    row = grouped.row("No space")

    def said() -> str:
        return str(grouped.model.data(grouped.model.index(row, 2), Qt.ItemDataRole.AccessibleTextRole))

    assert said() == "Group: No space left on device while unpacking the inputs of run #, 3 tasks, unfolded"
    grouped.click(row)
    assert said() == "Group: No space left on device while unpacking the inputs of run #, 3 tasks, folded"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_headings_are_painted(app: QApplication, theme: Theme) -> None:
    load_fonts()
    grouped = Grouped(app, height=640)
    grouped.table.set_theme(theme)
    grouped.click(grouped.row("stopped"))
    grouped.click(2)
    first = grouped.where(0)
    picture = grouped.table.viewport().grab().toImage()
    assert picture.pixelColor(first.x() + 600, first.y()) == QColor(theme.raised)
    assert picture.pixelColor(first.x() + 600, first.y() + ROW_HEIGHT) == QColor(theme.surface)
    save(grouped.table, f"groups-{theme.name}")
    grouped.model.close()
    grouped.table.close()


def test_a_window_with_a_grouped_table_ends_in_good_order() -> None:
    program = f"""
        from PySide6.QtWidgets import QWidget, QVBoxLayout
        from shiboken6 import delete
        from taskmon.gui.styles import new_application
        app = new_application()
        from {__name__} import Grouped
        grouped, window = Grouped(app), QWidget()
        QVBoxLayout(window).addWidget(grouped.table)
        grouped.model.group_by_reason(True)
        window.show()
        app.processEvents()
        delete(window)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, "Error" in ended.stderr) == (0, False), ended.stderr


def failed(number: int, detail: str) -> Task:
    return a_task(task_id=a_task_id(900 + number), status=Status.FAILED, error_detail=detail)


def test_a_heading_says_word_for_word_what_all_its_tasks_say(grouped: Grouped) -> None:
    seat, other = "Licence server db7:27000 refused seat 42", "Licence server db7:27000 refused seat 43"
    grouped.store.apply([failed(1, seat)])
    grouped.turn()
    assert grouped.model.heading_at(grouped.row("Licence")).title == seat  # type: ignore[union-attr]
    grouped.store.apply([failed(2, seat)])
    grouped.turn()
    heading = grouped.model.heading_at(grouped.row("Licence"))
    assert heading is not None
    assert (heading.title, heading.size) == (seat, 2)
    grouped.store.apply([failed(2, other)])
    grouped.turn()
    assert grouped.model.heading_at(grouped.row("Licence")).title == heading.reason  # type: ignore[union-attr]
    grouped.model.set_filter("43")
    grouped.turn()
    assert grouped.model.heading_at(0).title == other  # type: ignore[union-attr]


def test_a_heading_is_painted_anew_when_its_only_task_says_something_else(grouped: Grouped) -> None:
    grouped.store.apply([failed(1, "refused seat 42")])
    grouped.turn()
    row, painted = grouped.row("refused"), []
    grouped.model.dataChanged.connect(lambda first, last: painted.append((first.row(), last.row())))
    grouped.store.apply([failed(1, "refused seat 43")])
    grouped.turn()
    assert grouped.model.heading_at(row).title == "refused seat 43"  # type: ignore[union-attr]
    assert any(first <= row <= last for first, last in painted)

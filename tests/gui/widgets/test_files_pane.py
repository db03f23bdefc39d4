"""The Files pane shows what a task wrote, how large and how old, and lets files be seen and chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from taskmon.core.extensions import TaskFile
from taskmon.core.file_tree import FileTree, folders_above
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.file_painter import arrow_left
from taskmon.gui.widgets.file_rows import AGE, NAME, SIZE, Order, Place
from taskmon.gui.widgets.file_tree_view import FileTreeView
from taskmon.gui.widgets.files_pane import FilesPane
from tests.fakes import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOCK = StillClock()


@pytest.fixture
def pane(app: QApplication) -> Iterator[FilesPane]:
    load_fonts()
    pane = FilesPane()
    pane.set_clock(CLOCK)
    pane.resize(1000, 400)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


def file(path: str, size: int | None = 1, seconds: float = 0.0) -> TaskFile:
    return TaskFile(path=path, size=size, modified=CLOCK() - timedelta(seconds=seconds))


def some_files() -> FileTree:
    return FileTree(
        [
            file("big.csv", 9_000_000, 4000),
            file("results/plots/field.png", 2_000, 30),
            file("results/probe.csv", 500, 12),
            file("stdout.txt", 80_000, 2),
        ]
    )


@pytest.mark.parametrize("moment", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_times_at_the_ends_of_the_calendar_are_told_somehow(pane: FilesPane, moment: datetime, hours: int) -> None:
    odd = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    pane.show_files(FileTree([TaskFile(path="d/a", size=1, modified=odd), file("d/b")]), complete=False)
    for row in range(3):
        assert pane.tree.files.texts(row)[AGE]
        assert pane.tree.files.index(row, AGE).data(Qt.ItemDataRole.ToolTipRole)


def names(tree: FileTreeView, folder: str = "") -> list[str]:
    """The names in a folder, as far as it is open."""
    rows = tree.files.rows
    inside = [
        row
        for row in range(len(rows))
        if (above := rows.parent_row(row)) is not None and rows.place(above).path == folder
    ]
    top = [row for row in range(len(rows)) if rows.parent_row(row) is None]
    return [str(tree.files.index(row, NAME).data()) for row in (inside if folder else top)]


def place_of(pane: FilesPane, path: str) -> Place:
    return next(
        place for place in map(pane.tree.files.rows.place, range(len(pane.tree.files.rows))) if place.path == path
    )


def row(pane: FilesPane, path: str) -> int:
    found = pane.tree.files.rows.row_of(place_of(pane, path))
    assert found is not None
    return found


def text(pane: FilesPane, path: str, column: int) -> str:
    return str(pane.tree.files.index(row(pane, path), column).data())


def choose(pane: FilesPane, *paths: str) -> None:
    pane.tree.select(*(place_of(pane, path) for path in paths))


def chosen(pane: FilesPane) -> list[str]:
    return sorted(pane.tree.chosen_paths())


def sort(pane: FilesPane, column: int, order: Qt.SortOrder) -> None:
    pane.tree.sort_by(Order(column, order == Qt.SortOrder.DescendingOrder))


def finish(pane: FilesPane) -> None:
    """Waits until what was asked for is shown."""
    while pane.tree.busy:
        QApplication.processEvents()


# --- the tree


def test_folders_stand_first_and_tell_size_and_age_of_what_is_in_them(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=False)
    assert names(pane.tree) == ["results", "big.csv", "stdout.txt"]
    assert text(pane, "results", SIZE) == "2.5 kB"
    assert text(pane, "results/plots", SIZE) == "2.0 kB"
    assert text(pane, "results", AGE) == "12 s ago"
    assert pane._note.text() == "4 files, 9.1 MB · still being written"


def test_a_narrow_table_has_room_for_names(app: QApplication, pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    for width, columns in ((600, 2), (1000, 3)):
        pane.resize(width, 400)
        app.processEvents()
        shown = pane.tree.columns()
        assert len(shown) == columns
        assert shown[NAME].width >= 150


def test_equal_ones_stand_by_name_whichever_way_round(pane: FilesPane) -> None:
    pane.show_files(FileTree(file(name, 1) for name in "bca"), complete=True)
    for order in Qt.SortOrder:
        sort(pane, SIZE, order)
        assert names(pane.tree) == ["a", "b", "c"]


def test_sizes_and_ages_are_ordered_as_numbers_and_numbers_in_names_too(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    sort(pane, SIZE, Qt.SortOrder.DescendingOrder)
    assert names(pane.tree) == ["big.csv", "stdout.txt", "results"]
    sort(pane, AGE, Qt.SortOrder.DescendingOrder)
    assert names(pane.tree) == ["stdout.txt", "results", "big.csv"]
    sort(pane, NAME, Qt.SortOrder.AscendingOrder)
    pane.show_nothing()
    pane.show_files(FileTree([file("step_10.vtk"), file("step_9.vtk"), file("Step_1.vtk")]), complete=True)
    assert names(pane.tree) == ["Step_1.vtk", "step_9.vtk", "step_10.vtk"]


def test_what_nobody_tells_is_a_dash_and_never_zero(pane: FilesPane) -> None:
    pane.show_files(FileTree([TaskFile(path="sub/a"), TaskFile(path="b")]), complete=False)
    assert [text(pane, path, column) for path in ("sub", "sub/a", "b") for column in (SIZE, AGE)] == ["—"] * 6
    assert pane._note.text() == "2 files · still being written"


def test_ages_run_on(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=False)
    assert text(pane, "results/probe.csv", AGE) == "12 s ago"
    CLOCK.advance(60)
    assert text(pane, "results/probe.csv", AGE) == "72 s ago"
    CLOCK.advance(-60)


def test_a_name_of_a_task_stays_on_its_line_and_is_no_markup(pane: FilesPane) -> None:
    pane.show_files(FileTree([file("<b>bold</b>\n\x1b[31m"), file("/etc/passwd"), file("a//b/c")]), complete=True)
    assert names(pane.tree) == ["/etc", "<b>bold<", "a"]
    assert names(pane.tree, "<b>bold<") == ["b>␊␛[31m"]


def test_selection_openness_and_place_stay_when_files_come(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=False)
    choose(pane, "stdout.txt", "results/probe.csv")
    pane.tree.set_open(row(pane, "results/plots"), is_open=False)
    more = [*some_files(), file("aaa/new"), file("results/a.csv"), file("zzz")]
    pane.show_files(FileTree(file for file in more if file.path != "big.csv"), complete=False)
    assert names(pane.tree) == ["aaa", "results", "stdout.txt", "zzz"]
    assert chosen(pane) == ["results/probe.csv", "stdout.txt"]
    assert pane.tree.is_open("results")
    assert not pane.tree.is_open("results/plots")


def test_the_rows_that_are_looked_at_stay_where_they_are(pane: FilesPane) -> None:
    files = [file(f"f{number:04}") for number in range(500)]
    pane.show_files(FileTree(files), complete=False)
    pane.tree.scrollTo(pane.tree.files.index(300, NAME), pane.tree.ScrollHint.PositionAtTop)
    pane.show_files(FileTree([*files, *(file(f"a{number:04}") for number in range(50))]), complete=False)
    assert pane.tree.files.rows.name(pane.tree.rowAt(5)) == "f0300"


def test_many_files_are_listed_and_found_by_name(pane: FilesPane) -> None:
    pane.show_files(FileTree(file(f"f{number:06}.vtk") for number in range(50_000)), complete=True)
    assert pane.tree.busy
    finish(pane)
    assert pane.tree.files.rowCount() == 50_000
    assert "50,000 files" in pane._note.text()
    QTest.keyClick(pane.tree, Qt.Key.Key_End)
    assert pane.tree.files.rows.name(pane.tree.currentIndex().row()) == "f049999.vtk"
    pane.tree.selectAll()
    assert pane._get.text() == "Download 50,000 files…"
    pane.filter.setText("4999 VTK")
    pane._filter_now()
    finish(pane)
    assert names(pane.tree)[:2] == ["f004999.vtk", "f014999.vtk"]
    assert pane.tree.count_chosen() == pane.tree.files.rowCount() == 15
    assert "15 of 50,000 files" in pane._note.text()
    pane.filter.setText("nothing like it")
    pane._filter_now()
    finish(pane)
    assert pane._empty.isVisible()
    assert "nothing like it" in pane._empty.text()


def test_what_is_chosen_in_between_is_found_again_too(pane: FilesPane) -> None:
    files = [file(f"f{number:05}") for number in range(20_000)]
    pane.show_files(FileTree(files), complete=False)
    finish(pane)
    pane.tree.selectAll()
    pane.show_files(FileTree([*files, file("a")]), complete=False)
    assert pane.tree.busy
    for _ in range(5):
        pane.tree._go_on(0.0)
    pane.tree.select(Place("f00007", False))
    finish(pane)
    assert chosen(pane) == ["f00007"]
    assert pane.tree.currentIndex().row() == 8


def test_a_filter_shows_what_it_finds_and_leaves_folders_as_they_were(pane: FilesPane) -> None:
    pane.show_files(FileTree(file(f"d{n // 100}/f{n}") for n in range(1000)), complete=True)
    pane.tree.set_open(row(pane, "d3"), is_open=True)
    pane.filter.setText("77")
    pane._filter_now()
    assert names(pane.tree, "d1") == ["f177"]
    pane.filter.clear()
    pane._filter_now()
    assert pane.tree.is_open("d3")
    assert not pane.tree.is_open("d1")


def test_a_title_orders_by_what_is_sought_first(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    header = pane.tree.horizontalHeader()
    for column, expected in ((SIZE, "big.csv"), (SIZE, "results"), (AGE, "stdout.txt"), (NAME, "results")):
        at = QPoint(header.sectionViewportPosition(column) + 20, 10)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        assert names(pane.tree)[0] == expected
    assert pane.tree.files.headerData(NAME, Qt.Orientation.Horizontal) == "File ↑"
    assert pane.tree.files.headerData(AGE, Qt.Orientation.Horizontal) == "Changed"


def test_a_filter_that_hides_all_in_view_shows_the_first_it_finds(pane: FilesPane) -> None:
    pane.show_files(FileTree(file(f"f{number:04}") for number in range(500)), complete=True)
    pane.tree.verticalScrollBar().setValue(pane.tree.verticalScrollBar().maximum())
    pane.filter.setText("f00")
    pane._filter_now()
    assert pane.tree.rowAt(0) == 0


def test_arrows_go_through_folders(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    choose(pane, "results/plots/field.png")
    QTest.keyClick(pane.tree, Qt.Key.Key_Left)
    assert chosen(pane) == ["results/plots"]
    QTest.keyClick(pane.tree, Qt.Key.Key_Left)
    assert not pane.tree.is_open("results/plots")
    QTest.keyClick(pane.tree, Qt.Key.Key_Right)
    QTest.keyClick(pane.tree, Qt.Key.Key_Right)
    assert chosen(pane) == ["results/plots/field.png"]
    said = pane.tree.files.index(row(pane, "results/plots"), NAME).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "plots, open folder with 1 file, level 2"


def test_a_click_on_the_arrow_opens_and_chooses_nothing(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    cell = pane.tree.visualRect(pane.tree.files.index(row(pane, "results"), NAME))
    at = QPoint(cell.left() + 9, cell.center().y())
    QTest.mouseClick(pane.tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert not pane.tree.is_open("results")
    assert chosen(pane) == []


def test_a_folder_and_what_is_in_it_are_counted_once(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    pane.tree.selectAll()
    assert pane.tree.count_chosen() == 6
    assert pane._get.text() == "Download 4 files…"
    choose(pane, "results/plots", "results/plots/field.png", "results/probe.csv")
    assert pane._get.text() == "Download 2 files…"


def test_every_folder_opens_in_a_deep_tree(pane: FilesPane) -> None:
    deep = "/".join(["d"] * 1500)
    pane.show_files(FileTree([file(f"{deep}/last"), file("first")]), complete=True)
    pane.tree.set_all_open(is_open=True)
    assert pane.tree.files.rowCount() == 1502
    QTest.keyClick(pane.tree, Qt.Key.Key_End)
    pane.tree.grab()
    pane.tree.set_all_open(is_open=False)
    assert pane.tree.files.rowCount() == 2


def test_a_small_tree_is_open_and_a_large_one_is_not(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    assert pane.tree.is_open("results/plots")
    pane.show_nothing()
    pane.show_files(FileTree(file(f"d{n // 100}/f{n}") for n in range(1000)), complete=True)
    assert not pane.tree.is_open("d0")


PATHS = st.lists(st.sampled_from(["a", "b", "d/a", "d/b", "d/e/x", "d/e/y", "q/x", "b/c", "/r", "d//k/l"]), unique=True)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PATHS, min_size=1, max_size=5), st.lists(st.integers(0, 2), max_size=3))
def test_any_sequence_of_lists_keeps_the_rules_of_models(
    app: QApplication, lists: list[list[str]], columns: list[int]
) -> None:
    view = FileTreeView()
    QAbstractItemModelTester(view.files, QAbstractItemModelTester.FailureReportingMode.Fatal)
    view.set_all_open(is_open=True)
    for paths in lists:
        kept = set(view.chosen_paths()) & set(paths)
        view.go_on_with(FileTree(file(path, len(path)) for path in paths))
        assert leaves(view) == sorted(paths)
        assert kept <= set(view.chosen_paths())
        for column in columns:
            view.sort_by(Order(column, True))
            assert leaves(view) == sorted(paths)
        view.select(*(Place(path, False) for path in paths[::2]))
    view.deleteLater()


def leaves(view: FileTreeView) -> list[str]:
    rows, found = view.files.rows, []
    for number in range(len(rows)):
        place = rows.place(number)
        assert rows.row_of(place) == number
        assert rows.depth(number) == len(list(folders_above(place.path)))
        above = rows.parent_row(number)
        assert above is None or rows.depth(above) == rows.depth(number) - 1
        found += [] if place.is_folder else [place.path]
    assert rows.count_files([(0, len(rows) - 1)] if len(rows) else []) == len(found)
    return sorted(found)


# --- a look at one


def test_a_chosen_file_is_asked_for_and_shown(pane: FilesPane) -> None:
    asked: list[str] = []
    pane.preview_requested.connect(asked.append)
    pane.show_files(some_files(), complete=False)
    choose(pane, "results/plots/field.png")
    assert asked == ["results/plots/field.png"]
    assert not pane._open.isEnabled()
    picture = QImage(40, 20, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.red)
    pane.preview.show_picture("another.png", picture)
    assert "Loading" in pane.preview.accessibleName()
    for theme in (LIGHT, DARK):
        pane.set_theme(theme)
        pane.preview.show_picture("results/plots/field.png", picture)
        view = pane.preview.picture
        assert view.grab().toImage().pixelColor(view.rect().center()) == Qt.GlobalColor.red
    choose(pane, "stdout.txt")
    pane.preview.show_text("stdout.txt", "<b>bold</b>\nline", "80 kB")
    assert pane.preview.text.toPlainText() == "<b>bold</b>\nline"
    assert pane.preview.text.isVisible()
    assert pane._open.isEnabled()
    choose(pane, "results/probe.csv", "big.csv")
    assert "2 are selected" in pane.preview.accessibleName()


def test_a_growing_text_leaves_the_reader_and_the_selection_in_place(pane: FilesPane) -> None:
    asked: list[str] = []
    pane.preview_requested.connect(asked.append)
    lines = [f"line {number}" for number in range(200)]
    pane.show_files(some_files(), complete=False)
    choose(pane, "stdout.txt")
    pane.preview.show_text("stdout.txt", "\n".join(lines), "2 kB")
    pane.show_files(some_files(), complete=False)
    assert asked == ["stdout.txt"]
    shown = pane.preview.text
    shown.verticalScrollBar().setValue(120)
    cursor = shown.textCursor()
    cursor.setPosition(len("\n".join(lines)) - 8)
    cursor.movePosition(cursor.MoveOperation.End, cursor.MoveMode.KeepAnchor)
    shown.setTextCursor(cursor)
    shown.verticalScrollBar().setValue(120)
    pane.show_files(FileTree([*some_files(), file("stdout.txt", 90_000, 1)]), complete=False)
    pane.show_files(FileTree([file("stdout.txt", 90_000, 1)]), complete=False)
    assert asked[-1] == "stdout.txt"
    assert len(asked) > 1
    pane.preview.show_text("stdout.txt", "\n".join([*lines, "more", "and more"]), "2 kB")
    assert shown.toPlainText().endswith("line 199\nmore\nand more")
    assert shown.verticalScrollBar().value() == 120
    assert shown.textCursor().selectedText() == "line 199"
    pane.preview.show_text("stdout.txt", "\n".join(["another beginning", *lines]), "2 kB")
    assert shown.toPlainText().startswith("another")
    assert shown.verticalScrollBar().value() == 120


def test_a_picture_that_is_being_written_stays_as_it_was(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=False)
    choose(pane, "results/plots/field.png")
    picture = QImage(40, 20, QImage.Format.Format_RGB32)
    pane.preview.show_picture("results/plots/field.png", picture)
    pane.preview.show_picture("results/plots/field.png", QImage())
    assert not pane.preview.picture.image.isNull()
    assert "cannot be read" in pane.preview.accessibleName()
    pane.preview.show_picture("results/plots/field.png", picture.scaled(80, 40))
    assert "80 × 40" in pane.preview.accessibleName()
    assert "cannot" not in pane.preview.accessibleName()


# --- wishes


def test_enter_opens_a_text_as_a_log_and_a_folder(pane: FilesPane) -> None:
    wishes: list[str] = []
    pane.log_requested.connect(wishes.append)
    pane.show_files(some_files(), complete=False)
    for path in ("stdout.txt", "results/plots/field.png", "results"):
        choose(pane, path)
        QTest.keyClick(pane.tree, Qt.Key.Key_Return)
    assert wishes == ["stdout.txt"]
    assert not pane.tree.is_open("results")
    QTest.keyClick(pane.tree, Qt.Key.Key_Enter)
    assert pane.tree.is_open("results")
    choose(pane, "big.csv")
    pane.preview.show_text("big.csv", "1,2", "3 B")
    pane.preview._more.click()
    assert wishes == ["stdout.txt", "big.csv"]


def test_paths_are_copied_by_key(pane: FilesPane) -> None:
    told: list[str] = []
    pane.told.connect(told.append)
    pane.show_files(some_files(), complete=False)
    choose(pane, "results/probe.csv", "big.csv")
    QTest.keyClick(pane.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert sorted(QGuiApplication.clipboard().text().splitlines()) == ["big.csv", "results/probe.csv"]
    assert told == ["Copied 2 paths."]


def test_the_button_says_how_many_files_a_download_would_bring(pane: FilesPane) -> None:
    wishes: list[tuple[list[str], int]] = []
    pane.download_requested.connect(lambda paths, files: wishes.append((sorted(paths), len(files))))
    pane.show_files(some_files(), complete=True)
    assert pane._get.text() == "Download 4 files…"
    pane._get.click()
    choose(pane, "results", "big.csv")
    assert pane._get.text() == "Download 3 files…"
    pane._get.click()
    pane.filter.setText("csv")
    pane._filter_now()
    assert pane._get.text() == "Download 2 files…"
    pane._get.click()
    assert wishes == [([""], 4), (["big.csv", "results"], 4), (["big.csv", "results"], 2)]
    pane.show_transfer("Downloading", 0.5)
    assert not pane._get.isEnabled()
    pane.show_transfer(None)
    assert pane._get.isEnabled()


def test_a_second_download_from_the_menu_is_told_to_wait(pane: FilesPane) -> None:
    wishes, told = list[object](), list[str]()
    pane.download_requested.connect(lambda *wish: wishes.append(wish))
    pane.told.connect(told.append)
    pane.show_files(some_files(), complete=True)
    pane.show_transfer("Downloading", 0.5)
    pane.tree.download_requested.emit()
    assert wishes == []
    assert "goes on" in told[0]


def test_the_keyboard_goes_to_the_tree_when_a_download_begins_or_is_stopped(pane: FilesPane) -> None:
    pane.show_files(some_files(), complete=True)
    pane._get.setFocus()
    dialog = QWidget()
    dialog.show()
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog)
    pane.show_transfer("Downloading", 0.5)
    assert pane.focusWidget() is pane.tree
    pane.transfer._stop.setFocus()
    pane.show_transfer("Downloading", 0.6)
    assert pane.focusWidget() is pane.transfer._stop
    pane.show_transfer(None)
    assert pane.focusWidget() is pane.tree
    dialog.close()
    dialog.deleteLater()


def test_a_hand_that_shakes_on_an_arrow_selects_nothing(pane: FilesPane) -> None:
    pane.show_files(FileTree([file("d/a"), *(file(f"f{number}") for number in range(9))]), complete=True)
    tree, viewport = pane.tree, pane.tree.viewport()
    tree.set_all_open(is_open=False)
    last = tree.visualRect(tree.files.index(5, NAME)).center()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, last)
    chosen = tree.chosen_paths()
    arrow = QPoint(arrow_left(tree.columns()[NAME], 0) + 8, tree.visualRect(tree.files.index(0, NAME)).center().y())
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, arrow)
    for step in range(1, 5):
        at = QPointF(arrow + QPoint(step, 0))
        left = Qt.MouseButton.LeftButton
        moved = QMouseEvent(
            QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), left, left, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(viewport, moved)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())
    assert tree.is_open("d")
    assert tree.chosen_paths() == chosen


def test_the_menu_offers_what_fits_the_choice(pane: FilesPane) -> None:
    def offered() -> dict[str, bool]:
        pane.tree._offer_menu(QPoint(5, 5))
        menu = [menu for menu in pane.tree.findChildren(QMenu) if menu.parent() is pane.tree][-1]
        found = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
        menu.close()
        return found

    pane.show_files(some_files(), complete=True)
    choose(pane, "stdout.txt")
    folders = {"Order by": True, "Open all folders": True, "Close all folders": True}
    assert offered() == {"Open as log": True, "Download…": True, "Copy path": True} | folders
    choose(pane, "stdout.txt", "results")
    assert offered() == {"Open as log": False, "Download…": True, "Copy paths": True} | folders


def test_an_empty_or_failed_list_says_why_and_known_files_stay(pane: FilesPane) -> None:
    assert pane._empty.text() == "Select one task to see its files."
    assert not pane._get.isEnabled()
    pane.show_files(FileTree(), complete=False)
    assert pane._empty.text() == "The task has written no files yet."
    pane.show_problem("The service does not answer.")
    assert pane._empty.text() == "The service does not answer."
    pane.show_files(some_files(), complete=False)
    pane.show_problem("The service does not answer.")
    assert pane._note.text() == "The service does not answer."
    assert pane.tree.isVisible()


def test_a_pane_that_is_looked_at_says_when_its_list_may_be_old(pane: FilesPane) -> None:
    asked: list[int] = []
    pane.renewal_due.connect(lambda: asked.append(1))
    for _ in range(10):
        pane._tick()
    assert len(asked) == 2
    pane.hide()
    assert not pane._timer.isActive()
    pane.show()
    assert len(asked) == 3

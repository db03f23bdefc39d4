"""The Files pane shows what a task wrote, how large and how old, and lets pictures be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from taskmon.core.extensions import TaskFile, TaskFiles
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.files_pane import FilesPane
from tests.fakes import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication, QTreeWidgetItem

CLOCK = StillClock()


@pytest.fixture
def pane(app: QApplication) -> Iterator[FilesPane]:
    load_fonts()
    pane = FilesPane()
    pane.set_clock(CLOCK)
    pane.offer_previews()
    pane.resize(900, 400)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


def files(*, complete: bool = False) -> TaskFiles:
    def file(path: str, size: int, seconds: float) -> TaskFile:
        return TaskFile(path=path, size=size, modified=CLOCK() - timedelta(seconds=seconds))

    return TaskFiles(
        files=[
            file("big.csv", 9_000_000, 4000),
            file("results/plots/field.png", 2_000, 30),
            file("results/probe.csv", 500, 12),
            file("stdout.txt", 80_000, 2),
        ],
        complete=complete,
    )


def row(pane: FilesPane, name: str) -> QTreeWidgetItem:
    return next(item for item in pane._items() if item.text(0) == name)


def names(pane: FilesPane) -> list[str]:
    root = pane.tree.invisibleRootItem()
    return [item.text(0) for place in range(root.childCount()) if (item := root.child(place)) is not None]


def test_folders_stand_first_and_tell_the_size_of_what_is_in_them(pane: FilesPane) -> None:
    pane.show_files(files())
    assert names(pane) == ["results", "big.csv", "stdout.txt"]
    assert row(pane, "results").text(1) == "2.5 kB"
    assert row(pane, "plots").text(1) == "2.0 kB"
    assert pane._note.text() == "4 files, 9.1 MB · still being written"


def test_sizes_are_ordered_as_numbers(pane: FilesPane) -> None:
    pane.show_files(files())
    pane.tree.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert names(pane) == ["big.csv", "stdout.txt", "results"]


def test_ages_are_told_and_run_on(pane: FilesPane) -> None:
    pane.show_files(files())
    assert row(pane, "probe.csv").text(2) == "12 s ago"
    CLOCK.advance(60)
    pane._tick()
    assert row(pane, "probe.csv").text(2) == "72 s ago"
    CLOCK.advance(-60)


def test_what_was_closed_and_chosen_stays_so_when_files_come(pane: FilesPane) -> None:
    pane.show_files(files())
    pane.tree.setCurrentItem(row(pane, "stdout.txt"))
    pane.tree.collapseItem(row(pane, "plots"))
    pane.show_files(files(complete=True))
    assert pane._path(pane.tree.currentItem()) == "stdout.txt"
    assert not row(pane, "plots").isExpanded()
    assert row(pane, "results").isExpanded()


def test_a_chosen_picture_is_asked_for_and_shown(pane: FilesPane) -> None:
    asked: list[str] = []
    pane.preview_requested.connect(asked.append)
    pane.show_files(files())
    pane.tree.setCurrentItem(row(pane, "field.png"))
    assert asked == ["results/plots/field.png"]
    assert pane.preview.isVisible()
    assert not pane._read.isEnabled()
    picture = QImage(40, 20, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.red)
    pane.preview.show_picture("another.png", picture)
    assert "Loading" in pane.preview.accessibleName()
    for theme in (LIGHT, DARK):
        pane.set_theme(theme)
        pane.preview.show_picture("results/plots/field.png", picture)
        assert (
            pane.preview.grab().toImage().pixelColor(pane.preview.rect().center() - QPoint(0, 13)) == Qt.GlobalColor.red
        )
    pane.preview.show_picture("results/plots/field.png", QImage())
    assert "cannot be shown" in pane.preview.accessibleName()
    pane.tree.setCurrentItem(row(pane, "stdout.txt"))
    assert not pane.preview.isVisible()


def test_a_double_click_reads_a_text_as_a_log(pane: FilesPane) -> None:
    wishes: list[str] = []
    pane.log_requested.connect(wishes.append)
    pane.show_files(files())
    pane.tree.itemActivated.emit(row(pane, "stdout.txt"), 0)
    pane.tree.itemActivated.emit(row(pane, "field.png"), 0)
    assert wishes == ["stdout.txt"]


def test_growing_files_are_asked_for_again_and_whole_ones_are_not(pane: FilesPane) -> None:
    asked: list[int] = []
    pane.refresh_requested.connect(lambda: asked.append(1))
    pane.show_files(files())
    for _ in range(10):
        pane._tick()
    assert len(asked) == 2
    pane.show_files(files(complete=True))
    for _ in range(10):
        pane._tick()
    assert len(asked) == 2

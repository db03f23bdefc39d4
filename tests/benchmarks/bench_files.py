"""How long a hundred thousand files hold the window, beside Qt's usual design: `bench_files.py [FILES]`.

The usual design is a QStandardItemModel with a sorting and filtering proxy in a QTreeView, filled anew for each list,
which is what most file panes written for Qt do. Both are given the same lists: as an answer of the service comes, in
JSON, decoded and shown; sorted by each column; filtered letter by letter; brought up to date as a running task writes;
every folder opened. A heartbeat of the event loop measures by how much it comes late meanwhile. Prints its worst [ms],
the most processor time [ms] of the loop's thread between two beats, which busy neighbours do not change, the seconds
until the result is painted, and how many times as long the usual design held the loop.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parents[2]))

import msgspec
from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTreeView
from qasync import QEventLoop

from taskmon.client.decoding import decoded
from taskmon.client.pieces import in_turns
from taskmon.core.extensions import TaskFile, TaskFiles
from taskmon.core.file_tree import FileTree
from taskmon.core.units import size_text
from taskmon.gui.app import SWITCH_S
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.file_rows import Order
from taskmon.gui.widgets.files_pane import FilesPane
from tests.benchmarks.table_designs import Heartbeat, share

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
GOAL_P99_MS, GOAL_WORST_MS = 16.0, 30.0
WORDS = ("v", "vt", "vtk", "vtk 7", "vtk 77", "")


class Design(Protocol):
    """What both do."""

    async def show(self, answer: bytes) -> None: ...
    async def sort(self, column: int, order: Qt.SortOrder) -> None: ...
    async def filter(self, text: str) -> None: ...
    async def open_all(self) -> None: ...
    def choose(self) -> None: ...
    def close(self) -> None: ...


class Ours:
    """The Files pane, fed as its controller does it."""

    def __init__(self) -> None:
        self.pane = FilesPane()
        self.pane.set_clock(lambda: NOON + timedelta(days=2))
        self.pane.resize(1100, 700)
        self.pane.show()

    async def show(self, answer: bytes) -> None:
        listed = await decoded(TaskFiles, answer)
        self.pane.show_files(await in_turns(FileTree.of(listed.files)), complete=False)
        await self._shown()

    async def sort(self, column: int, order: Qt.SortOrder) -> None:
        self.pane.tree.sort_by(Order(column, order == Qt.SortOrder.DescendingOrder))
        await self._shown()

    async def filter(self, text: str) -> None:
        self.pane.filter.setText(text)
        self.pane._filter_now()
        await self._shown()

    async def open_all(self) -> None:
        self.pane.tree.set_all_open(is_open=True)
        await self._shown()

    def choose(self) -> None:
        """Selects half of the rows and goes to the middle."""
        tree = self.pane.tree
        count = tree.files.rowCount()
        tree.selectAll()
        tree.verticalScrollBar().setValue(tree.verticalScrollBar().maximum() // 2)
        self.kept = tree.files.rows.place(tree.rowAt(0)), count

    def check(self) -> None:
        """What was chosen is chosen and looked at."""
        tree = self.pane.tree
        assert tree.files.rows.place(tree.rowAt(0)) == self.kept[0]
        assert tree.count_chosen() == self.kept[1]

    async def _shown(self) -> None:
        while self.pane.tree.busy:
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)

    def close(self) -> None:
        self.pane.close()
        self.pane.deleteLater()


class Usual:
    """Items in a QStandardItemModel behind a proxy."""

    def __init__(self) -> None:
        self.tree = QTreeView()
        self.tree.setUniformRowHeights(True)
        self.tree.setSortingEnabled(True)
        self.proxy = QSortFilterProxyModel()
        self.proxy.setRecursiveFilteringEnabled(True)
        self.proxy.setSortRole(Qt.ItemDataRole.UserRole)
        self.tree.setModel(self.proxy)
        self.tree.resize(1100, 700)
        self.tree.show()
        self.model: QStandardItemModel | None = None

    async def show(self, answer: bytes) -> None:
        listed = msgspec.json.decode(answer, type=TaskFiles)
        model = QStandardItemModel()
        folders: dict[str, QStandardItem] = {}
        for file in listed.files:
            self._folder(model, folders, file.path.rpartition("/")[0]).appendRow(_cells(file))
        self.proxy.setSourceModel(model)
        self.model = model
        await asyncio.sleep(0.02)

    def _folder(self, model: QStandardItemModel, folders: dict[str, QStandardItem], path: str) -> QStandardItem:
        if not path:
            return model.invisibleRootItem()
        if path not in folders:
            above, _, name = path.rpartition("/")
            folders[path] = _item(name, name)
            self._folder(model, folders, above).appendRow(folders[path])
        return folders[path]

    async def sort(self, column: int, order: Qt.SortOrder) -> None:
        self.tree.sortByColumn(column, order)
        await asyncio.sleep(0.02)

    async def filter(self, text: str) -> None:
        self.proxy.setFilterFixedString(text)
        await asyncio.sleep(0.02)

    async def open_all(self) -> None:
        self.tree.expandAll()
        await asyncio.sleep(0.02)

    def choose(self) -> None:
        """Nothing: it forgets what was chosen."""

    def check(self) -> None:
        """Nothing to check."""

    def close(self) -> None:
        self.tree.close()
        self.tree.deleteLater()


def _item(text: str, value: Any) -> QStandardItem:
    item = QStandardItem(text)
    item.setData(value, Qt.ItemDataRole.UserRole)
    return item


def _cells(file: TaskFile) -> list[QStandardItem]:
    name, moment = file.path.rpartition("/")[2], file.modified or NOON
    return [
        _item(name, name),
        _item(size_text(file.size or 0), file.size or 0),
        _item(f"{moment:%Y-%m-%d %H:%M}", moment.timestamp()),
    ]


@dataclass(frozen=True)
class Figures:
    """Lateness of each beat and processor time of the longest turn [ms], seconds until the result was painted."""

    late: list[float]
    longest: float
    seconds: float


async def measured(action: Coroutine[Any, Any, None]) -> Figures:
    await asyncio.sleep(0.1)
    heart, began = Heartbeat(), time.perf_counter()
    await action
    seconds = time.perf_counter() - began
    await asyncio.sleep(0.05)
    heart.stop()
    return Figures(heart.all_late(), max(heart.worst_cpu + heart._cpu), seconds)


def flat(count: int) -> list[TaskFile]:
    """One folder, numbered without zeros, so that names have to be put in order."""
    return [_file(f"field_step_{number}.vtk", number) for number in range(count)]


def in_folders(count: int) -> list[TaskFile]:
    """A hundred files in each folder."""
    return [_file(f"case_{number // 100}/field_step_{number}.vtk", number) for number in range(count)]


def deep(levels: int) -> list[TaskFile]:
    """Two files on each of many levels."""
    return [_file("d/" * level + f"f{number}.vtk", level) for level in range(levels) for number in range(2)]


def _file(path: str, number: int) -> TaskFile:
    size = number * 7919 % 1_000_003
    return TaskFile(path=path, size=size, modified=NOON + timedelta(seconds=number * 104_729 % 90_000))


def answers(files: list[TaskFile]) -> list[bytes]:
    """The list as the service tells it, then with other sizes, then with files that came and went."""
    grown = [replace(file, size=(file.size or 0) + 1) for file in files]
    more = grown[:-10] + [_file(f"new_{number}.vtk", number) for number in range(50)]
    lists: tuple[list[TaskFile], ...] = ([], files[:1], files, grown, more)
    return [
        msgspec.json.encode(TaskFiles(files=sorted(each, key=lambda file: file.path), complete=False)) for each in lists
    ]


def actions(design: Design, told: list[bytes]) -> Iterator[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
    _, _, files, grown, more = told
    yield "list", lambda: design.show(files)
    for column, name in enumerate(("name", "size", "age")):
        for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
            word = "down" if order == Qt.SortOrder.DescendingOrder else "up"
            yield f"sort by {name}, {word}", partial(design.sort, column, order)
    for text in WORDS:
        yield f"filter “{text}”", partial(design.filter, text)
    yield "sort by name again", lambda: design.sort(0, Qt.SortOrder.AscendingOrder)
    yield "list again, all chosen, other sizes", lambda: design.show(grown)
    yield "list again, all chosen, some came and went", lambda: design.show(more)


async def compare(title: str, files: list[TaskFile], *, open_all: bool, usual: bool) -> list[Figures]:
    print(f"{title}: {len(files):,} files; the loop was held at most for", flush=True)
    told = answers(files)
    found: list[list[tuple[str, Figures]]] = []
    for kind in (Ours, Usual) if usual else (Ours,):
        design: Design = kind()
        await design.show(told[0])
        rows: list[tuple[str, Figures]] = []
        for what, action in actions(design, told):
            if what == "sort by name again" and open_all:
                rows.append(("open every folder", await measured(design.open_all())))
            if "again, all" in what:
                design.choose()
            rows.append((what, await measured(action())))
        found.append(rows)
        design.close()
    for number, (what, ours) in enumerate(found[0]):
        line = f"  {what:44} {max(ours.late):6.1f} ms, processor {ours.longest:5.1f} ms, after {ours.seconds:5.2f} s"
        if usual:
            theirs = found[1][number][1]
            line += (
                f"; usual {max(theirs.late):6.0f} ms, processor {theirs.longest:6.0f} ms:"
                f" {theirs.longest / ours.longest:5.1f} times"
            )
        print(line, flush=True)
    return [figures for _, figures in found[0]]


async def story(count: int) -> None:
    every = await compare("one folder", flat(count), open_all=False, usual=True)
    every += await compare("a hundred in each folder", in_folders(count), open_all=True, usual=True)
    every += await compare("1,500 levels", deep(1500), open_all=True, usual=False)
    late, longest = [value for each in every for value in each.late], [each.longest for each in every]
    print(
        f"all of it: late by {share(late, 99):.1f} ms at p99 (goal {GOAL_P99_MS:.0f}), {max(late):.1f} ms at worst"
        f" (goal {GOAL_WORST_MS:.0f}); processor {max(longest):.1f} ms in the longest turn"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.setswitchinterval(SWITCH_S)
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    load_fonts()
    garbage = GarbageCollection()
    with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
        runner.run(story(count))
    garbage.end()
    sys.stdout.flush()
    os._exit(0)  # a hundred thousand items take longer to take down than to show


if __name__ == "__main__":
    main()

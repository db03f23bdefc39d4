"""A file that is pointed at is fetched, decoded beside the window and shown; what cannot be seen says why."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage

from taskmon.core.errors import NotFoundError
from taskmon.core.extensions import TaskFile
from taskmon.core.file_tree import FileTree
from taskmon.core.lifecycle import Status
from taskmon.gui.background import Background
from taskmon.gui.controllers.file_preview import TEXT_BYTES, FilePreviewController, readable
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.file_rows import Place
from taskmon.gui.widgets.files_pane import FilesPane
from tests.builders import a_task
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Any

    from PySide6.QtWidgets import QApplication


def png(width: int = 30, height: int = 20) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


class Incoming:
    def __init__(self, owner: Connected, content: bytes) -> None:
        self._owner = owner
        self._content = content

    @property
    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 5000):
            self._owner.sent += 5000
            yield self._content[start : start + 5000]


class Connected:
    """A connection whose client has these files of a running task."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self.client = self
        self.sent = 0

    async def ready(self) -> Connected:
        return self.client

    async def offers(self, _extension: object) -> bool:
        return True

    @asynccontextmanager
    async def task_file(self, _task_id: str, path: str, _offset: int) -> AsyncIterator[Incoming]:
        if path not in self._files:
            raise NotFoundError(f"There is no {path}.")
        yield Incoming(self, self._files[path])


@pytest.fixture
def pane(app: QApplication) -> Iterator[FilesPane]:
    load_fonts()
    pane = FilesPane()
    pane.resize(900, 400)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


FILES = {
    "field.png": png(),
    "huge.png": png(8000, 2000),
    "broken.png": b"no picture",
    "long.csv": b"1,2,3\n" * 1_000_000,
    "run.log": b"\x1b[31mred\x1b[0m <b>and</b> \xff odd\nsecond\n",
    "field.vtu": b"\0\1\2" * 1000,
    "noise.bin": bytes(range(128, 256)) * 100,
    "empty.txt": b"",
}


def test_every_kind_of_file_shows_something_or_says_why(
    pane: FilesPane, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def bug(error: Exception) -> None:
        raise error

    async def story() -> None:
        async with Background(bug, bug) as background:
            connection = Connected(FILES)
            controller = FilePreviewController(background, connection, pane)  # type: ignore[arg-type]
            controller.show_task(a_task(status=Status.COMPUTATION_STARTED))
            pane.show_files(FileTree(TaskFile(path=name, size=9) for name in (*FILES, "gone.png")), complete=False)
            preview = pane.preview

            async def look(path: str) -> str:
                pane.tree.select(Place(path, False))
                await until_async(lambda: "Loading" not in preview.accessibleName())
                return preview.accessibleName()

            assert "30 × 20" in await look("field.png")
            assert not preview.picture.image.isNull()
            assert "8,000 × 2,000" in await look("huge.png")
            assert preview.picture.image.width() == 4000
            assert "cannot be shown as a picture" in await look("broken.png")
            assert "There is no gone.png" in await look("gone.png")
            assert "empty" in await look("empty.txt")
            assert "no text" in await look("field.vtu")
            assert "no text" in await look("noise.bin")
            await look("run.log")
            assert preview.text.toPlainText() == "red <b>and</b> \ufffd odd\nsecond"
            connection.sent = 0
            assert "its first 64.0 kB" in await look("long.csv")
            assert len(preview.text.toPlainText()) <= TEXT_BYTES
            assert connection.sent < 2 * TEXT_BYTES

    run_on_qt(story())


def test_a_file_that_changes_while_it_is_fetched_is_fetched_once_more(
    pane: FilesPane, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def bug(error: Exception) -> None:
        raise error

    files = {"run.log": b"first"}

    async def story() -> None:
        async with Background(bug, bug) as background:
            controller = FilePreviewController(background, Connected(files), pane)  # type: ignore[arg-type]
            controller.show_task(a_task(status=Status.COMPUTATION_STARTED))
            pane.preview.show_waiting("run.log")
            for text in (b"first", b"first\nsecond", b"first\nsecond\nthird"):
                controller.show_file("run.log")
                files["run.log"] = text
                await asyncio.sleep(0)
            await until_async(lambda: "third" in pane.preview.text.toPlainText())

    run_on_qt(story())


def test_a_file_of_the_next_task_is_shown_though_one_of_its_name_was_being_fetched(
    pane: FilesPane, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def bug(error: Exception) -> None:
        raise error

    async def story() -> None:
        async with Background(bug, bug) as background:
            controller = FilePreviewController(background, Connected({"run.log": b"text"}), pane)  # type: ignore[arg-type]
            controller.show_task(a_task(status=Status.COMPUTATION_STARTED))
            controller.show_file("run.log")
            await asyncio.sleep(0)
            controller.show_task(a_task(status=Status.COMPUTATION_STARTED))
            pane.preview.show_waiting("run.log")
            controller.show_file("run.log")
            await until_async(lambda: pane.preview.text.toPlainText() == "text")

    run_on_qt(story())


def test_a_file_that_could_not_be_fetched_is_fetched_with_the_next_list(
    pane: FilesPane, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def bug(error: Exception) -> None:
        raise error

    files: dict[str, bytes] = {}

    async def story() -> None:
        async with Background(bug, bug) as background:
            controller = FilePreviewController(background, Connected(files), pane)  # type: ignore[arg-type]
            controller.show_task(a_task(status=Status.COMPUTATION_STARTED))
            listed = [TaskFile(path="run.log", size=4)]
            pane.show_files(FileTree(listed), complete=False)
            pane.tree.select(Place("run.log", False))
            await until_async(lambda: "There is no run.log" in pane.preview.picture.note)
            files["run.log"] = b"text"
            pane.show_files(FileTree(listed), complete=False)
            await until_async(lambda: pane.preview.text.toPlainText() == "text")

    run_on_qt(story())


def test_a_line_without_end_is_cut() -> None:
    shown = readable(b"x" * 60_000 + b"\nshort")
    assert shown is not None
    assert len(shown) < 5000
    assert shown.endswith("…\nshort")

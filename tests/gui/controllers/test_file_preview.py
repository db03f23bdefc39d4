"""A picture that a task wrote is fetched, decoded beside the window and shown; what is none says so."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage

from taskmon.core.errors import NotFoundError
from taskmon.core.extensions import TaskFile, TaskFiles
from taskmon.gui.background import Background
from taskmon.gui.controllers.file_preview import FilePreviewController
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.files_pane import FilesPane
from tests.builders import a_task
from tests.fakes import StillClock
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from typing import Any

    from PySide6.QtWidgets import QApplication


def png() -> bytes:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


class Incoming:
    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 50):
            yield self._content[start : start + 50]


class Connected:
    """A connection whose client has these files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self.client = self

    @asynccontextmanager
    async def task_file(self, _task_id: str, path: str) -> AsyncIterator[Incoming]:
        if path not in self._files:
            raise NotFoundError(f"There is no {path}.")
        yield Incoming(self._files[path])


@pytest.fixture
def pane(app: QApplication) -> Iterator[FilesPane]:
    load_fonts()
    pane = FilesPane()
    pane.resize(900, 400)
    pane.show()
    yield pane
    pane.close()
    pane.deleteLater()


def test_pictures_are_shown_and_what_is_none_says_why(
    pane: FilesPane, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def bug(error: Exception) -> None:
        raise error

    async def story() -> None:
        async with Background(bug, bug) as background:
            connection = Connected({"field.png": png(), "broken.png": b"no picture"})
            controller = FilePreviewController(background, connection, pane, StillClock())  # type: ignore[arg-type]
            controller.show_task(a_task())
            names = ("field.png", "broken.png", "gone.png")
            pane.show_files(TaskFiles(files=[TaskFile(path=name, size=9) for name in names], complete=False))
            for name, told in zip(names, ("", "cannot be shown as a picture", "There is no gone.png"), strict=True):
                pane.tree.setCurrentItem(next(item for item in pane._items() if item.text(0) == name))
                await until_async(lambda: "Loading" not in pane.preview.accessibleName())
                assert told in pane.preview.accessibleName()
                assert pane.preview._image.isNull() is bool(told)

    run_on_qt(story())

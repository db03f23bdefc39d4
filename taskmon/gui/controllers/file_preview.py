"""Fetches what a person points at in the Files pane: a picture, or the first part of a text."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.log_text import plain_text
from taskmon.core.units import size_text
from taskmon.gui.widgets.file_preview import is_picture

if TYPE_CHECKING:
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QImage

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.widgets.files_pane import FilesPane

MOST_BYTES: Final = 64 << 20
TEXT_BYTES: Final = 64_000
"""How much of a text is shown."""
TAIL_LINES: Final = 200
"""How many lines of a running task are shown where the service tells no more."""
_MOST_PIXELS: Final = 4000
"""A larger picture is read at this width or height."""
_LONGEST_LINE: Final = 4096
_BINARY: Final = "This is no text. Download it to use it."


class FilePreviewController:
    """One file at a time; pointing at another one leaves the one before."""

    def __init__(self, background: Background, connection: ConnectionController, pane: FilesPane) -> None:
        self._background = background
        self._connection = connection
        self._pane = pane
        self._task: Task | None = None
        self._path, self._again = "", False
        self._showing: asyncio.Task[None] | None = None
        pane.preview_requested.connect(self.show_file)

    def show_task(self, task: Task | None) -> None:
        """Whose files they are."""
        if self._task is None or task is None or task.task_id != self._task.task_id:
            self._background.cancel("preview")
            self._showing = None
        self._task = task

    def show_file(self, path: str) -> None:
        """Shows a file of the task. One that is being fetched is fetched once more afterwards: it has changed."""
        if self._task is None:
            return
        if path == self._path and self._showing is not None and not self._showing.done():
            self._again = True
        else:
            self._path = path
            self._showing = self._background.restart("preview", self._show(self._task, path))

    async def _show(self, task: Task, path: str) -> None:
        self._again = True
        while self._again:
            self._again = False
            try:
                await (self._show_picture if is_picture(path) else self._show_text)(task, path)
            except TaskmonError as error:
                self._pane.show_preview_problem(path, str(error))

    async def _show_picture(self, task: Task, path: str) -> None:
        content = await _first_part(await self._connection.ready(), task, path, MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            self._pane.preview.show_note(path, f"This picture is larger than {size_text(MOST_BYTES)}; download it.")
            return
        self._pane.preview.show_picture(path, *await asyncio.to_thread(_decoded, content))

    async def _show_text(self, task: Task, path: str) -> None:
        client, preview = await self._connection.ready(), self._pane.preview
        if not task.is_terminated and not await client.offers(Extension.TASK_FILES):
            preview.show_text(path, await _last_lines(client, task, path), f"its last {TAIL_LINES} lines at most")
            return
        content = await _first_part(client, task, path, TEXT_BYTES + 1)
        if not content:
            preview.show_note(path, "This file is empty.")
            return
        text = await asyncio.to_thread(readable, content[:TEXT_BYTES])
        if text is None:
            preview.show_note(path, _BINARY)
            return
        whole = len(content) <= TEXT_BYTES
        preview.show_text(path, text, size_text(len(content)) if whole else f"its first {size_text(TEXT_BYTES)}")


async def _last_lines(client: ServiceClient, task: Task, path: str) -> str:
    from taskmon.client.live_webrtc import tail

    async with aclosing(tail(client, task.task_id, path, TAIL_LINES, follow=False)) as batches:
        async for lines in batches:
            return "\n".join(_shown(line.encode("utf-8", "replace")) for line in lines)
    return ""


async def _first_part(client: ServiceClient, task: Task, path: str, most: int) -> bytes:
    """The file's first `most` bytes."""
    from taskmon.client.task_file import read_file

    content = bytearray()
    async with aclosing(read_file(client, task, path)) as pieces:
        async for piece in pieces:
            content += piece
            if len(content) >= most:
                break
    return bytes(content[:most])


def readable(content: bytes) -> str | None:
    """The text of the first part of a file, as a terminal would leave it, very long lines cut; None for no text."""
    if b"\0" in content:
        return None
    whole = content.decode("utf-8", "replace")
    if whole.count("\ufffd") > len(whole) // 10:
        return None
    return "\n".join(_shown(line) for line in content.removesuffix(b"\n").split(b"\n"))


def _shown(line: bytes) -> str:
    text = plain_text(line[:_LONGEST_LINE])
    return f"{text} …" if len(line) > _LONGEST_LINE else text


def _decoded(content: bytes) -> tuple[QImage, QSize]:
    """Decodes in a worker thread, a large picture smaller than it is; a null image where the bytes are no picture."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
    from PySide6.QtGui import QImageReader

    data = QByteArray(content)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _MOST_PIXELS:
        reader.setScaledSize(size.scaled(_MOST_PIXELS, _MOST_PIXELS, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read(), size

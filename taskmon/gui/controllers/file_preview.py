"""Fetches the picture that a person points at in the Files pane, and lets the pane tell ages."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.units import size_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QImage

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.widgets.files_pane import FilesPane

MOST_BYTES: Final = 64 << 20
_MOST_PIXELS: Final = 4000
"""A larger picture is read at this width or height."""


class FilePreviewController:
    """One picture at a time; pointing at another file leaves the one before."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        pane: FilesPane,
        clock: Callable[[], datetime],
    ) -> None:
        self._background = background
        self._connection = connection
        self._pane = pane
        self._task: Task | None = None
        pane.set_clock(clock)
        pane.offer_previews()
        pane.preview_requested.connect(self.show_picture)

    def show_task(self, task: Task | None) -> None:
        """Whose files they are."""
        if self._task is None or task is None or task.task_id != self._task.task_id:
            self._background.cancel("preview")
        self._task = task

    def show_picture(self, path: str) -> None:
        """Shows a file of the task as a picture."""
        if self._task is not None:
            self._background.restart("preview", self._show(self._task, path))

    async def _show(self, task: Task, path: str) -> None:
        try:
            content = await _read(self._connection.client, task, path)
        except TaskmonError as error:
            self._pane.preview.show_note(path, str(error))
            return
        if len(content) > MOST_BYTES:
            self._pane.preview.show_note(path, f"This picture is larger than {size_text(MOST_BYTES)}; download it.")
            return
        self._pane.preview.show_picture(path, await asyncio.to_thread(_decoded, content))


async def _read(client: ServiceClient, task: Task, path: str) -> bytes:
    """The file's bytes; a little more than MOST_BYTES where there are more."""
    from taskmon.client.archive_member import read_output

    content = bytearray()
    try:
        async with client.task_file(task.task_id, path) as incoming:
            async for chunk in incoming.chunks:
                content += chunk
                if len(content) > MOST_BYTES:
                    break
    except NotFoundError:
        if not task.is_terminated:
            raise
        async with aclosing(read_output(client, task, path, 0)) as chunks:
            async for chunk in chunks:
                content += chunk
                if len(content) > MOST_BYTES:
                    break
    return bytes(content)


def _decoded(content: bytes) -> QImage:
    """Decodes in a worker thread; a null image where the bytes are no picture."""
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
    return reader.read()

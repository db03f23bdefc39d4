"""Lists the files of the selected task while the Files pane is looked at, again and again while the task writes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.extensions import Extension

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.widgets.files_pane import FilesPane

_SHARE: Final = 5.0
"""A list is asked for again after so many times what it took: a large one costs little more than a small one."""
_LONGEST_S: Final = 15.0
_OPEN_CONNECTION_S: Final = 20.0
"""The pause where each list needs a direct connection of its own."""


class TaskFilesController:
    """One list at a time; that of another task, or of one that has ended, replaces it at once."""

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
        self._wanted = False  # the list of this task in this state was not shown yet
        self._listing: asyncio.Task[None] | None = None
        self._next = 0.0
        pane.set_clock(clock)
        pane.refresh_requested.connect(self.refresh)
        pane.renewal_due.connect(self._renew)

    def show_task(self, task: Task | None) -> None:
        """Whose files they are; None shows none."""
        before, self._task = self._task, task
        if task is None:
            self._background.cancel("files")
            if before is not None:
                self._pane.show_nothing()
            return
        same = before is not None and before.task_id == task.task_id and before.num_retries == task.num_retries
        if not same:
            self._background.cancel("files")
            self._pane.show_nothing("Looking…")
        if not same or before is None or (before.status, before.is_terminated) != (task.status, task.is_terminated):
            self._wanted = True
            self._renew()

    def refresh(self) -> None:
        """Asks for the list now."""
        if self._task is not None:
            self._wanted = False
            self._listing = self._background.restart("files", self._list(self._task))

    def _renew(self) -> None:
        """Asks for the list if the pane is seen and its list is old enough."""
        if self._task is None or not self._pane.isVisible():
            return
        busy = self._listing is not None and not self._listing.done()
        growing = not self._task.is_terminated and not busy and time.monotonic() >= self._next
        if self._wanted or growing:
            self.refresh()

    async def _list(self, task: Task) -> None:
        from taskmon.client.live_files import list_files
        from taskmon.client.pieces import in_turns
        from taskmon.core.file_tree import FileTree

        began, client, least = time.monotonic(), await self._connection.ready(), 0.0
        try:
            least = 0.0 if await client.offers(Extension.TASK_FILES) else _OPEN_CONNECTION_S
            listed = await list_files(client, task)
            self._pane.show_files(await in_turns(FileTree.of(listed.files)), complete=listed.complete)
        except NotFoundError:
            self._pane.show_problem("The task left no files." if task.is_terminated else "The task has no files yet.")
        except TaskmonError as error:
            self._pane.show_problem(str(error))
        now = time.monotonic()
        self._next = now + max(min(_SHARE * (now - began), _LONGEST_S), least)

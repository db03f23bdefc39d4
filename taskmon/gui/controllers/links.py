"""Opens links to tasks and to lines of their logs, wherever they were given: command line, palette, filter box."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import ConnectionFailedError, InvalidInputError, NotFoundError
from taskmon.core.log_link import LogLink, link_of
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.client.task_store import TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.controllers.log import LogController
    from taskmon.gui.messages import Messages
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.shell import Shell

_CONNECT_S: Final = 30.0
_LOOK_S: Final = 0.1


class LinksController:
    """Selects the task, without the filter if that hides it, and shows the line."""

    def __init__(
        self, background: Background, connection: ConnectionController, shell: Shell, log: LogController
    ) -> None:
        self._background = background
        self._connection = connection
        self._shell = shell
        self._store: TaskStore = shell.store
        self._model: TaskTableModel = shell.model
        self._messages: Messages = shell.messages
        self._log = log

    def open(self, text: str) -> None:
        """Shows what a link names; a text that is none, or names nothing that exists, is told in a sentence."""
        self._shell.window.come_forward()
        try:
            link = link_of(text)
        except InvalidInputError as error:
            self._messages.tell_problem(error)
            return
        self.show(link)

    def show(self, link: LogLink) -> None:
        """Shows a task, or a place in one of its files."""
        self._background.restart("link", self._show(link))

    def show_tasks(self, task_ids: Sequence[str]) -> None:
        """Selects tasks, the first of them in view; those that the filter hides beside it stay hidden."""
        self._shell.window.come_forward()
        self._background.restart("link", self._show_tasks(task_ids))

    async def _show_tasks(self, task_ids: Sequence[str]) -> None:
        await self._show(LogLink(task_ids[0]))
        self._shell.table.select_also(task_ids)

    async def _show(self, link: LogLink) -> None:
        task = await self._find(link.task_id)
        self._model.flush()
        if not self._shell.table.select_task(task.task_id):
            self._shell.filter_box.set_text("")
            self._model.flush()
            self._shell.table.select_task(task.task_id)
        if link.path:
            self._log.show_place(task, link.path, link.line)
            self._shell.window.show_tab(Wish.SHOW_LOG)

    async def _find(self, task_id: str) -> Task:
        """The task as the store has it; asked of the service where the list has not come so far."""
        await self._wait_for_service()
        known = self._store.get(task_id)
        if known is not None:
            return known
        try:
            task = await self._connection.client.task(task_id)
        except NotFoundError as error:
            place = self._connection.place
            name = place.name if place is not None else "This service"
            raise NotFoundError(
                f"{name} knows no task {task_id}.",
                "If the link is of another service, switch to that connection first.",
            ) from error
        self._store.apply([task])
        return task

    async def _wait_for_service(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CONNECT_S
        while not self._connection.is_connected:
            if loop.time() > deadline:
                raise ConnectionFailedError(
                    "The link waits for a service that does not answer.", "Open it again later."
                )
            await asyncio.sleep(_LOOK_S)

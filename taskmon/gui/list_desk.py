"""The first half of the desk: the list of tasks and the connection that fills it. Nothing else may delay the rows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from taskmon.client.credentials import Credentials
from taskmon.gui.controllers.connection import ConnectionController
from taskmon.gui.controllers.connection_book import ConnectionBook
from taskmon.gui.controllers.connections import ConnectionsController
from taskmon.gui.controllers.list_memory import ListMemoryController
from taskmon.gui.controllers.named_views import NamedViewsController
from taskmon.gui.controllers.task_list import TaskListController
from taskmon.gui.first_screen import forget_other_screen, keep_first_screen
from taskmon.gui.models.first_rows import SCREEN
from taskmon.gui.postponed import Postponed
from taskmon.settings import settings_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from taskmon.client.poller import Freshness
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import Place
    from taskmon.gui.shell import Shell


_LONGEST_WAIT_S: Final = 1.0
_PAINT_S: Final = 0.02


async def _gladly(_name: str) -> bool:
    return True


class ListDesk(QObject):
    """Brings the list of the shell to life; made on the running loop, after the first paint.

    Whatever else the person asks for is kept in `postponed` until the rest of the desk can answer.
    """

    def __init__(self, shell: Shell, background: Background, credentials: Credentials | None = None) -> None:
        super().__init__()
        self.shell, self.background = shell, background
        self.may_leave: Callable[[str], Awaitable[bool]] = _gladly
        """Asked with the name of another service before the window goes there."""
        shell.add_hidden()
        window, messages, store, model, badge = shell.window, shell.messages, shell.store, shell.model, shell.badge
        table, filter_box = shell.table, shell.filter_box
        self.settings_file = settings_path(shell.folders.config)
        self.book = ConnectionBook(self.settings_file, credentials or Credentials(self.settings_file.parent / "keys"))
        self.connection = ConnectionController(background, window, badge, store, messages, shell.clock)
        self.connections = ConnectionsController(
            background, self.connection, window, shell.notice, messages, self.book,
            lambda name: self.may_leave(name), shell.theme,
        )  # fmt: skip
        self.list = TaskListController(
            store, model, table, shell.sidebar, filter_box, shell.stack, shell.no_match, window.show_loaded
        )
        self.views = NamedViewsController(model, table, shell.sidebar, filter_box, messages, shell.state)
        self.memory = ListMemoryController(
            background, self.connection, store, self.list, shell.clock, shell.lists,
            keep_first=self._keep_first, at_top=lambda: [task.task_id for task in model.top(SCREEN)],
        )  # fmt: skip
        model.counts_changed.connect(lambda: shell.first_screen_of(""))
        self.connection.on_freshness(self.list.hear_freshness)
        self.connection.on_freshness(self._hear_clock)
        self.connection.on_move(self._arrive)
        self.connection.on_account(self._know_account)
        shell.no_match.clear_filter_requested.connect(lambda: filter_box.set_text(""))
        filter_box.left.connect(table.setFocus)
        self.postponed = Postponed(
            window.wished, window.folders_dropped, window.drop_refused, window.link_given, window.close_requested,
            filter_box.link_given, table.task_activated, table.kill_requested, table.context_menu_requested,
            shell.first_start.example_requested, shell.first_start.connect_requested, shell.first_start.folders_dropped,
        )  # fmt: skip
        self._told = asyncio.Event()
        model.rowsInserted.connect(self._told.set)
        shell.stack.currentChanged.connect(self._told.set)  # to the page for a list without tasks
        self.connection.on_freshness(self._hear_trouble)
        background.start(asyncio.to_thread(model.preload), "preload")  # while the service is looked for
        self._ticker = QTimer(self)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start(1000)

    def _arrive(self, place: Place) -> None:
        self.list.expect_load()
        seen = self.shell.first_screen_of(place.list_name)
        if seen:
            self.list.show_remembered(seen)

    def _know_account(self, name: str) -> None:
        """Rows of another account of this place, remembered by words or by tasks, go."""
        if not self.shell.first_screen_of(name):
            self.list.expect_load()
        if not self.connections.is_given:
            self.background.start(asyncio.to_thread(forget_other_screen, self.shell.lists, name), "first screen")

    def _keep_first(self, place: str) -> None:
        if not self.connections.is_given:
            keep_first_screen(self.shell.lists, self.shell.model, place, self.shell.clock())

    async def rows_shown(self) -> None:
        """Returns when the first rows have been painted; sooner than later also if there are none."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), _LONGEST_WAIT_S)
        await asyncio.sleep(_PAINT_S)

    def end(self) -> None:
        """No more ticks."""
        self._ticker.stop()

    def _hear_clock(self, freshness: Freshness) -> None:
        self.shell.server_clock.skew = freshness.skew

    def _hear_trouble(self, freshness: Freshness) -> None:
        if not freshness.connected:
            self._told.set()

    def _tick(self) -> None:
        handle = self.shell.window.windowHandle()
        self.connection.tick(visible=handle is not None and handle.isExposed())
        self.shell.badge.refresh()

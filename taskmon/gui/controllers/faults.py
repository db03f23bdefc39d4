"""Says that the service injects faults on purpose, and lets a person switch them; nothing for any other service."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import TaskmonError
from taskmon.core.extensions import Extension, Faults
from taskmon.core.faults import faults_sentence
from taskmon.gui.widgets.fault_menu import FaultMenu
from taskmon.gui.widgets.notice_bar import NoticeBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.poller import Freshness
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages
    from taskmon.gui.shell import Shell


LOOK_S: Final = 3.0

_log = logging.getLogger(__name__)


class FaultsController:
    """Menu and notice are made when a service with faults is met for the first time."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        shell: Shell,
        messages: Messages,
        reclaim: Callable[[bool], None],
    ) -> None:
        self._background = background
        self._connection = connection
        self._shell = shell
        self._messages = messages
        self._reclaim = reclaim
        self._known = False
        self.menu: FaultMenu | None = None
        self.notice: NoticeBar | None = None
        connection.on_freshness(self._hear)
        connection.on_move(lambda _: self._forget())

    def _hear(self, freshness: Freshness) -> None:
        """After every interruption the service may be another one, at the same address."""
        if freshness.connected and not self._known:
            self._background.restart("faults", self._follow())
        self._known = freshness.connected

    async def _learn(self) -> None:
        """Show the faults, and follow them while there are any to follow: others may switch them too."""
        while await self._offered():
            self._show(await self._connection.client.faults())
            await asyncio.sleep(LOOK_S)
        self._show_nothing()

    async def _follow(self) -> None:
        """`_learn`, through the very faults that it is about."""
        while True:
            try:
                await self._learn()
                return
            except TaskmonError as error:
                _log.info("the faults of the service cannot be told: %s", error)
                await asyncio.sleep(LOOK_S)

    async def _offered(self) -> bool:
        offered = await self._connection.client.capabilities()
        return offered is not None and Extension.FAULTS in offered.extensions

    def _show(self, faults: Faults) -> None:
        if self.menu is None or self.notice is None:
            self.menu, self.notice = self._make()
        self.menu.show_faults(faults)
        self.menu.menuAction().setVisible(True)
        self.notice.show_notice(faults_sentence(faults), "" if faults == Faults() else "No faults")

    def _forget(self) -> None:
        self._known = False
        self._show_nothing()

    def _show_nothing(self) -> None:
        if self.menu is not None and self.notice is not None:
            self.menu.menuAction().setVisible(False)
            self.notice.show_notice("")

    def _make(self) -> tuple[FaultMenu, NoticeBar]:
        menu, notice = FaultMenu(self._shell.window), NoticeBar()
        notice.action_requested.connect(menu.no_faults.trigger)
        menu.faults_requested.connect(lambda faults: self._background.start(self._set(faults), "set faults"))
        menu.kill_runner_requested.connect(lambda: self._background.start(self._kill_runner(), "kill runner"))
        menu.reclaim_requested.connect(self._reclaim)
        self._shell.window.menuBar().addMenu(menu)
        self._shell.add_notice(notice)
        return menu, notice

    async def _set(self, faults: Faults) -> None:
        try:
            self._show(await self._connection.client.set_faults(faults))
        finally:
            self._background.restart("faults", self._follow())  # a tick that was refused goes back to what is true

    async def _kill_runner(self) -> None:
        killed = await self._connection.client.kill_runner()
        work = f" while it worked on {killed.task_id}" if killed.task_id else ""
        self._messages.tell(f"Killed the runner {killed.name} (process {killed.pid}){work}.")

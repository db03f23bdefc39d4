"""The machines of the service: shown while their dialog is open, started, terminated, taken back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QMenu

from taskmon.client.retrying import Retries
from taskmon.core.errors import RefusedError, TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import can_kill
from taskmon.core.machine_story import (
    group_line,
    group_request,
    reclaim_told,
    why_not_reclaim,
    why_not_release,
)
from taskmon.core.units import count_text
from taskmon.gui.dialogs import Question, ask
from taskmon.gui.widgets.machines_dialog import MachinesDialog
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime
    from typing import Any

    from taskmon.client.poller import Freshness
    from taskmon.core.machine import MachineGroup
    from taskmon.core.machine_story import GroupDraft
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.main_window import MainWindow

LOOK_S: Final = 2.0
LONGEST_REST_S: Final = 30.0
_STARTED_BY_DIALOG: Final = "machines"
_LEARNT_FOR_MENU: Final = "what the menu offers of machines"


class MachinesController:
    """`clock` is the service's, by which its limits are told; `select` brings a task to the front. The actions of
    `window` that take the computer back and give it again are enabled where they can do anything."""

    def __init__(
        self,
        around: Surroundings,
        window: MainWindow,
        clock: Callable[[], datetime],
        theme: Callable[[], Theme],
        select: Callable[[str], None],
    ) -> None:
        self._background, self._connection, self._store, self._messages, _ = around
        self._window = window
        self._clock = clock
        self._theme = theme
        self._select = select
        self.dialog: MachinesDialog | None = None
        self._groups: list[MachineGroup] = []
        self._known = False
        self._connection.on_move(lambda _: self._close())
        self._connection.on_freshness(self._hear)
        self._offer(offered=False, reclaimed=False)
        window.wished.connect(lambda wish: self._learn_soon() if wish is Wish.PALETTE else None)
        for menu in window.action(Wish.RECLAIM).associatedObjects():
            if isinstance(menu, QMenu):
                menu.aboutToShow.connect(self._learn_soon)

    def open_dialog(self) -> None:
        """Shows the machines beside the window, and keeps them fresh while they are shown."""
        dialog = self.dialog or self._new_dialog()
        dialog.set_theme(self._theme())
        dialog.show()
        dialog.raise_()
        self._background.restart(_STARTED_BY_DIALOG, self._look_while_open(dialog))

    def reclaim(self, *, wanted: bool) -> None:
        """Takes this computer back from its spot machines, or gives it to them again."""
        self._background.start(self._reclaim(wanted=wanted), "reclaim")

    def set_theme(self, theme: Theme) -> None:
        """Dresses an open dialog."""
        if self.dialog is not None:
            self.dialog.set_theme(theme)

    def _new_dialog(self) -> MachinesDialog:
        dialog = MachinesDialog(self._window)
        dialog.create_requested.connect(lambda draft: self._begin(self._create(draft)))
        dialog.start_requested.connect(lambda group: self._begin(self._start(group)))
        dialog.terminate_requested.connect(lambda group: self._begin(self._terminate(group)))
        dialog.reclaim_requested.connect(lambda wanted: self._begin(self._reclaim(wanted=wanted)))
        dialog.task_requested.connect(self._select)
        self.dialog = dialog
        return dialog

    def _hear(self, freshness: Freshness) -> None:
        """After every interruption the service may be another one, at the same address."""
        if freshness.connected and not self._known:
            self._learn_soon()
        self._known = freshness.connected

    def _learn_soon(self) -> None:
        self._background.restart(_LEARNT_FOR_MENU, self._learn())

    async def _learn(self) -> None:
        """What the menu may offer; where the service does not tell, that stays as it was."""
        with suppress(TaskmonError):
            await self._look()

    def _offer(self, *, offered: bool, reclaimed: bool) -> None:
        spot = sum(bool(group.spot) for group in self._groups)
        for wish, why in (
            (Wish.RECLAIM, why_not_reclaim(offered=offered, reclaimed=reclaimed, spot_groups=spot)),
            (Wish.RELEASE, why_not_release(offered=offered, reclaimed=reclaimed)),
        ):
            self._window.set_enabled((wish,), not why, why)

    def _close(self) -> None:
        self._known = False
        if self.dialog is not None:
            self.dialog.close()

    def _begin(self, deed: Coroutine[Any, Any, None]) -> None:
        self._background.start(self._shown(deed), "machines deed")

    async def _shown(self, deed: Coroutine[Any, Any, None]) -> None:
        """What was asked for in the dialog is answered in the dialog."""
        try:
            await deed
            await self._look()
        except TaskmonError as error:
            if self.dialog is None or not self.dialog.isVisible():
                raise
            self.dialog.show_problem(str(error))

    async def _look_while_open(self, dialog: MachinesDialog) -> None:
        retries = Retries((LOOK_S, LONGEST_REST_S))
        while dialog.isVisible():
            try:
                await self._look()
                retries.succeeded()
            except TaskmonError as error:
                dialog.show_problem(str(error))
                retries.failed(error)
            await asyncio.sleep(LOOK_S)
            await retries.rest()

    async def _look(self) -> None:
        client = self._connection.client
        self._groups = await client.machine_groups()
        offered = await client.offers(Extension.RECLAIM)
        reclaimed = (await client.reclaim_state()).reclaimed if offered else False
        self._offer(offered=offered, reclaimed=reclaimed)
        names = {machine.current_task_id or "" for group in self._groups for machine in group.machines or ()}
        tasks = [task for task in map(self._store.get, names) if task is not None]
        words = {task.task_id: task.name for task in tasks}
        if self.dialog is not None:
            lines = [group_line(group, words, self._clock(), reclaimed=reclaimed) for group in self._groups]
            self.dialog.show_groups(lines)
            self.dialog.show_reclaim(offered=offered, reclaimed=reclaimed)

    async def _create(self, draft: GroupDraft) -> None:
        client = self._connection.client
        group = await client.create_machine_group(group_request(draft, self._clock()))
        await client.start_machine_group(group.id or "")
        self._messages.tell(f"{draft.name.strip()} is starting.")
        if self.dialog is not None:
            self.dialog.form.clear()

    async def _start(self, group_id: str) -> None:
        await self._connection.client.start_machine_group(group_id)
        self._messages.tell(f"{self._name(group_id)} is starting.")

    async def _terminate(self, group_id: str) -> None:
        name = self._name(group_id)
        parent = self.dialog or self._window
        if await ask(terminate_question(name, self._living_tasks(group_id)), parent):
            await self._connection.client.terminate_machine_group(group_id)
            self._messages.tell(f"{name} is being terminated.")

    def _name(self, group_id: str) -> str:
        return next((group.name or group_id for group in self._groups if group.id == group_id), group_id)

    def _living_tasks(self, group_id: str) -> int:
        tasks = self._store.tasks.values()
        return sum(task.machine_group_id == group_id and can_kill(task.status) for task in tasks)

    async def _reclaim(self, *, wanted: bool) -> None:
        client = self._connection.client
        if not await client.offers(Extension.RECLAIM):
            raise RefusedError("This service has no spot machines of this computer.", "Go to this computer's service.")
        await client.reclaim(wanted=wanted)
        await self._look()
        spot = sum(bool(group.spot) for group in self._groups)
        self._messages.tell(reclaim_told(wanted=wanted, spot_groups=spot))


def terminate_question(name: str, living: int) -> Question:
    """The question before a group ends, with what it costs."""
    detail = f"{count_text(living, 'task')} running or waiting on it {'is' if living == 1 else 'are'} lost."
    none = "No task is running or waiting on it."
    return Question("Terminate machines", f"Terminate “{name}”?", detail if living else none, "Terminate")

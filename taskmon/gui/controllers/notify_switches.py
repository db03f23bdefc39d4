"""Of what the desktop is notified, as the person switches it; brings the notifications to life."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from taskmon.core.errors import TaskmonError
from taskmon.core.task_event import TaskEvent
from taskmon.gui.controllers.notifications import NotificationsController
from taskmon.gui.desktop_notices import DesktopNotices
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.controllers.connection_book import ConnectionBook
    from taskmon.gui.shell import Shell

    SilenceListener = Callable[[str, str], None]

SWITCHES: Final = {
    Wish.NOTIFY_FAILED: TaskEvent.FAILED,
    Wish.NOTIFY_SILENT: TaskEvent.SILENT,
    Wish.NOTIFY_DONE: TaskEvent.DONE,
}


def is_in_front() -> bool:
    """Whether one of our windows has the keyboard."""
    return QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive


class NotifySwitches:
    """One switch per event in the menu; they stand in the settings."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        shell: Shell,
        book: ConnectionBook,
        open_tasks: Callable[[Sequence[str]], None],
        on_silence: Callable[[SilenceListener], None],
    ) -> None:
        self._background = background
        self._window = shell.window
        self._book = book
        self.desktop = DesktopNotices(
            background, lambda: self.notifications.open(), lambda: self.notifications.dismiss()
        )
        self.notifications = NotificationsController(
            connection, shell.store, shell.server_clock, self.desktop, is_in_front, open_tasks,
            book.settings().settings.notify,
        )  # fmt: skip
        on_silence(self.notifications.hear_silence)
        background.watch(self.notifications.tell_forever(), "notifications")
        self._show()

    def deeds(self) -> dict[Wish, Callable[[], None]]:
        """What to do when the person turns a switch."""
        return {wish: partial(self._turn, event) for wish, event in SWITCHES.items()}

    def _show(self) -> None:
        for wish, event in SWITCHES.items():
            self._window.action(wish).setChecked(event in self.notifications.wanted)

    def _turn(self, event: TaskEvent) -> None:
        wanted = self.notifications.wanted ^ {event}
        self.notifications.wanted = wanted
        self._show()
        self._background.restart("notify", self._remember(check=event in wanted))

    async def _remember(self, *, check: bool) -> None:
        self._book.remember_notify(tuple(event for event in TaskEvent if event in self.notifications.wanted))
        if check and not await self.desktop.available():
            raise TaskmonError("This desktop shows no notifications.", "The list of tasks tells everything too.")

    def tick(self) -> None:
        """To be called every second: what the person sees needs no notification."""
        if is_in_front() and self.notifications.has_news:
            self._background.start(self.notifications.look(), "look at notifications")

"""The desktop's own notifications: freedesktop's where a session bus has them, else a message beside the tray.

The words go over the bus as the specification has them, by jeepney: Qt's own D-Bus classes cannot write an unsigned
number from Python. Without a bus, or with nobody on it who shows notifications, nothing happens.
"""

from __future__ import annotations

import asyncio
import html
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.asyncio import DBusConnection
    from PySide6.QtWidgets import QSystemTrayIcon

    from taskmon.gui.background import Background

logger = logging.getLogger(__name__)

LISTENER: Final = "desktop notices"
"""The name of the window's action that hears clicks."""

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_PATIENCE_S: Final = 5.0
_BY_THE_PERSON: Final = 2
"""The reason of NotificationClosed that means that somebody has seen it."""


class NoNoticesError(Exception):
    """The desktop does not show notifications; the text says what was missing."""


class DesktopNotices:
    """Shows one notification at a time: a newer one takes the place of the one before.

    `opened` is called when the person clicks it, `dismissed` when they put it away. Must be used on the running loop.
    """

    def __init__(self, background: Background, opened: Callable[[], None], dismissed: Callable[[], None]) -> None:
        self._background = background
        self._opened = opened
        self._dismissed = dismissed
        self._bus: _Bus | None = None
        self._shown = 0
        self._tray: QSystemTrayIcon | None = None

    async def show(self, title: str, text: str) -> bool:
        """Shows `title`, which is never read as markup, and `text`, which is made to be read literally; False if
        this desktop shows nothing."""
        try:
            await self._notify(title, text)
        except NoNoticesError as reason:
            logger.info("no notification on the desktop: %s", reason)
            return self._show_beside_tray(title, text)
        return True

    async def available(self) -> bool:
        """Whether a notification would be shown."""
        try:
            await self._capabilities()
        except NoNoticesError:
            return self._make_tray() is not None
        return True

    async def withdraw(self) -> None:
        """Takes the notification back: what it says is on the screen now."""
        shown, self._shown = self._shown, 0
        if self._tray is not None:
            self._tray.hide()
        if shown and self._bus is not None:
            try:
                await self._bus.call("CloseNotification", "u", (shown,))
            except NoNoticesError as reason:
                logger.debug("the notification stays: %s", reason)

    # Freedesktop -----------------------------------------------------------------------------------------------------

    async def _notify(self, title: str, text: str) -> None:
        body = html.escape(text, quote=False) if "body-markup" in await self._capabilities() else text
        hints = {"desktop-entry": ("s", "taskmon"), "urgency": ("y", 1)}
        icon = str(resource_path("app/taskmon.svg"))
        content = ("taskmon", self._shown, icon, title, body, ["default", "Show"], hints, -1)
        [self._shown] = await self._connected().call("Notify", "susssasa{sv}i", content)

    async def _capabilities(self) -> list[str]:
        if self._bus is None or self._bus.closed:
            self._bus, self._shown = await _Bus.reach(), 0
            self._background.start(self._bus.listen(self._hear), LISTENER)
        [capabilities] = await self._bus.call("GetCapabilities")
        return list(capabilities)

    def _connected(self) -> _Bus:
        if self._bus is None:
            raise NoNoticesError("the session bus was left")
        return self._bus

    def _hear(self, signal: str, body: tuple[Any, ...]) -> None:
        if len(body) != 2 or body[0] != self._shown or not self._shown:
            return  # of another program
        if signal == "ActivationToken":
            os.environ["XDG_ACTIVATION_TOKEN"] = str(body[1])  # with it Wayland lets the window come forward
        elif signal == "ActionInvoked":
            self._opened()
        elif signal == "NotificationClosed" and body[1] == _BY_THE_PERSON:
            self._shown = 0
            self._dismissed()

    # The tray --------------------------------------------------------------------------------------------------------

    def _make_tray(self) -> QSystemTrayIcon | None:
        from PySide6.QtGui import QIcon
        from PySide6.QtWidgets import QSystemTrayIcon

        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return None
        if self._tray is None:
            self._tray = QSystemTrayIcon(QIcon(str(resource_path("app/taskmon.svg"))))
            self._tray.setToolTip("taskmon")
            self._tray.messageClicked.connect(self._opened)
            self._tray.activated.connect(lambda _: self._opened())
        return self._tray

    def _show_beside_tray(self, title: str, text: str) -> bool:
        tray = self._make_tray()
        if tray is None:
            return False
        tray.show()
        tray.showMessage(title, text, tray.icon())
        return True


class _Bus:
    """A connection to the session bus that calls the notification service and hears its signals."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self.closed = False

    @classmethod
    async def reach(cls) -> _Bus:
        """A new connection. Raises NoNoticesError."""
        try:
            from jeepney.auth import AuthenticationError
            from jeepney.io.asyncio import open_dbus_connection
        except ImportError as error:
            raise NoNoticesError("this system has no session bus") from error
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return cls(await open_dbus_connection(_session_bus()))
        except (OSError, EOFError, ValueError, RuntimeError, TimeoutError, AuthenticationError) as error:
            raise NoNoticesError(f"the session bus cannot be reached: {error!r}") from error

    async def listen(self, hear: Callable[[str, tuple[Any, ...]], None]) -> None:
        """Tells `hear` the name and the values of each signal until the bus goes away; closes the connection."""
        from jeepney import MatchRule, message_bus

        rule = MatchRule(type="signal", interface=_NAME, path=_PATH)
        try:
            await self._connection.send(message_bus.AddMatch(rule))
            while True:
                self._take(await self._connection.receive(), hear)
                await asyncio.sleep(0)  # who waits for this answer goes on before the next message is heard
        except (OSError, EOFError, ValueError) as error:
            logger.info("the session bus was lost: %r", error)
        finally:
            self.closed = True
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(NoNoticesError("the session bus was lost"))
            self._connection.writer.close()

    def _take(self, message: Message, hear: Callable[[str, tuple[Any, ...]], None]) -> None:
        from jeepney import HeaderFields, MessageType

        fields = message.header.fields
        if message.header.message_type is MessageType.signal:
            if fields.get(HeaderFields.interface) == _NAME:
                hear(fields[HeaderFields.member], message.body)
            return
        reply = self._replies.get(fields.get(HeaderFields.reply_serial, 0))
        if reply is not None and not reply.done():
            reply.set_result(message)

    async def call(self, method: str, signature: str | None = None, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """What the notification service answers. Raises NoNoticesError, also when it takes too long."""
        from jeepney import DBusAddress, MessageType, new_method_call

        message = new_method_call(DBusAddress(_PATH, _NAME, _NAME), method, signature, values)
        serial = next(self._connection.outgoing_serial)
        reply = self._replies[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._connection.send(message, serial=serial)
                answer = await reply
        except (OSError, TimeoutError) as error:
            raise NoNoticesError(f"{method} was not answered: {error!r}") from error
        finally:
            del self._replies[serial]
        if answer.header.message_type is MessageType.error:
            raise NoNoticesError(f"{method} was refused: {answer.body}")
        return tuple(answer.body)


def _session_bus() -> str:
    """The address of the session bus. Raises ValueError where there is none."""
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if told:
        return told
    socket = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent") / "bus"
    if not socket.exists():
        raise ValueError("there is none")
    return f"unix:path={socket}"

"""A desktop for tests: a session bus of our own, and a notification service on it."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, message_bus, new_error, new_method_return, new_signal
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAME = "org.freedesktop.Notifications"
OBJECT = DBusAddress("/org/freedesktop/Notifications", NAME, NAME)
BUS = """<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
</policy></busconfig>"""
NOTIFY = "susssasa{sv}i"


@asynccontextmanager
async def session_bus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bus of our own, which the environment names."""
    place, settings = folder / "bus", folder / "bus.conf"
    settings.write_text(BUS.format(socket=place))
    program = await asyncio.create_subprocess_exec(
        "dbus-daemon", "--nofork", f"--config-file={settings}", stderr=asyncio.subprocess.DEVNULL
    )
    await until_async(lambda: _is_heard_at(place), 30, "the bus is there")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={place}")
    try:
        yield program
    finally:
        if program.returncode is None:
            program.terminate()
        await program.wait()


def _is_heard_at(path: Path) -> bool:
    """Whether somebody listens there; the file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


class Shade:
    """The desktop's notification service: remembers what it was told, says what a person does."""

    def __init__(self, connection: DBusConnection, capabilities: list[str]) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self.notified: list[tuple[Any, ...]] = []
        self.closed: list[int] = []
        self.clicks_at_once = False
        """Whether a click follows so quickly that it arrives together with the answer that tells the number."""

    async def serve(self) -> None:
        await self._connection.send(message_bus.RequestName(NAME))
        while True:
            message = await self._connection.receive()
            if message.header.message_type is MessageType.method_call:
                await self._connection.send(self._answer(message))
                if self.clicks_at_once and self.notified:
                    await self.say("ActionInvoked", "us", 40 + len(self.notified), "default")
                    time.sleep(0.1)  # nobody in this process reads before both have come

    def _answer(self, message: Any) -> Any:
        match message.header.fields[HeaderFields.member]:
            case "GetCapabilities":
                return new_method_return(message, "as", (self._capabilities,))
            case "CloseNotification":
                self.closed += message.body
                return new_method_return(message)
            case "Notify" if message.header.fields[HeaderFields.signature] == NOTIFY:
                self.notified.append(message.body)
                return new_method_return(message, "u", (message.body[1] or 40 + len(self.notified),))
            case _:
                return new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "s", ("no",))

    async def say(self, signal: str, signature: str, *values: Any) -> None:
        await self._connection.send(new_signal(OBJECT, signal, signature, values))


@asynccontextmanager
async def shade(*capabilities: str) -> AsyncIterator[Shade]:
    connection = await open_dbus_connection("SESSION")
    made = Shade(connection, list(capabilities))
    serving = asyncio.create_task(made.serve())
    await asyncio.sleep(0.05)
    yield made
    serving.cancel()
    await asyncio.wait((serving,))
    await connection.close()

"""Questions about a running task's files over a direct connection, for services that have no other way to show them.

The connection has a thread and a loop of its own: loading its library and unpacking its messages would hold up the
caller's loop, a window's maybe, for longer than a frame. Letters that arrange it go through the caller's client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import threading
import uuid
from collections.abc import AsyncGenerator, Coroutine
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from taskmon.core.errors import ConnectionFailedError, NotFoundError, ServiceFailedError
from taskmon.core.extensions import TaskFile
from taskmon.core.file_tracking import CHANNEL, AnswerStatus, FileAnswer, FileQuestion, FileRequest, Letter

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

T = TypeVar("T")

_log = logging.getLogger(__name__)
_LETTER_S: Final = 30
"""How long to wait for the answer to an offer: the other side may have to start a program."""
_OPEN_S: Final = 20.0
_END_S: Final = 5.0
_CLOUD: Final = ".inductiva.ai"
_CLOUD_SERVER: Final = "webrtc.inductiva.ai:3478"
_LIMIT: Final = re.compile(r"a=max-message-size:\d+")
_NO_LIMIT: Final = "a=max-message-size:0"
"""A history of thousands of lines comes in one message, and a sender refuses those that are too long for the other
side; ours takes any."""

SERVER_VARIABLE: Final = "INDUCTIVA_TURN_SERVER_URL"
"""Environment variable with the `host:port` of the STUN and TURN server, as the official client knows it."""


async def tail(
    client: ServiceClient, task_id: str, filename: str, lines: int, *, follow: bool
) -> AsyncGenerator[list[str]]:
    """The last lines of a file of a running task, then, with `follow`, those that are added until the task ends.

    Waits for the file to appear. Raises ConnectionFailedError when the task's machine cannot be reached, NotFoundError
    when it does not show the file, because it is no text.
    """
    args = {"filename": filename, "lines": lines, "wait": True}
    request = FileRequest(type=FileQuestion.TAIL, follow=follow, args=args)
    async with contextlib.aclosing(ask(client, task_id, request)) as answers:
        async for message in answers:
            if isinstance(message, list):
                yield [str(line) for line in message]


async def list_live(client: ServiceClient, task_id: str) -> list[TaskFile]:
    """The files of a running task, by name; sizes and times are not told. Raises as `tail` does."""
    async with contextlib.aclosing(ask(client, task_id, FileRequest(type=FileQuestion.LIST))) as answers:
        async for names in answers:
            return [TaskFile(path=path) for path in paths_of(names)]
    return []


def paths_of(names: Any) -> list[str]:
    """Nested names (text for a file, an object of one name and its content for a folder) as sorted paths.

    They come from the task's machine: what is no such name, or would lead elsewhere, is left out.
    """
    found, waiting = [], [("", names)]
    while waiting:
        folder, content = waiting.pop()
        for name in content if isinstance(content, list) else []:
            if isinstance(name, str) and _is_name(name):
                found.append(folder + name)
            elif isinstance(name, dict):
                waiting += [(f"{folder}{inner}/", below) for inner, below in name.items() if _is_name(inner)]
    return sorted(found)


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


async def ask(client: ServiceClient, task_id: str, request: FileRequest) -> AsyncGenerator[Any]:
    """The answers to one question; one, unless it follows. Close it (`aclosing`) to hang up. Raises as `tail` does."""
    talk = _Talk(client, task_id, request)
    talk.start()
    try:
        while True:
            told = await talk.answers.get()
            if told is None:
                return
            if isinstance(told, Exception):
                raise told
            yield told
            if not request.follow:
                return
    finally:
        await talk.end()


def connection_servers(url: str) -> tuple[str, ...]:
    """The servers that help two programs find each other, for the service at `url`; none inside one computer."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        return (given,)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith(_CLOUD):
        return (_CLOUD_SERVER,)
    with contextlib.suppress(ValueError):
        if ip_address(host).is_loopback:
            return ()
    return () if host == "localhost" else (parts.netloc.rpartition("@")[2],)


class _Talk:
    """One connection in a thread of its own. `answers` gets what is said; an exception, or None, at the end."""

    def __init__(self, client: ServiceClient, task_id: str, request: FileRequest) -> None:
        self._client = client
        self._task_id = task_id
        self._request = request
        self._home = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._away: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="live file", daemon=True)
        self.answers: asyncio.Queue[Any] = asyncio.Queue()

    def start(self) -> None:
        self._thread.start()

    async def end(self) -> None:
        """Hang up and wait, within reason, until the connection is closed."""
        self._stop.set()
        away, over = self._away, self._over
        if away is not None and over is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                away.call_soon_threadsafe(over.set)
        # Letters on their way need the home loop, which therefore must not be held up.
        await asyncio.to_thread(self._thread.join, _END_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._talk())
            self._tell(None)
        except ImportError as error:
            self._tell(ConnectionFailedError(f"Live files need a library that is missing here: {error}."))
        except (ConnectionFailedError, NotFoundError, ServiceFailedError) as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001 (the top of a thread: everything is told to who asked)
            _log.warning("a live connection about task %s broke", self._task_id, exc_info=True)
            self._tell(ConnectionFailedError(f"The live connection to the task broke: {error}."))

    def _tell(self, message: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the home loop is closed: nobody listens any more
            self._home.call_soon_threadsafe(self.answers.put_nowait, message)

    async def _at_home(self, call: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._home))

    async def _talk(self) -> None:
        from taskmon import peer_connection

        self._away, self._over = asyncio.get_running_loop(), asyncio.Event()
        if self._stop.is_set():
            return
        connection = peer_connection.open_peer(connection_servers(self._client.url))
        over, opened = self._over, asyncio.Event()
        channel = connection.createDataChannel(CHANNEL)
        channel.on("open", opened.set)
        channel.on("message", self._heard)
        channel.on("close", over.set)

        def changed() -> None:
            if connection.connectionState in ("failed", "closed"):
                over.set()

        connection.on("connectionstatechange", changed)
        try:
            hearing = asyncio.create_task(self._arrange(connection))
            waiting = asyncio.create_task(over.wait())
            await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not hearing.done():
                hearing.cancel()
                return
            await hearing
            try:
                async with asyncio.timeout(_OPEN_S):
                    await _first(opened, over)
            except TimeoutError:
                raise ConnectionFailedError("The task's machine cannot be reached directly.") from None
            if not opened.is_set():
                return
            channel.send(json.dumps(msgspec.to_builtins(self._request)))
            await waiting
        finally:
            await connection.close()

    async def _arrange(self, connection: Any) -> None:
        """Send an offer and take the answer to it. Raises ConnectionFailedError if there is none."""
        from taskmon.peer_connection import RTCSessionDescription

        me = str(uuid.uuid4())
        await self._at_home(self._client.register_letters(self._task_id, me))
        await connection.setLocalDescription(await connection.createOffer())
        sdp = _LIMIT.sub(_NO_LIMIT, connection.localDescription.sdp)
        offer = Letter(sender_id=me, receiver_id=self._task_id, type="offer", sdp=sdp)
        await self._at_home(self._client.send_letter(self._task_id, offer))
        answer = await self._at_home(self._client.next_letter(self._task_id, me, _LETTER_S))
        if answer is None or answer.type != "answer" or not answer.sdp:
            raise ConnectionFailedError("Nobody shows the files of the task now.")
        await connection.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))

    def _heard(self, text: str | bytes) -> None:
        try:
            answer = msgspec.json.decode(text, type=FileAnswer)
        except msgspec.MsgspecError as error:
            self._tell(ServiceFailedError(f"The task's machine answered what was not agreed: {error}."))
            return
        if answer.status is AnswerStatus.SUCCESS:
            self._tell(answer.message)
        else:
            self._tell(NotFoundError(str(answer.message)))


async def _first(*events: asyncio.Event) -> None:
    """Return as soon as one of `events` is set."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()

"""The program that shows the files of one running task to clients that connect directly, started by FileTracker.

A process of its own, so that no connection, however broken, disturbs the task. It has no key and speaks to no service:
offers come as JSON lines on standard input, answers leave on standard output. When the input ends, so has the task:
every open question gets what is left to tell, then its connection is closed and the program ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from taskmon.core.errors import TaskmonError
from taskmon.core.file_tracking import AnswerStatus, FileAnswer, FileQuestion, FileRequest, Letter
from taskmon.peer_connection import RTCDataChannel, RTCPeerConnection, RTCSessionDescription, open_peer, when_drained
from taskmon.runner.file_view import Appended, find_file, last_lines, last_modified, list_names, processes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

logger = logging.getLogger(__name__)

PEERS_AT_MOST: Final = 64
LINES_AT_MOST: Final = 1_000_000
CONNECT_S: Final = 15.0
"""How long an answered offer may take to become a connection. The task's end does not shorten it: a client whose
connection never opens would wait for ever."""
_LOOK_S: Final = 0.25
_CLOSE_S: Final = 3.0
_UNSENT_BYTES: Final = 1024 * 1024
"""A reader that is slower than the file is not sent more than this ahead."""


class Peer:
    """One connection: one question, its answers, the end."""

    def __init__(self, folder: Path, ended: asyncio.Event, servers: tuple[str, ...]) -> None:
        self._folder = folder
        self._ended = ended
        self._connection: RTCPeerConnection = open_peer(servers)
        self._channel: asyncio.Future[RTCDataChannel] = asyncio.get_running_loop().create_future()
        self._question: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._connection.on("datachannel", self._opened)
        self._connection.on("connectionstatechange", self._changed)

    def _opened(self, channel: RTCDataChannel) -> None:
        if self._channel.done():
            return
        channel.on("message", self._asked)
        channel.on("close", self._gone.set)
        self._channel.set_result(channel)

    def _asked(self, text: str | bytes) -> None:
        if not self._question.done():
            self._question.set_result(text if isinstance(text, str) else text.decode(errors="replace"))

    def _changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self._gone.set()

    async def answer(self, offer: Letter) -> Letter:
        """The letter that goes back to who made the offer. Raises ValueError for an offer that makes no sense."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp or "", type="offer"))
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        mine = self._connection.localDescription
        return Letter(sender_id=offer.receiver_id or "", receiver_id=offer.sender_id, type=mine.type, sdp=mine.sdp)

    async def serve(self) -> None:
        """Until the question is answered to the end, or the other side has gone."""
        try:
            async with asyncio.timeout(CONNECT_S):
                channel = await self._channel
                text = await self._question
        except TimeoutError:
            return
        async for told in self._answers(text):
            channel.send(json.dumps({"status": told.status, "message": told.message}))
            await when_drained(channel, _UNSENT_BYTES)
            if self._gone.is_set():
                return
        if not self._ended.is_set():
            await self._until_gone()  # whoever asked closes once it has what it wanted
        channel.close()  # which waits until everything has arrived
        await self._until_gone()

    async def _until_gone(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._gone.wait()

    async def close(self) -> None:
        await self._connection.close()

    async def _answers(self, text: str) -> AsyncIterator[FileAnswer]:
        try:
            request = msgspec.json.decode(text, type=FileRequest)
            if request.type == FileQuestion.TAIL:
                async for lines in self._tail(request):
                    yield FileAnswer(status=AnswerStatus.SUCCESS, message=lines)
                return
            ask = {
                FileQuestion.LIST: lambda: list_names(self._folder),
                FileQuestion.TOP: processes,
                FileQuestion.LAST_MODIFIED_FILE: lambda: last_modified(self._folder),
            }.get(FileQuestion(request.type))
            assert ask is not None
            yield FileAnswer(status=AnswerStatus.SUCCESS, message=await asyncio.to_thread(ask))
        except TaskmonError as error:
            yield FileAnswer(status=AnswerStatus.ERROR, message=error.title)
        except ValueError as error:
            yield FileAnswer(status=AnswerStatus.INVALID, message=f"Not a question about files: {error}")

    async def _tail(self, request: FileRequest) -> AsyncIterator[list[str]]:
        """The last lines, then, when following, what is appended until the task ends."""
        name = str(request.args.get("filename", ""))
        count = min(max(0, int(request.args.get("lines") or 10)), LINES_AT_MOST)
        while request.args.get("wait") and not self._ended.is_set() and not self._is_there(name):
            await self._pause()
        if request.follow and self._ended.is_set() and not self._is_there(name):
            return  # the task was faster than the question; its files have moved into the stored outputs
        path = await asyncio.to_thread(find_file, self._folder, name)
        tail = await asyncio.to_thread(last_lines, path, count, whole_only=request.follow)
        yield tail.lines
        appended = Appended(path, tail.offset)
        while request.follow and not self._gone.is_set():
            over = self._ended.is_set()
            lines = await asyncio.to_thread(appended.read, last=over)
            if lines:
                yield lines
            elif over:
                return
            else:
                await self._pause()

    def _is_there(self, name: str) -> bool:
        try:
            find_file(self._folder, name)
        except TaskmonError:
            return False
        return True

    async def _pause(self) -> None:
        """A moment, cut short by the end of the task or of the connection."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._ended, self._gone)]
        await asyncio.wait(waits, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


class FilePeers:
    """All connections of one task."""

    def __init__(self, folder: Path, servers: tuple[str, ...]) -> None:
        self._folder = folder
        self._servers = servers
        self._ended = asyncio.Event()
        self._present = 0

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Answer every offer in `lines`; return when they have ended and every connection is closed."""
        async with asyncio.TaskGroup() as group:
            while line := await lines.readline():
                if self._present < PEERS_AT_MOST:
                    group.create_task(self._care_for(line))
            self._ended.set()

    async def _care_for(self, line: bytes) -> None:
        """One offer from its arrival to the end of its connection. Whatever is wrong with it ends here."""
        self._present += 1
        peer = Peer(self._folder, self._ended, self._servers)
        try:
            reply = await peer.answer(msgspec.json.decode(line, type=Letter))
            sys.stdout.write(msgspec.json.encode(reply).decode() + "\n")
            sys.stdout.flush()
            await peer.serve()
        except Exception:
            # An offer is foreign text for a foreign library: only its own connection may fail.
            logger.warning("a connection about the task's files failed", exc_info=True)
        finally:
            self._present -= 1
            await peer.close()


async def _main(folder: Path, servers: tuple[str, ...]) -> None:
    lines = asyncio.StreamReader(limit=1024 * 1024)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    try:
        await FilePeers(folder, servers).run(lines)
    finally:
        transport.close()


def main(argv: list[str]) -> int:
    """Be the file peer of one task."""
    parser = argparse.ArgumentParser(prog="file-peer")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ice-server", action="append", default=[], help="host:port of a STUN and TURN server")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s file-peer %(message)s")
    asyncio.run(_main(options.folder, tuple(options.ice_server)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

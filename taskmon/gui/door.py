"""The door by which another `taskmon` command gives a link to the window that is open already. Neither side needs Qt.

It is a local socket per user and state folder, in the user's runtime folder where there is one. Whoever knocks says
one line, which is treated as any text from outside. A second window waits until the first one has gone.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

DOOR: Final = "door"
"""The name of the window's action that keeps the door."""

LONGEST: Final = 8192
"""Bytes of a line; a longer one is not heard."""

_ANSWER: Final = b"opened\n"
_PATIENCE_S: Final = 3.0
_LOOK_AGAIN_S: Final = 2.0


def door_of(state_dir: Path) -> Path:
    """Where the window of this state folder listens."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    if runtime.is_dir() and os.access(runtime, os.W_OK):
        name = hashlib.sha256(os.fsencode(state_dir.absolute())).hexdigest()[:16]
        return runtime / f"taskmon-{name}"
    return state_dir / "window"


def give_to_running_window(state_dir: Path, text: str) -> bool:
    """Gives a text to the window that is open; False if there is none that takes it."""
    line = text.encode("utf-8", "replace").replace(b"\n", b" ")[: LONGEST - 1] + b"\n"
    return _knock(door_of(state_dir), line) == _ANSWER


async def keep_door(state_dir: Path, hear: Callable[[str], None]) -> None:
    """Tells `hear` each text that another command gives, until cancelled. While another window does, it waits for that
    one's end; where there can be no socket it returns at once."""
    door = door_of(state_dir)
    try:
        door.parent.mkdir(parents=True, exist_ok=True)
        turn = os.open(f"{door}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await _take_turn(turn)
            await _listen(door, hear)
        finally:
            os.close(turn)
    except OSError as error:
        logger.warning("links cannot be given to this window: %s", error)


async def _take_turn(turn: int) -> None:
    """Returns once we have the lock of who keeps the door; the kernel frees it when that window ends or is killed."""
    while True:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_LOOK_AGAIN_S)
        else:
            return


async def _listen(door: Path, hear: Callable[[str], None]) -> None:
    door.unlink(missing_ok=True)  # of a window that was killed
    server = await asyncio.start_unix_server(_welcome(hear), door, limit=LONGEST)
    try:
        door.chmod(0o600)
        async with server:
            await server.serve_forever()
    finally:
        door.unlink(missing_ok=True)


def _welcome(hear: Callable[[str], None]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                line = await reader.readline()
                if line.endswith(b"\n"):
                    writer.write(_ANSWER)
                    await writer.drain()
                    hear(line.decode("utf-8", "replace").strip())
        except (OSError, ValueError, TimeoutError) as error:
            logger.debug("a visitor was not heard: %s", error)
        finally:
            writer.close()

    return welcome


def _knock(door: Path, line: bytes) -> bytes | None:
    """What is answered to a line; None where nobody is."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            knocking.settimeout(_PATIENCE_S)
            knocking.connect(str(door))
            knocking.sendall(line)
            return knocking.recv(len(_ANSWER))
    except OSError as error:
        logger.debug("no window answers: %s", error)
        return None

"""Where the API keys of connections are kept: in the desktop's keyring where one works, else in files of ours.

A keyring may ask its owner for a password, or hang on a dead message bus. Every call to it therefore runs in a thread
of its own with a time limit; a keyring that let the time pass is not asked again until somebody stores a key.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol, TypeVar

from taskmon.core.connection import Connection, key_problem
from taskmon.core.errors import InvalidInputError, NotAuthorizedError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_SERVICE: Final = "taskmon"
_TIME_LIMIT_S: Final = 20.0
"""Long enough to type the password of a locked keyring."""
_RECOMMENDED: Final = 1
"""Backends below this priority do nothing or keep keys less safely than a file that only its owner can read."""


class KeyPlace(StrEnum):
    """Where a key is kept."""

    KEYRING = "keyring"
    FILE = "file"


class Keyring(Protocol):
    """A backend of the package `keyring`."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class KeyringSilentError(Exception):
    """The keyring failed or did not answer; the reason, without any key."""


def system_keyring() -> Keyring | None:
    """The keyring of this desktop, None where none works. May take a while: it looks for services on the bus."""
    import keyring

    backend = keyring.get_keyring()
    return backend if backend.priority >= _RECOMMENDED else None


class Credentials:
    """The keys of connections, each bound to its connection's name and address: another address, another key.

    `folder` holds the files, `find_keyring` the search for a keyring, `time_limit_s` the seconds it has for an answer.
    """

    def __init__(
        self,
        folder: Path,
        *,
        find_keyring: Callable[[], Keyring | None] = system_keyring,
        time_limit_s: float = _TIME_LIMIT_S,
    ) -> None:
        self._folder = folder
        self._find_keyring = find_keyring
        self._time_limit_s = time_limit_s
        self._silent = False

    async def place(self) -> KeyPlace:
        """Where a key would be kept now."""
        try:
            found = await self._ask(lambda keyring: True)
        except KeyringSilentError:
            return KeyPlace.FILE
        return KeyPlace.KEYRING if found else KeyPlace.FILE

    async def load(self, connection: Connection) -> str | None:
        """The key, None if none was stored. Raises NotAuthorizedError if the keyring does not give it out."""
        # A file exists only where the keyring failed when the key was last stored, so it is the newer of the two.
        stored = _read(self._file(connection))
        if stored is not None:
            return stored
        try:
            return await self._ask(lambda keyring: keyring.get_password(_SERVICE, _account(connection)))
        except KeyringSilentError as error:
            raise NotAuthorizedError(
                f"The keyring of this computer does not give out the key of {connection.name}: {error}.",
                "Unlock the keyring and refresh, or enter the key again.",
            ) from error

    async def save(self, connection: Connection, key: str) -> KeyPlace:
        """Keep `key`; the answer says where it is now. Raises InvalidInputError if it is no key or cannot be kept."""
        problem = key_problem(key)
        if problem:
            raise InvalidInputError(problem)
        self._silent = False
        tidy = key.strip()

        def put(keyring: Keyring) -> bool:
            keyring.set_password(_SERVICE, _account(connection), tidy)
            return True

        try:
            if await self._ask(put):
                _remove(self._file(connection))
                return KeyPlace.KEYRING
        except KeyringSilentError as error:
            _log.warning("the keyring did not take a key (%s); a file does", error)
        _write(self._file(connection), tidy)
        return KeyPlace.FILE

    async def forget(self, connection: Connection) -> None:
        """Remove the key of a connection, wherever it is. Nothing happens if there is none."""
        _remove(self._file(connection))

        def remove(keyring: Keyring) -> None:
            if keyring.get_password(_SERVICE, _account(connection)) is not None:
                keyring.delete_password(_SERVICE, _account(connection))

        try:
            await self._ask(remove)
        except KeyringSilentError as error:
            _log.warning("the keyring kept the key of %s: %s", connection.name, error)

    async def _ask(self, question: Callable[[Keyring], T]) -> T | None:
        """The keyring's answer; None if there is no keyring. Raises KeyringSilentError."""
        if self._silent:
            raise KeyringSilentError("it did not answer before")

        def find_and_ask() -> T | None:
            keyring = self._find_keyring()
            return None if keyring is None else question(keyring)

        try:
            return await _in_thread(find_and_ask, self._time_limit_s)
        except TimeoutError:
            self._silent = True
            raise KeyringSilentError(f"no answer within {self._time_limit_s:g} seconds") from None

    def _file(self, connection: Connection) -> Path:
        return self._folder / f"{hashlib.sha256(_account(connection).encode()).hexdigest()[:32]}.key"


def _account(connection: Connection) -> str:
    """What the keyring shows as the user of the entry."""
    return f"{connection.name} · {connection.url}"


async def _in_thread(call: Callable[[], T], seconds: float) -> T:
    """The result of a call that may hang for ever. Its thread is not waited for, not even when the program ends."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def give(result: list[T], problem: str) -> None:
        if answer.done():
            return
        if result:
            answer.set_result(result[0])
        else:
            answer.set_exception(KeyringSilentError(problem))

    def work() -> None:
        from keyring.errors import KeyringError

        result: list[T] = []
        problem = "it failed"
        try:
            result.append(call())
        except (KeyringError, OSError, RuntimeError, ValueError) as error:
            # Only the kind of the error: its text is a backend's own and might repeat what it was given.
            problem = f"{type(error).__name__}"
        finally:
            _tell(loop, lambda: give(result, problem))

    threading.Thread(target=work, name="keyring", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await answer


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        _log.debug("a keyring answered after the window had closed")


def _read(path: Path) -> str | None:
    """The key in a file; one that others could read is made private first."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("a stored key cannot be read: %s", type(error).__name__)
        return None
    return None if key_problem(key) else key


def _write(path: Path, key: str) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise InvalidInputError(
            f"The key cannot be kept in {path.parent}: {error.strerror or error}.",
            "Check the folder's rights and space.",
        ) from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"A stored key cannot be removed from {path.parent}: {error.strerror or error}.",
            "Check the folder's rights.",
        ) from error

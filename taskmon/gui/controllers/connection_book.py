"""The connections that a person has: read from and written to the settings, their keys beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from taskmon.core.connection import CLOUD, Connection, ConnectionDraft, ConnectionEntry, ConnectionKind
from taskmon.core.errors import InvalidInputError, NotAuthorizedError
from taskmon.gui.controllers.connection import Place
from taskmon.settings import LoadedSettings, change_settings, load_settings

if TYPE_CHECKING:
    from taskmon.client.credentials import Credentials
    from taskmon.client.found_keys import FoundKey
    from taskmon.client.local_service import ServiceAddress
    from taskmon.core.task_event import TaskEvent


class ConnectionBook:
    """Reads the settings anew each time, so that nothing that others write there is undone."""

    def __init__(self, settings_file: Path, credentials: Credentials) -> None:
        self._file = settings_file
        self.credentials = credentials

    def settings(self) -> LoadedSettings:
        return load_settings(self._file)

    def known(self) -> tuple[Connection, ...]:
        """The connections that need an address, the cloud first; another one of its name is not used."""
        connections = self.settings().settings.connections
        return (CLOUD, *(known for known in connections if known.name != CLOUD.name))

    def named(self, name: str) -> Connection | None:
        return next((known for known in self.known() if known.name == name), None)

    def entries(self, present: str) -> list[ConnectionEntry]:
        """What the dialog shows of them; `present` is the name of the one in use."""
        return [
            ConnectionEntry(
                connection=connection,
                kind=ConnectionKind.CLOUD if connection == CLOUD else ConnectionKind.OWN,
                present=present == connection.name,
                found_keys=tuple(found.source for found in self.found_keys(connection.url)),
            )
            for connection in self.known()
        ]

    def found_keys(self, url: str) -> tuple[FoundKey, ...]:
        """Keys of the official client that lie ready for this address."""
        from taskmon.client.found_keys import found_keys

        return found_keys(url, os.environ, Path.home())

    def remember(self, name: str) -> None:
        """The window opens with this connection the next time; an empty name means this computer's own service."""
        change_settings(self._file, connection=name)

    def remember_notify(self, events: tuple[TaskEvent, ...]) -> None:
        """What the desktop is told of from now on. Raises InvalidInputError."""
        change_settings(self._file, notify=events)

    def place_of(self, connection: Connection) -> Place:
        """The service, with the key that is stored for it when it is asked for."""

        async def find() -> ServiceAddress:
            from taskmon.client.local_service import ServiceAddress

            key = await self.credentials.load(connection)
            if key is None:
                raise NotAuthorizedError(
                    f"No API key is stored for {connection.name}.", "Enter it to see the tasks that are there."
                )
            return ServiceAddress(url=connection.url, api_key=key, pid=0)

        return Place(connection.name, find, embedded=False, where=connection.url)

    async def save(self, draft: ConnectionDraft) -> bool:
        """Keeps the connection and its key; True if that changed anything. Raises InvalidInputError.

        A new name keeps the key. A new address does not: a key is never sent where it was not meant for.
        """
        before = self.named(draft.original)
        after = CLOUD if before == CLOUD else draft.connection
        key = draft.key
        if before is not None and before != after and before.url == after.url:
            key = key or await self.credentials.load(before) or ""
        if before != after:
            self._replace(before, after)
        if key:
            await self.credentials.save(after, key)
        if before is not None and before != after:
            await self.credentials.forget(before)
        return before != after or bool(key)

    async def remove(self, name: str) -> None:
        """Forgets a connection and its key. Raises InvalidInputError."""
        connection = self.named(name)
        if connection is not None and connection != CLOUD:
            self._replace(connection, None)
            await self.credentials.forget(connection)

    def _replace(self, before: Connection | None, after: Connection | None) -> None:
        """None stands for nothing."""
        loaded = self.settings()
        connections = loaded.settings.connections
        if after is not None and any(known.name == after.name and known != before for known in self.known()):
            raise InvalidInputError(f"There is a connection “{after.name}” already.", "Choose another name.")
        new = (after,) if after is not None else ()
        if before is None:
            changed = (*connections, *new)
        else:
            changed = tuple(one for known in connections for one in (new if known == before else (known,)))
        present = loaded.settings.connection
        if before is not None and present == before.name:
            present = after.name if after is not None else ""
        change_settings(self._file, connections=changed, connection=present)

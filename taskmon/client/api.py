"""One method per endpoint of the service: core values in, core values out.

Every method may raise ConnectionFailedError, NotAuthorizedError, NotFoundError, BusyError, RefusedError or
ServiceFailedError; the docstrings name only what is special.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Literal, Self, cast
from urllib.parse import quote

import httpx

from taskmon.client.transport import Incoming, Transport
from taskmon.core.errors import NotFoundError
from taskmon.core.extensions import Capabilities, Changes, Extension, Faults, KilledRunner, Lease, Reclaim, TaskFiles
from taskmon.core.file_tracking import Letter
from taskmon.core.lifecycle import Status
from taskmon.core.machine import MachineGroup, MachineGroupRequest
from taskmon.core.project import Project, ProjectRequest
from taskmon.core.storage import ZipArchive, ZipFileRange
from taskmon.core.task import SubmittedTask, TaskDetail, TaskPage, TaskRequest, TaskStatus
from taskmon.core.user import CONTRACT_VERSION, Quota, User, VersionCheck

_MAYBE_LETTER = cast("type[Letter | None]", Letter | None)
PAGE_LIMIT: Final = 200
"""Most tasks asked for at once: decoding more would hold the window up for longer than a frame."""
_FOLLOW_SILENCE_S: Final = 120.0


class ServiceClient:
    """A service, by its address and a key. An asynchronous context manager; two with one address are the same service.

    `transport` replaces the network, for tests.
    """

    def __init__(self, url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = Transport(url, api_key, transport=transport)
        self._capabilities: Capabilities | None = None
        self._asked_capabilities = False

    @property
    def url(self) -> str:
        """The address of the service, without a slash at its end."""
        return self._transport.url

    @property
    def last_date(self) -> datetime | None:
        """What the service's clock said in its last answer, to the second; None if it never did."""
        return self._transport.last_date

    def on_word(self, listener: Callable[[bool], None]) -> None:
        """`listener` hears at once whenever something of any answer has come, and whether it was a mere BEAT."""
        self._transport.on_word = listener

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; the client can be used again afterwards."""
        await self._transport.close()

    # --- account and service

    async def check_version(self) -> VersionCheck:
        """Whether the contract we speak fits the service. Raises RefusedError (406) if it is too old."""
        return await self._transport.json(
            "GET", "/version-check", VersionCheck, query={"client_version": CONTRACT_VERSION}, with_key=False
        )

    async def user(self) -> User:
        """The account behind the key."""
        return await self._transport.json("GET", "/users/info", User)

    async def quotas(self) -> dict[str, Quota]:
        """The account's quotas by their id."""
        return await self._transport.json("GET", "/users/quotas", dict[str, Quota])

    async def capabilities(self) -> Capabilities | None:
        """What the service offers beyond the contract; None if nothing."""
        try:
            self._capabilities = await self._transport.json("GET", "/taskmon/capabilities", Capabilities)
        except NotFoundError:
            self._capabilities = None
        self._asked_capabilities = True
        return self._capabilities

    async def offers(self, extension: Extension) -> bool:
        """Whether the service had this extension when it was last asked; it is asked now only if it never was."""
        if not self._asked_capabilities:
            await self.capabilities()
        return self._capabilities is not None and extension in self._capabilities.extensions

    async def available_simulators(self) -> dict[str, dict[str, list[str]]]:
        """Image tags by simulator, in the groups `production` and `development`."""
        return await self._transport.json(
            "GET", "/simulators/available-images", dict[str, dict[str, list[str]]], with_key=False
        )

    # --- tasks

    async def tasks(
        self, page: int = 1, per_page: int = 100, status: Status | None = None, project: str | None = None
    ) -> TaskPage:
        """One page of tasks, newest submission first; pages count from 1 and hold at most PAGE_LIMIT tasks."""
        query: dict[str, Any] = {
            "page": page,
            "per_page": min(per_page, PAGE_LIMIT),
            "status": None if status is None else status.value,
            "project": project,
        }
        return await self._transport.json("GET", "/tasks", TaskPage, query=query)

    async def task(self, task_id: str) -> TaskDetail:
        """The task with its history."""
        return await self._transport.json("GET", _task_path(task_id), TaskDetail)

    async def task_status(self, task_id: str) -> TaskStatus:
        """Only the task's state and its place in the queue."""
        return await self._transport.json("GET", _task_path(task_id, "/status"), TaskStatus)

    async def submit(self, request: TaskRequest, once_key: str = "") -> SubmittedTask:
        """Make a task. After a ConnectionFailedError nobody knows whether it exists.

        Sent again with the same `once_key` it does not become a second one, where the service knows such keys.
        """
        return await self._transport.json("POST", "/tasks/submit", SubmittedTask, body=request, once_key=once_key)

    async def input_uploaded(self, task_id: str) -> None:
        """Say that the inputs are complete: the task joins the queue."""
        await self._transport.send("POST", _task_path(task_id, "/input_uploaded"))

    async def kill(self, task_id: str) -> TaskStatus:
        """Ask for a kill; the answer is the state right after. A task that has ended stays as it is."""
        return await self._transport.json("POST", _task_path(task_id, "/kill"), TaskStatus, twice_is_once=True)

    async def metadata(self, task_id: str) -> dict[str, str]:
        """The task's notes."""
        return await self._transport.json("GET", _task_path(task_id, "/metadata"), dict[str, str])

    async def set_metadata(self, task_id: str, metadata: Mapping[str, str]) -> None:
        """Replace the task's notes. Empty names and values are not sent, because the contract has none."""
        body = {name: value for name, value in metadata.items() if name and value}
        await self._transport.send("PUT", _task_path(task_id, "/metadata"), body=body)

    # --- machine groups and projects

    async def machine_groups(self) -> list[MachineGroup]:
        """Every group that has not been terminated."""
        return await self._transport.json("GET", "/compute/groups", list[MachineGroup])

    async def create_machine_group(self, request: MachineGroupRequest) -> MachineGroup:
        """Register a group; it has no machines until it is started."""
        return await self._transport.json("POST", "/compute/group", MachineGroup, body=request)

    async def start_machine_group(self, group_id: str) -> None:
        """Bring up the group's machines."""
        await self._transport.send("POST", "/compute/group/start", query={"machine_group_id": group_id})

    async def terminate_machine_group(self, group_id: str) -> None:
        """End the group and everything that runs on it."""
        await self._transport.send("DELETE", "/compute/group", query={"machine_group_id": group_id})

    async def projects(self) -> list[Project]:
        """The user's projects."""
        return await self._transport.json("GET", "/projects", list[Project])

    async def create_project(self, name: str) -> Project:
        """Make a project."""
        return await self._transport.json("POST", "/projects", Project, body=ProjectRequest(name=name))

    # --- letters, by which two programs arrange a direct connection about a task

    async def register_letters(self, task_id: str, name: str) -> None:
        """Open a mailbox for `name`."""
        await self._transport.send("POST", _task_path(task_id, "/register"), body=Letter(sender_id=name))

    async def send_letter(self, task_id: str, letter: Letter) -> None:
        """Put a letter into its receiver's mailbox."""
        await self._transport.send("POST", _task_path(task_id, "/offer"), body=letter)

    async def next_letter(self, task_id: str, name: str, wait_s: int) -> Letter | None:
        """The next letter for `name`, waited for `wait_s` seconds at most (0..60); None if none came."""
        query: dict[str, Any] = {"client": name, "block_s": wait_s}
        path = _task_path(task_id, "/message")
        return await self._transport.json("GET", path, _MAYBE_LETTER, query=query, extra_wait_s=wait_s)

    # --- stored files

    async def signed_urls(
        self, operation: Literal["upload", "download"], paths: Sequence[str], region: str | None = None
    ) -> list[str]:
        """Addresses that need no key: one per path for `upload`; for `download` one per stored file at or below it."""
        query: dict[str, Any] = {"operation": operation, "paths": list(paths), "region": region}
        return await self._transport.json("GET", "/storage/signed-urls", list[str], query=query)

    async def signed_url(self, operation: Literal["upload", "download"], path: str, region: str | None = None) -> str:
        """The address of one stored file. Raises NotFoundError if there is nothing to download."""
        urls = await self.signed_urls(operation, [path], region)
        if not urls:
            raise NotFoundError(f"The service has no address for {path}.", "It may have been removed.")
        return urls[0]

    async def storage_copy(self, source: str, target: str) -> None:
        """Copy a stored file without moving it through this computer."""
        await self._transport.send("POST", "/storage/copy", query={"source": source, "target": target})

    async def zip_contents(self, path: str, folder: str = "", recursive: bool = False) -> ZipArchive:
        """The members of a stored archive directly in its `folder`, or all below it; names are relative to it."""
        query = {"path": path, "zip_relative_path": folder, "recursive": "true" if recursive else "false"}
        return await self._transport.json("GET", "/storage/zip-contents", ZipArchive, query=query)

    async def zip_file_range(self, path: str, folder: str, filename: str) -> ZipFileRange:
        """Where the compressed data of a member lies in a stored archive."""
        query = {"path": path, "zip_relative_path": folder, "filename": filename}
        return await self._transport.json("GET", "/storage/zip-file-range", ZipFileRange, query=query)

    async def upload(self, url: str, chunks: AsyncIterable[bytes]) -> None:
        """Send bytes to a signed address."""
        await self._transport.put(url, chunks)

    def download(self, url: str, first: int = 0, last: int | None = None) -> AbstractAsyncContextManager[Incoming]:
        """The bytes `first` to `last` (inclusive) behind a signed address."""
        return self._transport.get(url, first=first, last=last)

    # --- extensions of the embedded service

    async def changes(self, since: str | None = None, wait_s: float = 0.0, beat_s: float | None = None) -> Changes:
        """What changed after a cursor, waiting up to `wait_s` seconds (0..60) for something to change.

        Without `since`: the present cursor and no tasks. Raises RefusedError (410) for the cursor of another database.
        While it waits, the service sends a BEAT every `beat_s` seconds (0.1..60), if it knows of that.
        """
        query: dict[str, Any] = {} if since is None else {"since": since, "wait_s": wait_s, "beat_s": beat_s}
        return await self._transport.json("GET", "/taskmon/changes", Changes, query=query, extra_wait_s=wait_s)

    async def hold(self, task_id: str, seconds: float) -> bool:
        """Bind the task to us: it is killed unless this is said again within `seconds`. False if it has ended."""
        query: dict[str, Any] = {"for_s": seconds}
        return (await self._transport.json("PUT", _lease_path(task_id), Lease, query=query)).held

    async def release(self, task_id: str) -> None:
        """The task lives on without us."""
        await self._transport.send("DELETE", _lease_path(task_id))

    async def reclaim_state(self) -> Reclaim:
        """Whether the person has taken this computer back from its spot machines."""
        return await self._transport.json("GET", "/taskmon/reclaim", Reclaim)

    async def reclaim(self, *, wanted: bool) -> Reclaim:
        """Take this computer back from its spot machines, or let them work again."""
        return await self._transport.json("POST" if wanted else "DELETE", "/taskmon/reclaim", Reclaim)

    async def faults(self) -> Faults:
        """Which faults the service puts into its answers on purpose."""
        return await self._transport.json("GET", "/taskmon/faults", Faults)

    async def set_faults(self, faults: Faults) -> Faults:
        """Put these faults into the answers from now on."""
        return await self._transport.json("PUT", "/taskmon/faults", Faults, body=faults)

    async def kill_runner(self, task_id: str | None = None) -> KilledRunner:
        """Kill the runner that has the task, or any, as a crash would."""
        query = {"task_id": task_id}
        return await self._transport.json("POST", "/taskmon/faults/kill-runner", KilledRunner, query=query)

    async def task_files(self, task_id: str) -> TaskFiles:
        """The files that the task has written so far."""
        return await self._transport.json("GET", f"/taskmon/tasks/{quote(task_id, safe='')}/files", TaskFiles)

    def task_file(
        self, task_id: str, path: str, offset: int = 0, *, follow: bool = False
    ) -> AbstractAsyncContextManager[Incoming]:
        """A task's file from byte `offset` on; with `follow` also what is written to it until the task has ended.

        A silence of two minutes while following counts as a cut connection: open again at the offset reached.
        """
        address = f"/taskmon/tasks/{quote(task_id, safe='')}/files/{quote(path)}"
        if not follow:
            return self._transport.get(address, first=offset)
        return self._transport.get(f"{address}?follow=true&offset={offset}", idle_s=_FOLLOW_SILENCE_S)

    def task_file_tail(self, task_id: str, path: str, length: int) -> AbstractAsyncContextManager[Incoming]:
        """The last `length` bytes of a task's file. An empty file is a RefusedError (416)."""
        return self._transport.get(f"/taskmon/tasks/{quote(task_id, safe='')}/files/{quote(path)}", tail=length)


def _lease_path(task_id: str) -> str:
    return f"/taskmon/tasks/{quote(task_id, safe='')}/lease"


def _task_path(task_id: str, rest: str = "") -> str:
    if not task_id:
        raise NotFoundError("The id of the task is missing.", "Look it up in the list of tasks.")
    return f"/tasks/{quote(task_id, safe='')}{rest}"

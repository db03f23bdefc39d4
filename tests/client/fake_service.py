"""A service in memory behind httpx's transport seam: it keeps tasks and files, and fails on demand."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import msgspec

from taskmon.client.api import ServiceClient
from taskmon.core.extensions import Capabilities, Changes, TaskFile, TaskFiles
from taskmon.core.lifecycle import Status, facts
from taskmon.core.storage import ZipArchive, ZipFileRange, ZipMember
from taskmon.core.task import SubmittedTask, Task, TaskDetail, TaskPage, TaskStatus
from tests.builders import a_history, a_task

URL = "http://127.0.0.1:1"
KEY = "key"
Fault = Callable[[httpx.Request], httpx.Response]


def answer(value: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=msgspec.json.encode(value), headers={"content-type": "application/json"})


def refuse(status: int, detail: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"detail": detail}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def break_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("cut", request=request)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def a_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("artifacts/", b"")
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


class FakeService:
    """`faults` answer the next requests (None lets one through); `refusals` answer every request for a path."""

    def __init__(self, *, feed: bool = True, files: bool = True, submit_once: bool = False) -> None:
        self.feed, self.files_offered, self.submit_once = feed, files, submit_once
        self.tasks: dict[str, Task] = {}
        self.versions: dict[str, int] = {}
        self.tombstones: list[tuple[int, str]] = []
        self.version = 0
        self.epoch = 0
        self.stored: dict[str, bytes] = {}
        self.live: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.faults: deque[Fault | None] = deque()
        self.refusals: dict[str, Fault] = {}
        self.requests: list[httpx.Request] = []
        self.chunk = 10
        self.cut_streams_after: deque[int] = deque()
        self.after_request: Callable[[httpx.Request], None] = lambda request: None

    def client(self) -> ServiceClient:
        return ServiceClient(URL, KEY, transport=httpx.MockTransport(self._handle))

    def paths(self, method: str = "") -> list[str]:
        return [request.url.path for request in self.requests if method in ("", request.method)]

    # --- what happens on the server

    def put(self, task: Task) -> Task:
        """Add or replace a task; new ones are the newest."""
        self.version += 1
        self.tasks[task.task_id] = task
        self.versions[task.task_id] = self.version
        return task

    def advance(self, task_id: str, status: Status) -> Task:
        known = facts(status)
        task = self.tasks[task_id]
        return self.put(replace(task, status=status, status_alias=known.alias, is_terminated=known.terminal))

    def remove(self, task_id: str) -> None:
        self.version += 1
        del self.tasks[task_id]
        del self.versions[task_id]
        self.tombstones.append((self.version, task_id))

    def replace_database(self) -> None:
        self.epoch += 1
        self.tasks.clear()
        self.versions.clear()
        self.tombstones.clear()

    # --- the answers

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else None
        fault = fault or self.refusals.get(request.url.path)
        if fault is not None:
            return fault(request)
        if request.url.path.startswith("/objects/"):
            reply = await self._object(request)
        elif request.headers.get("x-api-key") != KEY and request.url.path != "/version-check":
            reply = refuse(401, "No such key.")
        else:
            reply = self._api(request)
        self.after_request(request)
        return reply

    def _api(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        for pattern, method in self._routes():
            found = re.fullmatch(f"{request.method} {pattern}", f"{request.method} {path}")
            if found:
                return method(request, query, *found.groups())
        return refuse(404, "Not Found")

    def _routes(self) -> list[tuple[str, Callable[..., httpx.Response]]]:
        return [
            ("/taskmon/capabilities", self._capabilities),
            ("/taskmon/changes", self._changes),
            ("/taskmon/tasks/([^/]+)/files", self._task_files),
            ("/taskmon/tasks/([^/]+)/files/(.+)", self._task_file),
            ("/tasks/submit", self._submit),
            ("/tasks/([^/]+)/status", self._status),
            ("/tasks/([^/]+)/kill", self._kill),
            ("/tasks/([^/]+)/input_uploaded", self._input_uploaded),
            ("/tasks/([^/]+)/metadata", self._metadata),
            ("/tasks/([^/]+)", self._task),
            ("/tasks", self._list),
            ("/storage/signed-urls", self._signed_urls),
            ("/storage/copy", self._copy),
            ("/storage/zip-file-range", self._zip_range),
            ("/storage/zip-contents", self._zip_contents),
        ]

    def _capabilities(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        offered = ["changes"] * self.feed + ["task-files"] * self.files_offered
        offered += ["submit-once"] * self.submit_once
        if not offered:
            return refuse(404, "Not Found")
        return answer(Capabilities(service="taskmon", version="1", extensions=offered))

    def _changes(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        if not self.feed:
            return refuse(404, "Not Found")
        if "since" not in query:
            return answer(Changes(cursor=f"{self.epoch}.{self.version}", tasks=[], removed=[]))
        epoch, since = map(int, query["since"].split("."))
        if epoch != self.epoch:
            return refuse(410, "This cursor belongs to another database.")
        changed = sorted((version, task_id) for task_id, version in self.versions.items() if version > since)
        shown = changed[:3]
        last = shown[-1][0] if len(changed) > len(shown) else self.version
        removed = [task_id for version, task_id in self.tombstones if since < version <= last]
        tasks = [self.tasks[task_id] for _, task_id in shown]
        return answer(Changes(cursor=f"{self.epoch}.{last}", tasks=tasks, removed=removed, more=last < self.version))

    def _list(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        found = [t for t in reversed(self.tasks.values()) if query.get("status") in (None, t.status.value)]
        start = (int(query["page"]) - 1) * int(query["per_page"])
        return answer(TaskPage(total_size=len(found), tasks=found[start : start + int(query["per_page"])]))

    def _detail_of(self, task: Task) -> TaskDetail:
        values = {name: getattr(task, name) for name in Task.__dataclass_fields__}
        return TaskDetail(**values, status_history=a_history([task.status]))

    def _task(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        task = self.tasks.get(task_id)
        return answer(self._detail_of(task)) if task else refuse(404, "There is no such task.")

    def _status(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        task = self.tasks.get(task_id)
        if task is None:
            return refuse(404, "There is no such task.")
        return answer(TaskStatus(id=task_id, status=task.status, is_terminated=task.is_terminated))

    def _submit(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        wanted = json.loads(request.content)
        task = self.put(
            a_task(
                status=Status.PENDING_INPUT,
                simulator=wanted["simulator_name_alias"] or wanted["simulator"],
                extra_params=wanted["extra_params"],
                container_image=wanted["container_image"],
                machine_group_id=wanted["resource_pool"],
            )
        )
        return answer(SubmittedTask(id=task.task_id, status=task.status, is_terminated=False), 202)

    def _kill(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        if not self.tasks[task_id].is_terminated:
            self.advance(task_id, Status.KILLED)
        return self._status(request, query, task_id)

    def _input_uploaded(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        if self.tasks[task_id].status is not Status.PENDING_INPUT:
            return refuse(409, "The task does not wait for input.")
        self.advance(task_id, Status.SUBMITTED)
        return httpx.Response(200)

    def _metadata(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        if request.method == "PUT":
            self.metadata[task_id] = json.loads(request.content)
        return answer(self.metadata.get(task_id, {}))

    def _signed_urls(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        paths = [path.lstrip("/") for path in query.get_list("paths")]
        if query["operation"] == "download" and any(path not in self.stored for path in paths):
            return refuse(404, "There is no such file.")
        return answer([f"{URL}/objects/{quote(path)}?signature=1" for path in paths])

    def _copy(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        if query["source"] not in self.stored:
            return refuse(404, "There is no such file.")
        self.stored[query["target"]] = self.stored[query["source"]]
        return httpx.Response(200)

    def _zip_range(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        for member, start in self._members(query["path"]):
            if member.filename == f"{query['zip_relative_path']}/{query['filename']}":
                end = start + member.compress_size - 1
                return answer(ZipFileRange(range_start=start, range_end=end, compress_type=member.compress_type))
        return refuse(404, "There is no such file in the archive.")

    def _zip_contents(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        top = query["zip_relative_path"].rstrip("/") + "/"
        if query["path"] not in self.stored:
            return refuse(404, "There is no such archive.")
        members = [
            ZipMember(
                name=m.filename.removeprefix(top),
                size=m.file_size,
                compressed_size=m.compress_size,
                range_start=start,
                compress_type=m.compress_type,
            )
            for m, start in self._members(query["path"])
            if m.filename.startswith(top) and m.filename != top
        ]
        return answer(ZipArchive(size=len(self.stored[query["path"]]), contents=members))

    def _members(self, path: str) -> list[tuple[zipfile.ZipInfo, int]]:
        if path not in self.stored:
            return []
        content = self.stored[path]
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()
        offsets = [m.header_offset + 30 + sum(content[m.header_offset + i] for i in (26, 28)) for m in found]
        return list(zip(found, offsets, strict=True))

    async def _object(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path.removeprefix("/objects/"))
        if request.method == "PUT":
            content = b""
            async for chunk in request.stream:  # type: ignore[union-attr]
                content += chunk
            self.stored[path] = content
            return httpx.Response(200)
        if path not in self.stored:
            return refuse(404, "There is no such file.")
        return self._ranged(request, self.stored[path])

    def _ranged(self, request: httpx.Request, content: bytes) -> httpx.Response:
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
        if found is None:
            return self._streamed(200, content)
        size = len(content)
        first = int(found[1]) if found[1] else max(0, size - int(found[2]))
        last = min(size - 1, int(found[2])) if found[1] and found[2] else size - 1
        if first >= size:
            return refuse(416, "The file does not reach that far.")
        return self._streamed(206, content[first : last + 1], **{"content-range": f"bytes {first}-{last}/{size}"})

    def _streamed(self, status: int, content: bytes, **headers: str) -> httpx.Response:
        length = {"content-length": str(len(content))} if status != 299 else {}
        cut = self.cut_streams_after.popleft() if self.cut_streams_after else None

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(content), self.chunk):
                if cut is not None and start >= cut:
                    raise httpx.ReadError("cut")
                yield content[start : start + self.chunk]

        return httpx.Response(200 if status == 299 else status, content=chunks(), headers={**length, **headers})

    def _task_files(self, request: httpx.Request, query: httpx.QueryParams, task_id: str) -> httpx.Response:
        files = [TaskFile(path=path, size=len(content)) for path, content in self.live.items()]
        return answer(TaskFiles(files=files, complete=self.tasks[task_id].is_terminated))

    def _task_file(self, request: httpx.Request, query: httpx.QueryParams, task_id: str, path: str) -> httpx.Response:
        if query.get("follow") == "true":
            return self._streamed(299, self.live.get(path, b"")[int(query["offset"]) :])
        return self._ranged(request, self.live[path]) if path in self.live else refuse(404, "There is no such file.")

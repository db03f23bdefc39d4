"""What this service offers beyond the contract: a change feed, and the files of a task while it runs and after."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from taskmon import __version__
from taskmon.core.errors import NotFoundError
from taskmon.core.extensions import FILE_STATE_HEADER, Capabilities, Changes, Extension, TaskFiles
from taskmon.service.answers import JsonAnswer
from taskmon.service.byte_ranges import BINARY, answer_file
from taskmon.service.context import ServiceParts
from taskmon.service.task_queries import changes_since

router = APIRouter(prefix="/taskmon")


@router.get("/capabilities", response_model=Capabilities)
async def capabilities(request: Request, service: ServiceParts) -> Response:
    spoiled = hasattr(request.app.state, "chaos")
    offered = [extension.value for extension in Extension if spoiled or extension is not Extension.FAULTS]
    folder = str(service.data.root) if service.local_only else None
    return JsonAnswer(Capabilities(service="taskmon", version=__version__, extensions=offered, data_dir=folder))


@router.get("/changes", response_model=Changes)
async def changes(
    request: Request,
    service: ServiceParts,
    since: str | None = None,
    wait_s: Annotated[float, Query(ge=0, le=60)] = 0.0,
) -> Response:
    """The tasks that changed after the cursor `since`, waited for up to `wait_s` seconds."""

    def look() -> Changes | None:
        found = changes_since(service.database, service.tasks, since)
        return found if found.tasks or since is None else None

    found = await service.bell.wait_for(look, wait_s, request.is_disconnected)
    return JsonAnswer(found or Changes(cursor=since or "", tasks=[], removed=[]))


@router.get("/tasks/{task_id}/files", response_model=TaskFiles)
async def files(task_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(await asyncio.to_thread(service.files.files_of, service.tasks.task(task_id)))


@router.get("/tasks/{task_id}/files/{path:path}")
@router.head("/tasks/{task_id}/files/{path:path}")
async def file(
    task_id: str,
    path: str,
    request: Request,
    service: ServiceParts,
    follow: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The bytes of one file, or a range of them; with `follow` a stream from `offset` on until the task has ended."""
    task = service.tasks.task(task_id)
    if follow and request.method == "GET":
        service.files.check_path(path)
        stream = service.files.follow(task_id, path, offset)
        return StreamingResponse(stream, media_type=BINARY, headers={"cache-control": "no-store"})
    found = await asyncio.to_thread(service.files.find, task, path)
    state = {FILE_STATE_HEADER: "growing" if found.growing else "complete"}
    try:
        return answer_file(found.path, request.headers, head=request.method == "HEAD", extra=state)
    except FileNotFoundError:
        # The task ended in this very moment and its files moved into the archive.
        raise NotFoundError(f"The task has no file “{path}”.", "Ask again.") from None

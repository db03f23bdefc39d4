"""What this service offers beyond the contract: a change feed, and the files of a task while it runs and after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from taskmon import __version__
from taskmon.core.errors import NotFoundError
from taskmon.core.extensions import BEAT, FILE_STATE_HEADER, Capabilities, Changes, Extension, TaskFiles
from taskmon.service.answers import JsonAnswer
from taskmon.service.byte_ranges import BINARY, answer_file
from taskmon.service.context import ServiceParts
from taskmon.service.task_queries import changes_since

router = APIRouter(prefix="/taskmon")

_AT_ONCE: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Says to proxies that every piece is to be passed on as it comes."""


async def _present() -> bool:
    """A stream ends by itself when its reader has gone."""
    return False


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
    beat_s: Annotated[float | None, Query(ge=0.1, le=60)] = None,
) -> Response:
    """The tasks that changed after the cursor `since`, waited for up to `wait_s` seconds. With `beat_s` an empty line
    comes first every so many seconds, so that whoever waits knows that the service is there."""

    def look() -> Changes | None:
        found = changes_since(service.database, service.tasks, since)
        return found if found.tasks or since is None else None

    nothing = Changes(cursor=since or "", tasks=[], removed=[])
    if beat_s is None:
        return JsonAnswer(await service.bell.wait_for(look, wait_s, request.is_disconnected) or nothing)
    at_once = look()  # what is wrong with the question is told before the answer begins
    if at_once is not None:
        return JsonAnswer(at_once)

    async def beats() -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        found, deadline = None, loop.time() + wait_s
        while found is None and (left := deadline - loop.time()) > 0 and not service.bell.closed:
            yield BEAT
            found = await service.bell.wait_for(look, min(left, beat_s), _present)
        yield bytes(JsonAnswer(found or nothing).body)

    return StreamingResponse(beats(), media_type=JsonAnswer.media_type, headers=_AT_ONCE)


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

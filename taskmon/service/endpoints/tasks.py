"""Tasks as clients see them: submit, look, kill, annotate."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Body, Header, Query
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError, RefusedError
from taskmon.core.lifecycle import Cause, Status
from taskmon.core.machine import MachineGroupStatus
from taskmon.core.task import QueuePosition, SubmittedTask, TaskDetail, TaskPage, TaskRequest, TaskStatus
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import Service, ServiceParts
from taskmon.service.identifiers import new_task_id
from taskmon.service.task_queries import TaskFilter, list_tasks
from taskmon.service.task_rows import STORAGE_REGION

router = APIRouter()


def _check(service: Service, request: TaskRequest) -> None:
    """Raises an expected error if the task could never run, or if what is left of the disk is for those that do."""
    service.storage.check_space(0)
    group = service.groups.record(request.resource_pool)
    if group.status is MachineGroupStatus.TERMINATED:
        raise RefusedError(f"The machine group “{group.name}” has ended.", "Choose another one.", status_code=409)
    limit = request.time_to_live_seconds
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        raise InvalidInputError(
            "The time to live is not a number of seconds above zero.", "Correct it, or leave it out."
        )
    if request.project is not None and len(request.project) > 128:
        raise InvalidInputError("The name of a project has 1 to 128 characters.", "Choose another name.")


@router.post("/tasks/submit", status_code=202, response_model=SubmittedTask)
async def submit(
    request: TaskRequest,
    service: ServiceParts,
    idempotency_key: Annotated[str | None, Header(max_length=200, min_length=8)] = None,
) -> Response:
    """Make a task. Sent again with the same key, because the answer was lost, it is the same task."""
    known = service.tasks.of_submission(idempotency_key) if idempotency_key else None
    task_id = known or _new_task(service, request, idempotency_key)
    status = _status_of(service, task_id)
    answer = SubmittedTask(
        id=task_id,
        status=status.status,
        is_terminated=status.is_terminated,
        position_in_queue=status.position_in_queue,
        storage_region=STORAGE_REGION,
        time_to_live_seconds=request.time_to_live_seconds,
    )
    return JsonAnswer(answer, status_code=202)


def _new_task(service: Service, request: TaskRequest, idempotency_key: str | None) -> str:
    _check(service, request)
    task_id, now = new_task_id(), service.clock()
    storage_path = "/".join(filter(None, ((request.storage_path_prefix or "").strip("/"), task_id)))
    service.storage.locate(storage_path)
    with service.database.transaction():
        project_id = service.projects.ensure(request.project, now)
        service.tasks.add(task_id, request, project_id=project_id, storage_path=storage_path, at=now)
        if idempotency_key:
            service.tasks.note_submission(idempotency_key, task_id, now)
    return task_id


@router.post("/tasks/{task_id}/input_uploaded")
async def input_uploaded(task_id: str, service: ServiceParts) -> Response:
    """Put the task into the queue. Saying so twice is no error."""
    task = service.tasks.task(task_id)
    if task.status is Status.PENDING_INPUT:
        if not service.storage.locate(task.storage_input_path or "").exists():
            raise RefusedError(
                "The input files of the task have not arrived.", "Upload them first, then say so.", status_code=409
            )
        service.tasks.record(task_id, Cause.INPUT_UPLOADED, at=service.clock())
    elif task.is_terminated:
        raise RefusedError("The task has ended before its input arrived.", "Submit it anew.", status_code=409)
    return JsonAnswer(NOTHING)


@router.get("/tasks", response_model=TaskPage)
async def tasks(
    service: ServiceParts,
    page: Annotated[int, Query(ge=1, le=10**9)] = 1,
    per_page: Annotated[int, Query(ge=1, le=500)] = 10,
    status: Status | None = None,
    project: str | None = None,
    active: bool | None = None,
    task_id_filter: str | None = None,
    sort: Annotated[list[str] | None, Query()] = None,
) -> Response:
    if status is not None and not status.known:
        raise InvalidInputError(f"There is no task status “{status}”.", "Use one of the known codes.")
    wanted = TaskFilter(status=status, project=project, active=active, task_id=task_id_filter, sort=sort or ())
    return JsonAnswer(list_tasks(service.database, wanted, page, per_page))


@router.get("/tasks/{task_id}", response_model=TaskDetail)
async def task_detail(task_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(service.tasks.detail(task_id))


def _status_of(service: Service, task_id: str) -> TaskStatus:
    task = service.tasks.task(task_id)
    ahead = service.tasks.tasks_ahead(task_id)
    return TaskStatus(
        id=task_id,
        status=task.status,
        is_terminated=task.is_terminated,
        position_in_queue=None if ahead is None else QueuePosition(tasks_ahead=ahead),
    )


@router.get("/tasks/{task_id}/status", response_model=TaskStatus)
async def task_status(task_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(_status_of(service, task_id))


@router.post("/tasks/{task_id}/kill", response_model=TaskStatus)
async def kill(task_id: str, service: ServiceParts) -> Response:
    """Killing a task that has ended, or is ending, changes nothing and is no error."""
    service.scheduler.kill(task_id)
    return JsonAnswer(_status_of(service, task_id))


@router.get("/tasks/{task_id}/metadata")
async def metadata(task_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(service.tasks.task(task_id).task_metadata)


@router.put("/tasks/{task_id}/metadata")
async def replace_metadata(
    task_id: str, entries: Annotated[dict[str, str | None], Body()], service: ServiceParts
) -> Response:
    """Replaces everything; an entry without a value is not kept."""
    service.tasks.set_metadata(task_id, {key: value for key, value in entries.items() if value is not None})
    return JsonAnswer(NOTHING)


@router.patch("/tasks/{task_id}/metadata")
async def merge_metadata(
    task_id: str, entries: Annotated[dict[str, str | None], Body()], service: ServiceParts
) -> Response:
    """Adds and overwrites; an entry without a value is removed."""
    merged = {**(service.tasks.task(task_id).task_metadata or {}), **entries}
    service.tasks.set_metadata(task_id, {key: value for key, value in merged.items() if value is not None})
    return JsonAnswer(NOTHING)

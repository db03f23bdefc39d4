"""Projects."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.project import Project, ProjectRequest, ProjectType
from taskmon.core.task import Task, TaskMetrics
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import ServiceParts
from taskmon.service.task_queries import TaskFilter, list_tasks

router = APIRouter()

_ROWS_AT_ONCE: Final = 500


@router.get("/projects", response_model=list[Project])
async def projects(
    service: ServiceParts,
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=1000)] = 1000,
    project_type: ProjectType | None = None,
) -> Response:
    return JsonAnswer(service.projects.projects(page, per_page, project_type))


@router.post("/projects", response_model=Project)
async def create_project(request: ProjectRequest, service: ServiceParts) -> Response:
    if not 1 <= len(request.name.strip()) <= 128:
        raise InvalidInputError("The name of a project has 1 to 128 characters.", "Choose another name.")
    kind = request.project_type or ProjectType.PROJECT
    return JsonAnswer(service.projects.create(request.name, kind, service.clock()))


@router.get("/projects/{name}", response_model=Project)
async def project(name: str, service: ServiceParts) -> Response:
    return JsonAnswer(service.projects.project(name))


@router.post("/projects/{name}/task/{task_id}/add")
async def add_task(name: str, task_id: str, service: ServiceParts) -> Response:
    """A task is in one project: adding it here takes it out of the one before."""
    service.tasks.set_project(task_id, service.projects.project(name).id)
    return JsonAnswer(NOTHING)


class SelectMode(StrEnum):
    ALL = "all"
    DISTINCT = "distinct"


@router.delete("/projects", status_code=202)
async def delete_project(project_name: str, service: ServiceParts) -> Response:
    """The tasks of the project move to the default one."""
    service.projects.delete(project_name)
    return JsonAnswer(NOTHING, status_code=202)


@router.get("/projects/{name}/tasks_info")
async def tasks_info(
    name: str, service: ServiceParts, select: SelectMode = SelectMode.ALL, status: Status | None = None
) -> Response:
    """What a comparison of the project's tasks needs, a flat object each; `distinct` leaves out what never differs."""
    service.projects.project(name)
    wanted = TaskFilter(status=status, project=name)
    rows: list[dict[str, Any]] = []
    while True:
        page = list_tasks(service.database, wanted, len(rows) // _ROWS_AT_ONCE + 1, _ROWS_AT_ONCE).tasks
        rows += [_compared(task) for task in page]
        if len(page) < _ROWS_AT_ONCE:
            break
    columns = dict.fromkeys(key for row in rows for key in row)
    rows = [{key: row.get(key) for key in columns} for row in rows]
    if select is SelectMode.DISTINCT:
        same = {key for key in columns if len({repr(row[key]) for row in rows}) == 1}
        rows = [{key: value for key, value in row.items() if key == "task_id" or key not in same} for row in rows]
    return JsonAnswer(rows)


def _compared(task: Task) -> dict[str, Any]:
    executer, metrics = task.executer, task.metrics or TaskMetrics()
    return {
        "task_id": task.task_id,
        "status": task.status,
        "simulator": task.simulator,
        "container_image": task.container_image,
        "machine_type": executer.vm_type if executer else None,
        "vcpus": executer.cpu_count_logical if executer else None,
        "computation_time (s)": metrics.computation_seconds,
        "total_time (s)": metrics.total_seconds,
        "output_size (bytes)": metrics.output_size_bytes,
        "estimated_computation_cost (US$)": task.estimated_computation_cost,
        **{f"metadata: {key}": value for key, value in (task.task_metadata or {}).items()},
    }

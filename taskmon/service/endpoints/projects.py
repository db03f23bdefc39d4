"""Projects."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.core.project import Project, ProjectRequest, ProjectType
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter()


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

"""Binding a task to the life of a window or a script: an extension by which a killed one takes its task with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.core.extensions import Lease
from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter(prefix="/taskmon/tasks/{task_id}/lease")


@router.put("", response_model=Lease)
async def hold(task_id: str, service: ServiceParts, for_s: Annotated[float, Query(ge=1, le=86_400)]) -> Response:
    """The task is killed unless this is said again within `for_s` seconds."""
    return JsonAnswer(Lease(held=service.leases.hold(task_id, for_s)))


@router.delete("", response_model=Lease)
async def release(task_id: str, service: ServiceParts) -> Response:
    """The task lives on by itself."""
    service.leases.release(task_id)
    return JsonAnswer(Lease(held=False))

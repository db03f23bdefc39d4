"""Switching faults on purpose on and off; there only when the service was started with `--chaos`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from taskmon.core.extensions import Faults, KilledRunner
from taskmon.service.answers import JsonAnswer
from taskmon.service.chaos import Chaos, kill_runner
from taskmon.service.context import ServiceParts

router = APIRouter(prefix="/taskmon/faults")


def _chaos(request: Request) -> Chaos:
    chaos: Chaos = request.app.state.chaos
    return chaos


@router.get("", response_model=Faults)
async def faults(request: Request) -> Response:
    return JsonAnswer(_chaos(request).faults)


@router.put("", response_model=Faults)
async def set_faults(wanted: Faults, request: Request) -> Response:
    _chaos(request).set_faults(wanted)
    return JsonAnswer(_chaos(request).faults)


@router.post("/kill-runner", response_model=KilledRunner)
async def kill_a_runner(service: ServiceParts, task_id: str | None = None) -> Response:
    """Kill the runner of that task, or any one, as a crash would."""
    return JsonAnswer(kill_runner(service, task_id))

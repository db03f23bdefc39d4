"""Machine groups."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.core.machine import MachineGroup, MachineGroupRequest, Provider
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import Service, ServiceParts

router = APIRouter()

MACHINES_AT_MOST: Final = 256


def _described(service: Service, group_id: str) -> MachineGroup:
    machines = service.machines.described().get(group_id, [])
    return service.groups.describe(group_id, machines, service.clock())


def _check(request: MachineGroupRequest) -> None:
    """Raises InvalidInputError for a group that this computer cannot be.

    It stands in for machines of Google's cloud too, so that a program written for the cloud runs here as it is; the
    answer says honestly that they are LOCAL.
    """
    if request.provider_id not in (None, *Provider):
        raise InvalidInputError(f"There is no provider “{request.provider_id}”.", "Ask for LOCAL or GCP machines.")
    asked = (request.num_vms, request.min_vms, request.max_vms)
    if not all(0 <= (number or 0) <= MACHINES_AT_MOST for number in asked):
        raise InvalidInputError(f"A group has 0 to {MACHINES_AT_MOST} machines.", "Ask for another number.")
    if request.is_elastic and (request.min_vms or 0) > (request.max_vms or request.min_vms or 0):
        raise InvalidInputError("The group would have more machines at least than at most.", "Correct the numbers.")
    if request.auto_terminate_ts is not None and request.auto_terminate_ts.tzinfo is None:
        raise InvalidInputError("auto_terminate_ts has no time zone.", "Send it with an offset such as +00:00.")
    if request.name is not None and not request.name.strip():
        raise InvalidInputError("The name of the group is empty.", "Give it one, or none at all.")


@router.post("/compute/group", status_code=201, response_model=MachineGroup)
async def create_group(request: MachineGroupRequest, service: ServiceParts) -> Response:
    _check(request)
    group_id = service.groups.add(request, service.clock().astimezone(UTC))
    return JsonAnswer(_described(service, group_id), status_code=201)


@router.post("/compute/group/start")
async def start_group(machine_group_id: str, service: ServiceParts) -> Response:
    service.scheduler.start_group(machine_group_id)
    return JsonAnswer(NOTHING)


@router.delete("/compute/group", status_code=202)
async def terminate_group(machine_group_id: str, service: ServiceParts) -> Response:
    service.scheduler.end_group(machine_group_id)
    return JsonAnswer(NOTHING, status_code=202)


@router.get("/compute/group/{name}", response_model=MachineGroup)
async def group_by_name(name: str, service: ServiceParts) -> Response:
    return JsonAnswer(_described(service, service.groups.id_of_name(name)))


@router.get("/compute/groups", response_model=list[MachineGroup])
async def groups(service: ServiceParts) -> Response:
    return JsonAnswer(service.groups.described(service.machines.described(), service.clock()))


@router.get("/compute/price")
async def price(machine_type: str) -> Response:
    """This computer costs nothing. The second number is not 0 because clients divide by it."""
    return JsonAnswer({"on_demand_price": 0.0, "preemptible_price": 1e-9})

"""The task-runner protocol. Reports are always accepted: a runner repeats for ever what was refused."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from taskmon.core.lifecycle import Cause
from taskmon.core.runner_protocol import (
    MetricReport,
    OperationEnd,
    OperationId,
    OperationStart,
    ReportBatch,
    ReportKind,
    RunnerConnection,
    RunnerRegistration,
    TaskOrder,
)
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import Service, ServiceParts
from taskmon.service.runner_reports import envelope_of

router = APIRouter(prefix="/task-runner")

BlockSeconds = Annotated[float, Query(ge=0, le=300)]


@router.post("/register", status_code=202, response_model=RunnerConnection)
async def register(registration: RunnerRegistration, service: ServiceParts) -> Response:
    machine = service.scheduler.register(registration)
    connection = RunnerConnection(task_runner_id=machine, machine_group_id=registration.machine_group_id)
    return JsonAnswer(connection, status_code=202)


@router.delete("/{machine}")
async def leave(machine: str, service: ServiceParts) -> Response:
    """A runner that has been idle for long enough goes."""
    service.scheduler.lose_machine(machine, Cause.RUNNER_INTERRUPTED)
    return JsonAnswer(NOTHING)


@router.get("/{machine}/task", response_model=TaskOrder)
async def next_task(machine: str, request: Request, service: ServiceParts, block_s: BlockSeconds = 0) -> Response:
    """The next task, waited for up to `block_s` seconds; 204 if there is none. 404: the machine must go."""
    service.machines.note_seen(machine, service.clock())
    block_s = min(block_s, service.lease_seconds / 3)
    order = await service.bell.wait_for(lambda: service.scheduler.take(machine), block_s, request.is_disconnected)
    if service.bell.closed and order is None:
        return Response(status_code=204)
    service.machines.note_seen(machine, service.clock())
    return Response(status_code=204) if order is None else JsonAnswer(order)


@router.get("/{machine}/task/{task_id}/message")
async def next_message(
    machine: str, task_id: str, request: Request, service: ServiceParts, block_s: BlockSeconds = 0
) -> Response:
    """`kill` or `done` as a JSON text; 204 if there is nothing to say."""
    service.machines.note_seen(machine, service.clock())
    block_s = min(block_s, service.lease_seconds / 3)
    said = await service.bell.wait_for(
        lambda: service.messages.next(machine, task_id), block_s, request.is_disconnected
    )
    return Response(status_code=204) if said is None else JsonAnswer(said)


@router.post("/{machine}/task/{task_id}/message/unblock")
async def unblock(machine: str, task_id: str, service: ServiceParts) -> Response:
    service.messages.unblock(machine, task_id)
    return JsonAnswer(NOTHING)


@router.post("/{machine}/event")
async def event(machine: str, envelope: Annotated[dict[str, Any], Body()], service: ServiceParts) -> Response:
    _take_event(service, machine, envelope)
    return JsonAnswer(NOTHING)


def _take_event(service: Service, machine: str, envelope: dict[str, Any]) -> None:
    service.machines.note_seen(machine, service.clock())
    service.reports.event(machine, envelope)
    service.notifier.heard(machine, envelope)


@router.post("/{machine}/reports")
async def reports(machine: str, batch: ReportBatch, service: ServiceParts) -> Response:
    """Beyond the contract: many reports in one call, kept together on disk by one commit."""
    with service.database.transaction():
        for report in batch.reports:
            if report.kind is ReportKind.EVENT:
                _take_event(service, machine, envelope_of(report))
            elif report.kind is ReportKind.UNBLOCK:
                service.messages.unblock(machine, report.task_id)
            else:
                service.reports.batched(machine, report)
    return JsonAnswer(NOTHING)


@router.post("/{machine}/task/{task_id}/metric", status_code=202)
async def metric(machine: str, task_id: str, report: MetricReport, service: ServiceParts) -> Response:
    service.reports.metric(machine, task_id, report)
    return JsonAnswer(NOTHING, status_code=202)


@router.post("/{machine}/task/{task_id}/operation", response_model=OperationId)
async def start_operation(machine: str, task_id: str, report: OperationStart, service: ServiceParts) -> Response:
    return JsonAnswer(OperationId(operation_id=service.reports.operation_started(machine, task_id, report)))


@router.post("/{machine}/task/{task_id}/operation/{operation_id}/done")
async def end_operation(
    machine: str, task_id: str, operation_id: str, report: OperationEnd, service: ServiceParts
) -> Response:
    service.reports.operation_ended(machine, task_id, operation_id, report)
    return JsonAnswer(NOTHING)

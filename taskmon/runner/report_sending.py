"""One report, or several, as calls to the service."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from taskmon.core.notices import ObserverEvent
from taskmon.core.runner_protocol import (
    BatchedReport,
    EventEnvelope,
    EventType,
    OperationEnd,
    OperationId,
    OperationStart,
    ReportKind,
    RunnerTerminatedEvent,
    TaskEvent,
)

if TYPE_CHECKING:
    from taskmon.runner.report_journal import Report
    from taskmon.runner.service_link import ServiceLink

logger = logging.getLogger(__name__)

_EVENT_KINDS: Final[dict[str, type[TaskEvent | RunnerTerminatedEvent | ObserverEvent]]] = {
    EventType.TASK_RUNNER_TERMINATED: RunnerTerminatedEvent,
    EventType.OBSERVER_TRIGGERED: ObserverEvent,
}


def send_report(
    link: ServiceLink, runner_id: str, report: Report, operation_id: str | None, age_s: float
) -> tuple[bool, str | None] | None:
    """One try to tell a report that is `age_s` seconds old.

    (taken, id of a begun operation), or None if a later try may do better. Raises ConnectionFailedError.
    """
    path = f"/task-runner/{runner_id}/{report.path}"
    if report.kind is ReportKind.OPERATION_END:
        if operation_id is None:
            return False, None
        path += f"/{operation_id}/done"
    answer = link.call("POST", path, body=_body(report, age_s))
    if answer.is_success:
        return True, _operation_id(answer.content) if report.kind is ReportKind.OPERATION_START else None
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        logger.warning("the service answered %d to %s", answer.status_code, path)
        return None
    logger.error("the service refused %s: %d %s", path, answer.status_code, answer.text[:500])
    return False, None


def batched(report: Report, operation_id: str | None, age_s: float) -> BatchedReport:
    return BatchedReport(
        kind=report.kind,
        age_s=age_s,
        body=report.body,
        task_id=report.task_id,
        operation_id=operation_id or "",
    )


def _body(report: Report, age_s: float) -> bytes | None:
    body = report.body
    match report.kind:
        case ReportKind.EVENT:
            kind = _EVENT_KINDS.get(body["type"], TaskEvent)
            event: TaskEvent | RunnerTerminatedEvent | ObserverEvent = replace(
                msgspec.convert(body["event"], kind), elapsed_time_s=age_s
            )
            text = msgspec.json.encode(event).decode()
            return msgspec.json.encode(EventEnvelope(type=EventType(body["type"]), json=text))
        case ReportKind.OPERATION_START:
            return msgspec.json.encode(OperationStart(elapsed_time_s=age_s, **body))
        case ReportKind.OPERATION_END:
            return msgspec.json.encode(OperationEnd(elapsed_time_s=age_s, **body))
        case ReportKind.METRIC:
            return msgspec.json.encode(body)
        case ReportKind.UNBLOCK:
            return None


def _operation_id(content: bytes) -> str | None:
    try:
        return msgspec.json.decode(content, type=OperationId).operation_id
    except msgspec.MsgspecError:
        logger.warning("the service did not name the operation: %r", content[:200])
        return None

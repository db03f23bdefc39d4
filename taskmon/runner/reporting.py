"""Reports about tasks: told in order, with their age, again and again until the service has taken them.

A report is never lost while this process lives; those of the current task are also in a journal in its work folder,
from which the next runner on that folder tells what its predecessor no longer could (`tell_leftovers`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from taskmon.core.errors import ConnectionFailedError
from taskmon.core.runner_protocol import (
    EventEnvelope,
    EventType,
    MetricReport,
    OperationEnd,
    OperationId,
    OperationStart,
    RunnerTerminatedEvent,
    TaskEvent,
)
from taskmon.runner.report_journal import Journal, Report, ReportKind, find_leftovers
from taskmon.runner.service_link import BackOff, ServiceLink

logger = logging.getLogger(__name__)

TROUBLE_LIMIT_S: Final = 600.0
"""How long one report may meet answers of 500 and above before it is given up, so that it cannot block the others."""


class Delivery:
    """What becomes of the report with this `number`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._settled = threading.Event()
        self._accepted = False

    def settle(self, accepted: bool) -> None:
        """The service took the report, or refused it for good."""
        self._accepted = accepted
        self._settled.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether the report was taken, once that is known or `timeout_s` have passed."""
        return self._settled.wait(timeout_s) and self._accepted


@dataclass(frozen=True, slots=True)
class _Entry:
    report: Report
    delivery: Delivery
    journal: Journal | None


class ReportQueue:
    """Sends reports one after the other from a thread of its own. Reporting never blocks and never fails."""

    def __init__(self, link: ServiceLink, runner_id: str) -> None:
        self._link = link
        self._runner_id = runner_id
        self._entries: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._journal: Journal | None = None
        self._numbers = count(1)
        self._operation_ids: dict[int, str | None] = {}
        self._thread = threading.Thread(target=self._send_forever, name="reports", daemon=True)
        self._thread.start()

    def keep_in(self, journal: Journal | None) -> None:
        """From now on keep reports in `journal` too."""
        self._journal = journal

    def event(self, kind: EventType, event: TaskEvent | RunnerTerminatedEvent) -> Delivery:
        """Report an event; its age is filled in when it is sent."""
        return self._add(ReportKind.EVENT, "event", {"type": kind.value, "event": msgspec.to_builtins(event)})

    def metric(self, task_id: str, metric: str, value: float) -> Delivery:
        """Report one number; `metric` is a field of `core.task.TaskMetrics`."""
        body = msgspec.to_builtins(MetricReport(metric=metric, value=value))
        return self._add(ReportKind.METRIC, f"task/{task_id}/metric", body)

    def start_operation(self, task_id: str, name: str, attributes: dict[str, Any]) -> Delivery:
        """Report that a step begins; the answer is needed to end it."""
        body = {"name": name, "attributes": attributes}
        return self._add(ReportKind.OPERATION_START, f"task/{task_id}/operation", body)

    def end_operation(self, task_id: str, start: Delivery, attributes: dict[str, Any]) -> Delivery:
        """Report that the step begun by `start` has ended."""
        return self._add(
            ReportKind.OPERATION_END, f"task/{task_id}/operation", {"attributes": attributes}, start.number
        )

    def unblock(self, task_id: str) -> Delivery:
        """Ask the service to end the message poll of a task."""
        return self._add(ReportKind.UNBLOCK, f"task/{task_id}/message/unblock", {})

    def _add(self, kind: ReportKind, path: str, body: dict[str, Any], start: int | None = None) -> Delivery:
        with self._changed:
            number = next(self._numbers)
            report = Report(number=number, kind=kind, path=path, body=body, created=time.time(), start=start)
            entry = _Entry(report, Delivery(number), self._journal)
            if entry.journal is not None:
                entry.journal.add(report)
            self._entries.append(entry)
            self._changed.notify_all()
        return entry.delivery

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is settled; False if `timeout_s` passed first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._entries, timeout_s)

    def close(self) -> None:
        """Stop sending; what is left stays in the journal."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _send_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries or self._closed)
                if self._closed:
                    return
                entry = self._entries[0]
            accepted, operation_id = self._settle(entry)
            with self._changed:
                if self._closed:
                    return
                self._entries.popleft()
                if entry.journal is not None:
                    entry.journal.settle(entry.report.number, operation_id)
                if entry.report.kind is ReportKind.OPERATION_START:
                    self._operation_ids[entry.report.number] = operation_id
                entry.delivery.settle(accepted)
                self._changed.notify_all()

    def _settle(self, entry: _Entry) -> tuple[bool, str | None]:
        """Send one report until it is taken or refused."""
        pause = BackOff()
        trouble_since: float | None = None
        start = entry.report.start
        operation_id = self._operation_ids.pop(start, None) if start is not None else None
        while not self._closed:
            try:
                answer = send_report(self._link, self._runner_id, entry.report, operation_id)
            except ConnectionFailedError as error:
                logger.info("%s", error)
                trouble_since = None
            else:
                if answer is not None:
                    return answer
                trouble_since = trouble_since or time.monotonic()
                if time.monotonic() - trouble_since > TROUBLE_LIMIT_S:
                    logger.error("given up: report %s %s", entry.report.kind, entry.report.path)
                    return False, None
            with self._changed:
                self._changed.wait_for(lambda: self._closed, pause.next_s())
        return False, None


def send_report(
    link: ServiceLink, runner_id: str, report: Report, operation_id: str | None
) -> tuple[bool, str | None] | None:
    """One try: (taken, id of a begun operation), or None if a later try may do better. Raises ConnectionFailedError."""
    path = f"/task-runner/{runner_id}/{report.path}"
    if report.kind is ReportKind.OPERATION_END:
        if operation_id is None:
            return False, None
        path += f"/{operation_id}/done"
    answer = link.call("POST", path, body=_body(report))
    if answer.is_success:
        return True, _operation_id(answer.content) if report.kind is ReportKind.OPERATION_START else None
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        logger.warning("the service answered %d to %s", answer.status_code, path)
        return None
    logger.error("the service refused %s: %d %s", path, answer.status_code, answer.text[:500])
    return False, None


def _body(report: Report) -> bytes | None:
    age_s = max(0.0, time.time() - report.created)
    body = report.body
    match report.kind:
        case ReportKind.EVENT:
            of_runner = body["type"] == EventType.TASK_RUNNER_TERMINATED
            kind: type[TaskEvent | RunnerTerminatedEvent] = RunnerTerminatedEvent if of_runner else TaskEvent
            event = replace(msgspec.convert(body["event"], kind), elapsed_time_s=age_s)
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


def tell_leftovers(link: ServiceLink, work_dir: Path) -> None:
    """Tell what runners that died on this work folder had still to report, under their own names, once."""
    for leftover in find_leftovers(work_dir):
        operation_ids = leftover.operation_ids
        for report in leftover.reports:
            operation_id = operation_ids.get(report.start) if report.start is not None else None
            try:
                answer = send_report(link, leftover.runner_id, report, operation_id)
            except ConnectionFailedError as error:
                logger.info("%s", error)
                return
            operation_ids[report.number] = answer[1] if answer else None
        leftover.path.unlink(missing_ok=True)

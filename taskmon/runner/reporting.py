"""Reports about tasks: told in order, with their age, again and again until the service has taken them.

A report is never lost while this process lives; those of the current task are also in a journal in its work folder,
from which the next runner on that folder tells what its predecessor no longer could (`tell_leftovers`).
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taskmon.core.errors import ConnectionFailedError
from taskmon.core.notices import ObserverEvent
from taskmon.core.runner_protocol import (
    EventType,
    MetricReport,
    ReportBatch,
    ReportKind,
    RunnerTerminatedEvent,
    TaskEvent,
)
from taskmon.runner.report_journal import Journal, Report, find_leftovers
from taskmon.runner.report_sending import batched, send_report
from taskmon.runner.service_link import BackOff, ServiceLink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

_BATCH: Final = 100
_GATHER_S: Final = 0.1
"""How long a report that nobody waits for may gather company."""
_URGENT: Final = frozenset(EventType) - {EventType.TASK_WORK_FINISHED}
TROUBLE_LIMIT_S: Final = 600.0
"""How long one report may meet answers of 500 and above before it is given up, so that it cannot block the others."""


def _running_s() -> float:
    """Seconds since the computer was started, those that it slept included where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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
    born_s: float

    @property
    def age_s(self) -> float:
        """How old it is, whatever has happened to the clock on the wall."""
        return _running_s() - self.born_s

    @property
    def hurry(self) -> bool:
        """The end of a task, which its runner waits for."""
        return self.report.kind is ReportKind.UNBLOCK


class ReportQueue:
    """Sends reports in order from a thread of its own. Reporting never blocks and never fails.

    What has gathered while a call was under way travels together in the next one, if the service takes batches.
    """

    def __init__(self, link: ServiceLink, runner_id: str) -> None:
        self._link = link
        self._runner_id = runner_id
        self._entries: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._journal: Journal | None = None
        self._numbers = count(1)
        self._operation_ids: dict[int, str | None] = {}
        self._own_ids: dict[int, str] = {}
        self._batching = True
        self._thread = threading.Thread(target=self._send_forever, name="reports", daemon=True)
        self._thread.start()

    def keep_in(self, journal: Journal | None) -> None:
        """From now on keep reports in `journal` too, and no longer in the one before."""
        if self._journal is not None:
            self._journal.close()
        self._journal = journal

    def event(self, kind: EventType, event: TaskEvent | RunnerTerminatedEvent) -> Delivery:
        """Report an event; its age is filled in when it is sent."""
        return self._add(ReportKind.EVENT, "event", {"type": kind.value, "event": msgspec.to_builtins(event)})

    def observed(self, event: ObserverEvent) -> Delivery:
        """Report that something a user wants to hear of has been seen."""
        kind = EventType.OBSERVER_TRIGGERED
        return self._add(ReportKind.EVENT, "event", {"type": kind.value, "event": msgspec.to_builtins(event)})

    def metric(self, task_id: str, metric: str, value: float) -> Delivery:
        """Report one number; `metric` is a field of `core.task.TaskMetrics`."""
        body = msgspec.to_builtins(MetricReport(metric=metric, value=value))
        return self._add(ReportKind.METRIC, f"task/{task_id}/metric", body, task_id)

    def start_operation(self, task_id: str, name: str, attributes: dict[str, Any]) -> Delivery:
        """Report that a step begins; the answer is needed to end it."""
        body = {"name": name, "attributes": attributes}
        return self._add(ReportKind.OPERATION_START, f"task/{task_id}/operation", body, task_id)

    def end_operation(self, task_id: str, start: Delivery, attributes: dict[str, Any]) -> Delivery:
        """Report that the step begun by `start` has ended."""
        body = {"attributes": attributes}
        return self._add(ReportKind.OPERATION_END, f"task/{task_id}/operation", body, task_id, start.number)

    def unblock(self, task_id: str) -> Delivery:
        """Ask the service to end the message poll of a task."""
        return self._add(ReportKind.UNBLOCK, f"task/{task_id}/message/unblock", {}, task_id)

    def _add(
        self, kind: ReportKind, path: str, body: dict[str, Any], task_id: str = "", start: int | None = None
    ) -> Delivery:
        with self._changed:
            number = next(self._numbers)
            own_id = ""
            if kind is ReportKind.OPERATION_START:
                own_id = self._own_ids[number] = str(uuid.uuid4())
            elif start is not None:
                own_id = self._own_ids.pop(start, "")
            report = Report(
                number=number,
                kind=kind,
                path=path,
                body=body,
                created=time.time(),
                start=start,
                task_id=task_id,
                operation_id=own_id,
            )
            entry = _Entry(report, Delivery(number), self._journal, _running_s())
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
                if self._batching:
                    self._changed.wait_for(self._is_time, _GATHER_S)
                if self._closed:
                    return
                entries = list(islice(self._entries, _BATCH))
            if self._batching and self._sent_together(entries):
                settled = [(True, self._operation_of(entry.report)) for entry in entries]
            else:
                entries = entries[:1]
                settled = [self._settle(entries[0])]
            with self._changed:
                if self._closed:
                    return
                for entry, (accepted, operation_id) in zip(entries, settled, strict=True):
                    self._finish(entry, accepted, operation_id)
                self._changed.notify_all()

    def _is_time(self) -> bool:
        """Whether something is there that somebody waits for; figures and steps may wait for company."""
        return self._closed or any(entry.report.body.get("type") in _URGENT or entry.hurry for entry in self._entries)

    def _finish(self, entry: _Entry, accepted: bool, operation_id: str | None) -> None:
        self._entries.popleft()
        if entry.journal is not None:
            entry.journal.settle(entry.report.number, operation_id)
        if entry.report.kind is ReportKind.OPERATION_START:
            self._operation_ids[entry.report.number] = operation_id
        if entry.report.start is not None:
            self._operation_ids.pop(entry.report.start, None)
        entry.delivery.settle(accepted)

    def _sent_together(self, entries: Sequence[_Entry]) -> bool:
        """Whether the service took them all in one call; otherwise they are sent one by one, which says more."""
        pause = BackOff()
        while not self._closed:
            reports = [batched(entry.report, self._operation_of(entry.report), entry.age_s) for entry in entries]
            body = msgspec.json.encode(ReportBatch(reports=reports))
            try:
                answer = self._link.call("POST", f"/task-runner/{self._runner_id}/reports", body=body)
                break
            except ConnectionFailedError as error:
                logger.info("%s", error)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, pause.next_s())
        else:
            return False
        if answer.status_code in (404, 405):
            self._batching = False
        return bool(answer.is_success)

    def _operation_of(self, report: Report) -> str | None:
        """The id by which the service knows, or will know, the operation of a report."""
        known = self._operation_ids.get(report.start) if report.start is not None else None
        return known or report.operation_id or None

    def _settle(self, entry: _Entry) -> tuple[bool, str | None]:
        """Send one report until it is taken or refused."""
        pause = BackOff()
        trouble_since: float | None = None
        start = entry.report.start
        operation_id = self._operation_ids.get(start) if start is not None else None
        while not self._closed:
            try:
                answer = send_report(self._link, self._runner_id, entry.report, operation_id, entry.age_s)
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


def tell_leftovers(link: ServiceLink, work_dir: Path) -> None:
    """Tell what runners that died on this work folder had still to report, under their own names, once."""
    for leftover in find_leftovers(work_dir):
        operation_ids = leftover.operation_ids
        for report in leftover.reports:
            operation_id = operation_ids.get(report.start) if report.start is not None else None
            try:
                age_s = max(0.0, time.time() - report.created)
                answer = send_report(link, leftover.runner_id, report, operation_id, age_s)
            except ConnectionFailedError as error:
                logger.info("%s", error)
                return
            operation_ids[report.number] = answer[1] if answer else None
        leftover.path.unlink(missing_ok=True)

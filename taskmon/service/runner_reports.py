"""What a runner reports about a task, turned into what it means for the task.

A runner repeats a report until it is accepted, so nothing here refuses one: a report that comes too late, or from a
machine that does not hold the task any more, is accepted and changes nothing.
"""

from __future__ import annotations

import logging
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from taskmon.core.errors import IllegalTransitionError
from taskmon.core.lifecycle import TRANSITIONS, Cause, Status
from taskmon.core.runner_protocol import (
    EventEnvelope,
    EventType,
    MetricReport,
    OperationEnd,
    OperationStart,
    ReportKind,
    RunnerEnd,
    RunnerTerminatedEvent,
    TaskEvent,
)
from taskmon.core.task import OperationName, OperationStatus, TaskMetrics
from taskmon.service.database import time_text
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.core.runner_protocol import BatchedReport
    from taskmon.service.database import Database
    from taskmon.service.machine_repository import MachineRepository
    from taskmon.service.scheduler import Scheduler
    from taskmon.service.task_repository import TaskRepository

_log = logging.getLogger(__name__)

_ENVELOPE: Final = TypeAdapter(EventEnvelope)
_TASK_EVENT: Final = TypeAdapter(TaskEvent)
_RUNNER_EVENT: Final = TypeAdapter(RunnerTerminatedEvent)

_SIMPLE_CAUSES: Final = {
    EventType.TASK_WORK_STARTED: Cause.WORK_STARTED,
    EventType.TASK_WORK_FINISHED: Cause.WORK_FINISHED,
    EventType.TASK_KILLED: Cause.TASK_KILLED,
    EventType.TASK_EXECUTION_FAILED: Cause.EXECUTION_FAILED,
    EventType.TASK_OUTPUT_UPLOAD_FAILED: Cause.UPLOAD_FAILED,
}
_OUTPUT_CAUSES: Final = {
    Status.SUCCESS: Cause.OUTPUT_SUCCESS,
    Status.FAILED: Cause.OUTPUT_FAILED,
    Status.KILLED: Cause.OUTPUT_KILLED,
    Status.TTL_EXCEEDED: Cause.OUTPUT_TTL_EXCEEDED,
}
_END_CAUSES: Final = {
    RunnerEnd.PREEMPTED: Cause.RUNNER_PREEMPTED,
    RunnerEnd.INTERRUPTED: Cause.RUNNER_INTERRUPTED,
    RunnerEnd.IDLE_TIMEOUT: Cause.RUNNER_INTERRUPTED,
    RunnerEnd.ERROR: Cause.RUNNER_ERROR,
}
_METRIC: Final = TypeAdapter(MetricReport)
_OPERATION_START: Final = TypeAdapter(OperationStart)
_OPERATION_END: Final = TypeAdapter(OperationEnd)
_SHOWN_COMMAND: Final = 200
_SIGNAL_CODES: Final = 128
"""An exit code is this much above the number of the signal that ended the command."""
_SERVICE_METRICS: Final = ("total_seconds", "input_upload_seconds")
_WHOLE_METRICS: Final = frozenset(
    name for name in TaskMetrics.__dataclass_fields__ if name.endswith(("_bytes", "_files"))
)


class RunnerReports:
    """Applies reports of runners. `machine` is the runner's id as registered."""

    def __init__(
        self,
        *,
        database: Database,
        tasks: TaskRepository,
        machines: MachineRepository,
        scheduler: Scheduler,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._machines = machines
        self._scheduler = scheduler
        self._clock = clock

    def _moment(self, elapsed_s: float | None) -> datetime:
        """When something happened that is now `elapsed_s` seconds old, by the service's clock."""
        return self._clock() - timedelta(seconds=max(0.0, elapsed_s or 0.0))

    def _holds(self, machine: str, task_id: str) -> bool:
        if self._tasks.holder(task_id) == machine:
            return True
        _log.info("Ignored a report of machine %s about task %s, which it does not hold", machine, task_id)
        return False

    def event(self, machine: str, body: dict[str, Any]) -> None:
        """One event of a runner: an EventEnvelope of any type, also one that this version does not know."""
        try:
            envelope = _ENVELOPE.validate_python(body)
            if envelope.type is EventType.TASK_RUNNER_TERMINATED:
                self._runner_ended(machine, _RUNNER_EVENT.validate_json(envelope.json))
                return
            event = _TASK_EVENT.validate_json(envelope.json)
        except ValidationError as error:
            _log.warning("Ignored an unreadable event of machine %s: %s", machine, error)
            return
        if not self._holds(machine, event.id):
            return
        if envelope.type is EventType.TASK_OUTPUT_UPLOADED:
            cause = _OUTPUT_CAUSES.get(Status(event.new_status)) if event.new_status else None
        else:
            cause = _SIMPLE_CAUSES.get(envelope.type)
        if cause is None:
            self._tasks.touch(event.id)
            return
        self._apply(event, cause, machine)

    def batched(self, machine: str, report: BatchedReport) -> None:
        """A number or a step of a batch; one that cannot be read is logged and dropped, as the single ones are."""
        try:
            self._batched(machine, report)
        except (ValidationError, KeyError, TypeError) as error:
            _log.warning("Ignored an unreadable report of machine %s: %s", machine, error)

    def _batched(self, machine: str, report: BatchedReport) -> None:
        body = {"elapsed_time_s": report.age_s, **report.body}
        match report.kind:
            case ReportKind.METRIC:
                self.metric(machine, report.task_id, _METRIC.validate_python(report.body))
            case ReportKind.OPERATION_START:
                start = _OPERATION_START.validate_python(body)
                self.operation_started(machine, report.task_id, start, report.operation_id)
            case ReportKind.OPERATION_END:
                end = _OPERATION_END.validate_python(body)
                self.operation_ended(machine, report.task_id, report.operation_id, end)

    def _apply(self, event: TaskEvent, cause: Cause, machine: str) -> None:
        at = self._moment(event.elapsed_time_s)
        with self._database.transaction():
            try:
                detail = event.error_message
                if cause is Cause.OUTPUT_FAILED and not detail:
                    detail = self._failed_command(event.id)
                for step in path_to(cause, self._tasks.task(event.id).status):
                    self._tasks.record(event.id, step, at=at, machine=machine, detail=detail)
            except IllegalTransitionError as error:
                _log.info("Task %s: a late report changes nothing: %s", event.id, error)
            if self._tasks.task(event.id).is_terminated:
                self._machines.set_current_task(machine, None)

    def _failed_command(self, task_id: str) -> str | None:
        """Why the task failed: what its last command wrote about it, the exit code, and which command it was."""
        sql = """SELECT attributes_json FROM operations WHERE task_id = ? AND name = ? AND status = ?
                 ORDER BY number DESC LIMIT 1"""
        found = self._database.value(sql, task_id, OperationName.EXEC_COMMAND, OperationStatus.FAILED)
        return None if found is None else failure_text(orjson.loads(found))

    def _runner_ended(self, machine: str, event: RunnerTerminatedEvent) -> None:
        with self._database.transaction():
            at = self._moment(event.elapsed_time_s)
            self._scheduler.lose_machine(machine, _END_CAUSES[event.reason], event.detail, at)

    def metric(self, machine: str, task_id: str, report: MetricReport) -> None:
        """A measured number; counts and bytes are kept whole, unknown names are not kept."""
        known = report.metric in TaskMetrics.__dataclass_fields__ and report.metric not in _SERVICE_METRICS
        if known and self._holds(machine, task_id):
            value = round(report.value) if report.metric in _WHOLE_METRICS else float(report.value)
            self._tasks.set_metric(task_id, report.metric, value)

    def operation_started(self, machine: str, task_id: str, report: OperationStart, chosen_id: str = "") -> str:
        """A step begins; the id by which the runner will end it, also when nobody keeps it.

        A runner that chooses the id itself may say so twice.
        """
        operation_id = chosen_id or new_uuid()
        if report.name not in set(OperationName) or not self._holds(machine, task_id):
            return operation_id
        attributes = orjson.dumps(report.attributes).decode()
        repeated = self._repeated(machine, task_id, report.name, attributes, chosen_id)
        if repeated is not None:
            return repeated
        with self._database.transaction():
            number = self._database.value(
                "SELECT coalesce(max(number), 0) + 1 FROM operations WHERE task_id = ?", task_id
            )
            event = self._tasks.last_event(task_id)
            values: dict[str, Any] = {"id": operation_id, "number": number, "task_id": task_id, "event_id": event["id"]}
            values |= {"machine_uuid": machine, "name": report.name}
            values |= {"start_time": max(time_text(self._moment(report.elapsed_time_s)), event["timestamp"])}
            values |= {"status": OperationStatus.RUNNING, "attributes_json": attributes}
            self._database.insert("operations", values)
            self._tasks.touch(task_id)
        return operation_id

    def _repeated(self, machine: str, task_id: str, name: str, attributes: str, chosen_id: str) -> str | None:
        """The id of the operation that such a report has made before, if there is one."""
        found: str | None
        if chosen_id:
            found = self._database.value("SELECT id FROM operations WHERE id = ?", chosen_id)
        else:
            found = self._database.value(
                """SELECT id FROM operations WHERE task_id = ? AND machine_uuid = ? AND name = ? AND attributes_json = ?
                   AND status = ?""",
                *(task_id, machine, name, attributes, OperationStatus.RUNNING),
            )
        return found

    def operation_ended(self, machine: str, task_id: str, operation_id: str, report: OperationEnd) -> None:
        """A step has ended. It failed if it says so: `success` false, an `error`, or an exit code that is not zero."""
        row = self._database.row(
            "SELECT * FROM operations WHERE id = ? AND machine_uuid = ? AND task_id = ?", operation_id, machine, task_id
        )
        if row is None:
            return
        failed = report.attributes.get("success") is False or report.attributes.get("error")
        failed = failed or report.attributes.get("exit_code") not in (None, 0)
        attributes = orjson.loads(row["attributes_json"]) | report.attributes
        with self._database.transaction():
            self._database.execute(
                "UPDATE operations SET end_time = ?, status = ?, attributes_json = ? WHERE id = ?",
                max(time_text(self._moment(report.elapsed_time_s)), row["start_time"]),
                OperationStatus.FAILED if failed else OperationStatus.OK,
                orjson.dumps(attributes).decode(),
                operation_id,
            )
            self._tasks.touch(task_id)


def envelope_of(report: BatchedReport) -> dict[str, Any]:
    """An event of a batch as it would have come alone."""
    told = report.body.get("event")
    inner = {**(told if isinstance(told, dict) else {}), "elapsed_time_s": report.age_s}
    return {"type": report.body.get("type"), "json": orjson.dumps(inner).decode()}


def failure_text(attributes: dict[str, Any]) -> str | None:
    """Why a command failed, out of its attributes: what it wrote, then `Exit code 3 from: python3 -u solve.py`."""
    code, command = attributes.get("exit_code"), str(attributes.get("command", ""))[:_SHOWN_COMMAND]
    if not isinstance(code, int) or not command:
        return None
    if code > _SIGNAL_CODES and code - _SIGNAL_CODES in {number.value for number in signal.Signals}:
        ended = f"Ended by signal {signal.Signals(code - _SIGNAL_CODES).name}: {command}"
    else:
        ended = f"Exit code {code} from: {command}"
    said = str(attributes.get("error_line", ""))[:_SHOWN_COMMAND]
    return f"{said}\n{ended}" if said else ended


def path_to(cause: Cause, status: Status) -> list[Cause]:
    """What must have happened to a task in `status` for `cause` to happen now: missing reports made good, then `cause`.

    A runner reports every step, but one report may be lost for ever with the machine's power; the last word counts.
    """
    if cause is Cause.TASK_KILLED and TRANSITIONS.get((status, Cause.USER_KILL)) is Status.PENDING_KILL:
        return [Cause.USER_KILL, cause]
    steps: list[Cause] = []
    current = status
    for earlier in (Cause.WORK_STARTED, Cause.WORK_FINISHED):
        if (current, cause) in TRANSITIONS or cause is earlier:
            break
        if (current, earlier) in TRANSITIONS:
            steps.append(earlier)
            current = TRANSITIONS[current, earlier]
    return [*steps, cause] if (current, cause) in TRANSITIONS else [cause]

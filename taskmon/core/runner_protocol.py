"""What a runner and the service say to each other about a task.

Source: the task-runner protocol of the Inductiva Web API. Two of its habits are kept: an order is a flat dictionary
of strings, and an event travels as JSON text inside JSON. `elapsed_time_s` is the age of a report when it is sent, so
that a report that had to wait still tells the right time: event time = service time - elapsed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

KILL_MESSAGE: Final = "kill"
DONE_MESSAGE: Final = "done"
SIMULATOR: Final = "arbitrary_commands"
RUNNER_HEADER: Final = "x-task-runner-id"
"""Request header by which a runner says who it is where the path does not, so that a given-up one stores nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MpiConfig:
    version: str
    options: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line of a task, split without a shell. `prompts` are the lines it reads from standard input."""

    cmd: str
    prompts: list[str] = field(default_factory=list)
    mpi_config: MpiConfig | None = None
    env: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerRegistration:
    """`memory` in bytes."""

    create_time: datetime
    cpu_count_logical: int
    memory: int
    host_name: str
    host_id: str
    machine_group_id: str
    cpu_count_physical: int | None = None
    mpi_cluster: bool = False
    num_mpi_hosts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerConnection:
    task_runner_id: str
    machine_group_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """A task handed to a runner. `extra_params` and `input_resources` are JSON texts; numbers are texts too."""

    id: str
    project_id: str
    task_dir: str
    container_image: str
    simulator: str
    extra_params: str
    storage_region: str | None = None
    submitted_timestamp: str | None = None
    input_resources: str = "[]"
    stream_zip: str = "t"
    compress_with: str = "AUTO"
    time_to_live_seconds: str | None = None


class EventType(StrEnum):
    TASK_PICKED_UP = "TaskPickedUp"
    TASK_WORK_STARTED = "TaskWorkStarted"
    TASK_WORK_FINISHED = "TaskWorkFinished"
    TASK_OUTPUT_STALLED = "TaskOutputStalled"
    TASK_OUTPUT_UPLOADED = "TaskOutputUploaded"
    TASK_OUTPUT_UPLOAD_FAILED = "TaskOutputUploadFailed"
    TASK_KILLED = "TaskKilled"
    TASK_EXECUTION_FAILED = "TaskExecutionFailed"
    OBSERVER_TRIGGERED = "ObserverTriggered"
    TASK_RUNNER_TERMINATED = "TaskRunnerTerminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnvelope:
    """`json` is the text of a TaskEvent or a RunnerTerminatedEvent."""

    type: EventType
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """The inside of every event about one task; which fields count depends on the type.

    `new_status` (TaskOutputUploaded) is success, failed, killed, ttl-exceeded or None; `error_message` belongs to
    TaskExecutionFailed and TaskOutputUploadFailed.
    """

    timestamp: datetime
    id: str
    elapsed_time_s: float | None = None
    machine_id: str | None = None
    new_status: str | None = None
    error_message: str | None = None
    traceback: str | None = None


class RunnerEnd(StrEnum):
    INTERRUPTED = "interrupted"
    PREEMPTED = "preempted"
    ERROR = "error"
    IDLE_TIMEOUT = "idle_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerTerminatedEvent:
    timestamp: datetime
    uuid: str
    reason: RunnerEnd
    stopped_tasks: list[str]
    elapsed_time_s: float | None = None
    issuer: str | None = "task-runner"
    detail: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricReport:
    """`metric` is a field name of `core.task.TaskMetrics`."""

    metric: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationStart:
    elapsed_time_s: float
    name: str
    attributes: dict[str, Any]
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEnd:
    elapsed_time_s: float
    attributes: dict[str, Any]
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationId:
    operation_id: str


class ReportKind(StrEnum):
    """What a report of a runner is about, which decides where it goes."""

    EVENT = "event"
    METRIC = "metric"
    OPERATION_START = "operation-start"
    OPERATION_END = "operation-end"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedReport:
    """One of several reports that travel together, which only this project's service takes.

    `body` is that of the single report, an event as `{"type", "event"}`; `operation_id` is chosen by the runner, so
    that a batch sent twice makes no operation twice.
    """

    kind: ReportKind
    age_s: float
    body: dict[str, Any]
    task_id: str = ""
    operation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBatch:
    """Reports in the order in which they were made."""

    reports: list[BatchedReport]

"""A task as it travels over the wire: the request that makes one, the row of a list, the full detail.

The dataclasses are the JSON of the contract, field by field. The client decodes them with msgspec, the service
describes them to FastAPI; nobody edits one. Source: the models Task, TaskWithStatusHistory, TaskRequest and their
parts in the Inductiva Web API. Times are aware, UTC; byte counts and core counts are integers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from taskmon.core.lifecycle import Status

RESUBMITTED_FROM = "resubmitted_from"
"""Metadata key: the id of the task that this one runs again."""

TASK_NAME = "name"
"""Metadata key: the name a person gave the task (by default that of the dropped folder)."""


_LABEL_LENGTH = 200


class OperationName(StrEnum):
    """What a runner does for a task, step by step."""

    EXEC_COMMAND = "exec_command"
    DOWNLOAD_CONTAINER = "download_container"
    DOWNLOAD_INPUT = "download_input"
    UNCOMPRESS_INPUT = "uncompress_input"
    COMPRESS_OUTPUT = "compress_output"
    UPLOAD_OUTPUT = "upload_output"


class OperationStatus(StrEnum):
    RUNNING = "RUNNING"
    OK = "OK"
    FAILED = "FAILED"


class CompressionMethod(StrEnum):
    AUTO = "AUTO"
    SEVEN_Z = "SEVEN_Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step of a runner. `attributes` carries e.g. `command` and `exit_code` of an `exec_command`."""

    name: OperationName
    alias: str
    start_timestamp: datetime
    end_timestamp: datetime | None = None
    status: OperationStatus
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """One visit of a state. `end_timestamp` is None while it is the current one."""

    status: Status
    timestamp: datetime
    end_timestamp: datetime | None = None
    alias: str
    description: str
    machine_id: str | None = None
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executer:
    """The machine that works, or worked, on a task (the wire's spelling). `memory` in bytes."""

    uuid: str
    cpu_count_logical: int
    cpu_count_physical: int
    memory: int
    n_mpi_hosts: int
    vm_type: str
    vm_name: str | None = None
    host_type: str
    error_detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMetrics:
    """Measured durations [s] and sizes [bytes] of a task; None for what has not been measured."""

    total_seconds: float | None = None
    container_image_download_seconds: float | None = None
    container_image_size_bytes: int | None = None
    queue_time_seconds: float | None = None
    computation_seconds: float | None = None
    input_upload_seconds: float | None = None
    input_download_seconds: float | None = None
    input_decompression_seconds: float | None = None
    output_upload_seconds: float | None = None
    input_zipped_size_bytes: int | None = None
    input_size_bytes: int | None = None
    output_total_files: int | None = None
    output_size_bytes: int | None = None
    output_zipped_size_bytes: int | None = None
    output_compression_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrationFee:
    amount: float
    charged: bool
    currency: str | None = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of a simulator, as in a list of tasks.

    `time_to_live_seconds` is an extension of the embedded service, so that a task can be run again as it was.
    """

    task_id: str
    status: Status
    status_alias: str
    simulator: str
    project: str
    is_terminated: bool
    num_retries: int
    duration_seconds: float | None = None
    storage_path: str | None = None
    storage_input_path: str | None = None
    storage_output_path: str | None = None
    storage_region: str | None = None
    container_image: str | None = None
    create_time: datetime | None = None
    input_submit_time: datetime | None = None
    start_time: datetime | None = None
    computation_start_time: datetime | None = None
    computation_end_time: datetime | None = None
    end_time: datetime | None = None
    estimated_computation_cost: float | None = None
    metrics: TaskMetrics | None = None
    executer: Executer | None = None
    machine_group_name: str | None = None
    machine_group_id: str | None = None
    error_detail: str | None = None
    input_resources: list[str] | None = None
    stream_zip: bool | None = True
    compress_with: CompressionMethod | None = None
    task_metadata: dict[str, str] | None = None
    extra_params: dict[str, Any] | None = None
    resubmit_on_preemption: bool | None = False
    orchestration_fee: OrchestrationFee | None = None
    time_to_live_seconds: float | None = None

    @property
    def name(self) -> str:
        """What a person calls it: its given name, else its id."""
        return (self.task_metadata or {}).get(TASK_NAME) or self.task_id

    @property
    def has_name(self) -> bool:
        """Whether a person has given it a name."""
        return bool((self.task_metadata or {}).get(TASK_NAME))

    @property
    def label(self) -> str:
        """Its given name, else what tells it best in a list: the first command that it runs, or its simulator."""
        return (self.task_metadata or {}).get(TASK_NAME) or _first_command(self.extra_params) or self.simulator

    @property
    def parent_id(self) -> str | None:
        """The task that this one runs again, if it does."""
        return (self.task_metadata or {}).get(RESUBMITTED_FROM)


def _first_command(params: dict[str, Any] | None) -> str:
    """Empty where there is none; what a service tells here may be anything."""
    commands = (params or {}).get("commands")
    first = commands[0] if isinstance(commands, list) and commands else None
    line = first.get("cmd") if isinstance(first, dict) else first
    return " ".join(line[:_LABEL_LENGTH].split()) if isinstance(line, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetail(Task):
    """A task with every state it has visited, oldest first; the last entry is the current one."""

    status_history: list[StatusEntry]
    machine_operations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """One page of the list. `total_size` counts every task that matches, not just these."""

    total_size: int
    tasks: list[Task]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePosition:
    tasks_ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    id: str
    status: Status
    is_terminated: bool
    position_in_queue: QueuePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """What a client sends to make a task. `resource_pool` is the id of a machine group.

    `extra_params` holds `sim_dir`, `commands` (a list of `core.runner_protocol.Command`) and whatever the simulator
    needs; `time_to_live_seconds` limits the run of the commands.
    """

    simulator: str
    resource_pool: str
    container_image: str
    simulator_name_alias: str | None = None
    storage_path_prefix: str | None = ""
    project: str | None = None
    time_to_live_seconds: float | None = None
    resubmit_on_preemption: bool | None = False
    input_resources: list[str] | None = None
    stream_zip: bool | None = True
    compress_with: CompressionMethod | None = None
    extra_params: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedTask:
    """The answer to a submission. Inputs are uploaded only while `status` is `pending-input`."""

    id: str
    status: Status
    is_terminated: bool
    position_in_queue: QueuePosition | None = None
    storage_region: str | None = None
    time_to_live_seconds: float | None = None
    orchestration_fee: OrchestrationFee | None = None

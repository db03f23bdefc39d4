"""Machine groups and the machines in them, as they travel over the wire.

Source: the models VMGroupConfig, RegisterVMGroupRequest, MachineInfo of the Inductiva Web API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

OWN_GROUP: Final = "this-computer"
"""The name of the machine group that this computer's service makes at its first start."""
LOCAL_MACHINE_TYPE: Final = "local"
"""The type of the machines of this computer, where a machine type is only a name."""


class Provider(StrEnum):
    GCP = "GCP"
    LOCAL = "LOCAL"


class MachineGroupStatus(StrEnum):
    REGISTERED = "registered"
    STARTING = "starting"
    START_FAILED = "start_failed"
    STARTED = "started"
    SHUTTING_DOWN = "shutting_down"
    SHUTDOWN_FAILED = "shutdown_failed"
    TERMINATED = "terminated"


class MachineGroupType(StrEnum):
    STANDARD = "standard"
    MPI = "mpi"
    ELASTIC = "elastic"


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuInfo:
    cpu_cores_logical: int
    cpu_cores_physical: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuInfo:
    gpu_count: int
    gpu_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicDiskResizeConfig:
    free_space_threshold_gb: int
    max_disk_size_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerHour:
    """US dollars per hour for the whole group at its smallest and its largest."""

    min: float = 0.0
    max: float = 0.0
    current: float | None = None
    min_reason: str = "this computer costs nothing"
    max_reason: str = "this computer costs nothing"
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine of a group: a runner. Memory in bytes, disk in GB."""

    uuid: str
    cpu_count_logical: int
    cpu_count_physical: int
    memory_bytes: int
    host_name: str | None = None
    started_at: datetime | None = None
    terminated_at: datetime | None = None
    last_seen_at: datetime | None = None
    current_task_id: str | None = None
    disk_size_gb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineGroupRequest:
    """What a client sends to make a group. `max_idle_time` in seconds."""

    machine_type: str | None = None
    name: str | None = None
    provider_id: str | None = "GCP"
    threads_per_core: int | None = 2
    disk_size_gb: int | None = 10
    max_idle_time: float | None = None
    auto_terminate_ts: datetime | None = None
    dynamic_disk_resize_config: DynamicDiskResizeConfig | None = None
    custom_vm_image: str | None = None
    num_vms: int | None = None
    min_vms: int | None = None
    max_vms: int | None = None
    type: MachineGroupType | None = None
    is_elastic: bool | None = False
    spot: bool | None = False
    cpu_cores_logical: int | None = None
    cpu_cores_physical: int | None = None
    zone: str | None = None
    gpu_count: int | None = None
    gpu_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineGroup:
    """A group as the service describes it. `num_vms` counts its machines, `max_vms` the most it may have."""

    zone: str
    id: str | None = None
    name: str | None = None
    machine_type: str | None = None
    provider_id: Provider | None = None
    status: MachineGroupStatus | None = None
    started: bool | None = False
    type: MachineGroupType | None = None
    is_elastic: bool | None = False
    spot: bool | None = False
    num_vms: int | None = None
    min_vms: int | None = None
    max_vms: int | None = None
    threads_per_core: int | None = None
    disk_size_gb: int | None = None
    total_ram_gb: int | None = None
    idle_seconds: int | None = None
    max_idle_time: float | None = None
    auto_terminate_ts: datetime | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    quota_usage: dict[str, float] | None = None
    dynamic_disk_resize_config: DynamicDiskResizeConfig | None = None
    custom_vm_image: str | None = None
    machines: list[Machine] | None = field(default_factory=list)
    provider_description: str | None = None
    cost_per_hour: CostPerHour | None = None
    gpu_info: GpuInfo | None = None
    cpu_info: CpuInfo | None = None

"""The machine groups in the database, and what they look like on the wire."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError, RefusedError
from taskmon.core.machine import (
    LOCAL_MACHINE_TYPE,
    CostPerHour,
    CpuInfo,
    GpuInfo,
    Machine,
    MachineGroup,
    MachineGroupRequest,
    MachineGroupStatus,
    MachineGroupType,
    Provider,
)
from taskmon.service.database import parse_time, time_text
from taskmon.service.identifiers import new_group_name, new_uuid
from taskmon.service.task_rows import STORAGE_REGION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from taskmon.service.database import Database
    from taskmon.service.machines.computer import Computer

NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What clients read as: this group has no time limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """What the service itself needs to know about a group. `managed`: it starts and watches the group's runners.

    An elastic group has `machine_count` machines now, between `least_machines` and `most_machines`. A `spot` group
    works only while the computer is otherwise idle.
    """

    id: str
    name: str
    status: MachineGroupStatus
    managed: bool
    machine_count: int
    kind: MachineGroupType
    least_machines: int
    most_machines: int
    max_idle_time: float | None
    auto_terminate: datetime | None
    busy_at: datetime
    spot: bool


class GroupRepository:
    """Reads and writes machine groups."""

    def __init__(self, database: Database, computer: Computer) -> None:
        self._database = database
        self._computer = computer

    def add(self, request: MachineGroupRequest, at: datetime) -> str:
        """A new group; its id. Raises RefusedError if a living group has that name.

        With a number of machines it waits to be started, and the service runs the machines. Without one it counts as
        started and its machines are runners that register by themselves. An MPI cluster is one runner, whose hosts
        share this computer's cores.
        """
        name = request.name or new_group_name()
        if self._database.value("SELECT 1 FROM machine_groups WHERE name = ? AND deleted_at IS NULL", name):
            raise RefusedError(f"There is already a machine group “{name}”.", "Choose another name.", status_code=409)
        kind, count, least, most = _size(request)
        group_id, computer = new_uuid(), self._computer
        cores = computer.cores_logical // most if kind is MachineGroupType.MPI and most else computer.cores_logical
        with self._database.transaction():
            self._database.insert(
                "machine_groups",
                {
                    "id": group_id,
                    "name": name,
                    "machine_type": request.machine_type or LOCAL_MACHINE_TYPE,
                    "status": MachineGroupStatus.STARTED if count is None else MachineGroupStatus.REGISTERED,
                    "managed": count is not None,
                    "machine_count": count or 0,
                    "kind": kind,
                    "least_machines": least,
                    "most_machines": most,
                    "threads_per_core": request.threads_per_core,
                    "disk_size_gb": request.disk_size_gb,
                    "cores_logical": request.cpu_cores_logical or max(1, cores),
                    "cores_physical": request.cpu_cores_physical or computer.cores_physical,
                    "memory_bytes": computer.memory_bytes,
                    "gpu_count": request.gpu_count,
                    "gpu_name": request.gpu_name,
                    "max_idle_time": request.max_idle_time,
                    "auto_terminate": time_text(request.auto_terminate_ts) if request.auto_terminate_ts else None,
                    "created_at": time_text(at),
                    "busy_at": time_text(at),
                    # Cloud machines are spot unless asked otherwise; here that would be a surprise.
                    "spot": bool(request.spot) and request.provider_id == Provider.LOCAL,
                },
            )
        return group_id

    def set_machine_count(self, group_id: str, count: int) -> None:
        """The group shall have so many machines from now on."""
        with self._database.transaction():
            self._database.execute("UPDATE machine_groups SET machine_count = ? WHERE id = ?", count, group_id)

    def set_status(self, group_id: str, status: MachineGroupStatus, at: datetime) -> None:
        """A started group begins to be idle now; a terminated one is gone and its name free again."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE machine_groups SET status = ?, busy_at = ? WHERE id = ?", status, time_text(at), group_id
            )
            if status is MachineGroupStatus.TERMINATED:
                self._database.execute("UPDATE machine_groups SET deleted_at = ? WHERE id = ?", time_text(at), group_id)

    def note_work(self, group_id: str, at: datetime) -> None:
        """The group has work now: its idle time starts anew."""
        with self._database.transaction():
            self._database.execute("UPDATE machine_groups SET busy_at = ? WHERE id = ?", time_text(at), group_id)

    def note_clock_set(self, at: datetime) -> None:
        """The clock jumped or stood still: idle times of before mean nothing, all start anew."""
        with self._database.transaction():
            self._database.execute("UPDATE machine_groups SET busy_at = ? WHERE deleted_at IS NULL", time_text(at))

    def any_ever(self) -> bool:
        """Whether there has ever been a group."""
        return self._database.value("SELECT 1 FROM machine_groups LIMIT 1") is not None

    def record(self, group_id: str) -> GroupRecord:
        """A group, living or terminated. Raises NotFoundError."""
        row = self._database.row("SELECT * FROM machine_groups WHERE id = ?", group_id)
        if row is None:
            raise NotFoundError(f"There is no machine group “{group_id}”.", "Choose one of the existing groups.")
        return _record_of(row)

    def living(self) -> list[GroupRecord]:
        """Every group that is not terminated, oldest first."""
        sql = "SELECT * FROM machine_groups WHERE deleted_at IS NULL ORDER BY created_at, id"
        return [_record_of(row) for row in self._database.rows(sql)]

    def described(self, machines: dict[str, list[Machine]], now: datetime) -> list[MachineGroup]:
        """Every living group as clients see it; `machines` are the living machines by group id."""
        sql = "SELECT * FROM machine_groups WHERE deleted_at IS NULL ORDER BY created_at, id"
        return [_group_of(row, machines.get(row["id"], []), now) for row in self._database.rows(sql)]

    def describe(self, group_id: str, machines: Sequence[Machine], now: datetime) -> MachineGroup:
        """One group as clients see it. Raises NotFoundError."""
        row = self._database.row("SELECT * FROM machine_groups WHERE id = ?", group_id)
        if row is None:
            raise NotFoundError(f"There is no machine group “{group_id}”.", "Choose one of the existing groups.")
        return _group_of(row, machines, now)

    def id_of_name(self, name: str) -> str:
        """The id of the living group of that name. Raises NotFoundError."""
        found: str | None = self._database.value(
            "SELECT id FROM machine_groups WHERE name = ? AND deleted_at IS NULL", name
        )
        if found is None:
            raise NotFoundError(f"There is no machine group “{name}”.", "Choose one of the existing groups.")
        return found


def _size(request: MachineGroupRequest) -> tuple[MachineGroupType, int | None, int | None, int | None]:
    """The kind of group, its machines at first (None: they register by themselves), and the bounds of that number."""
    if request.is_elastic or request.type is MachineGroupType.ELASTIC:
        least = request.min_vms if request.min_vms is not None else request.num_vms or 1
        return MachineGroupType.ELASTIC, least, least, max(1, least, request.max_vms or 0)
    if request.type is MachineGroupType.MPI:
        return MachineGroupType.MPI, 1, None, max(1, request.num_vms or 1)
    return MachineGroupType.STANDARD, request.num_vms if request.num_vms is not None else request.min_vms, None, None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _record_of(row: sqlite3.Row) -> GroupRecord:
    return GroupRecord(
        id=row["id"],
        name=row["name"],
        status=MachineGroupStatus(row["status"]),
        managed=bool(row["managed"]),
        machine_count=row["machine_count"],
        kind=MachineGroupType(row["kind"]),
        least_machines=row["machine_count"] if row["least_machines"] is None else row["least_machines"],
        most_machines=row["machine_count"] if row["most_machines"] is None else row["most_machines"],
        max_idle_time=row["max_idle_time"],
        auto_terminate=parse_time(row["auto_terminate"]),
        busy_at=_moment(row["busy_at"]),
        spot=bool(row["spot"]),
    )


def _group_of(row: sqlite3.Row, machines: Sequence[Machine], now: datetime) -> MachineGroup:
    started = row["status"] == MachineGroupStatus.STARTED
    busy = any(machine.current_task_id for machine in machines)
    idle = 0 if busy or not started else max(0, int((now - _moment(row["busy_at"])).total_seconds()))
    count = row["machine_count"] if row["managed"] else max(1, len(machines))
    least = count if row["least_machines"] is None else row["least_machines"]
    most = count if row["most_machines"] is None else row["most_machines"]
    kind, vcpus = MachineGroupType(row["kind"]), row["cores_logical"]
    is_elastic, is_cluster = kind is MachineGroupType.ELASTIC, kind is MachineGroupType.MPI
    return MachineGroup(
        zone=STORAGE_REGION,
        id=row["id"],
        name=row["name"],
        machine_type=row["machine_type"],
        provider_id=Provider.LOCAL,
        status=MachineGroupStatus(row["status"]),
        started=started,
        type=kind,
        is_elastic=is_elastic,
        spot=bool(row["spot"]),
        num_vms=most * bool(machines) if is_cluster else len(machines),
        min_vms=most if is_cluster else least,
        max_vms=most,
        threads_per_core=row["threads_per_core"],
        disk_size_gb=row["disk_size_gb"],
        total_ram_gb=math.floor(row["memory_bytes"] / 1e9),
        idle_seconds=idle,
        max_idle_time=row["max_idle_time"],
        auto_terminate_ts=parse_time(row["auto_terminate"]) or NEVER,
        creation_timestamp=_moment(row["created_at"]),
        deletion_timestamp=parse_time(row["deleted_at"]),
        quota_usage={"max_vcpus": vcpus * most, "max_instances": most, "max_price_hour": 0.0},
        machines=list(machines),
        provider_description="This computer",
        cost_per_hour=CostPerHour(min=0.0, max=0.0, current=0.0, currency="USD"),
        gpu_info=GpuInfo(gpu_count=row["gpu_count"], gpu_name=row["gpu_name"] or "") if row["gpu_count"] else None,
        cpu_info=CpuInfo(cpu_cores_logical=vcpus, cpu_cores_physical=row["cores_physical"]),
    )

"""The machines (registered runners) in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskmon.core.machine import LOCAL_MACHINE_TYPE, Machine
from taskmon.core.task import Executer
from taskmon.service.database import parse_time, time_text
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from taskmon.core.runner_protocol import RunnerRegistration
    from taskmon.service.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRecord:
    """A registered machine. `alive` is False once it said good-bye, was lost, or its group ended."""

    uuid: str
    group_id: str
    host_name: str
    alive: bool
    current_task_id: str | None


class MachineRepository:
    """Reads and writes machines."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, datetime] = {}

    def register(self, registration: RunnerRegistration, at: datetime) -> str:
        """A new machine of the group; its id. A runner that starts again is a new machine."""
        uuid = new_uuid()
        with self._database.transaction():
            self._database.insert(
                "machines",
                {
                    "uuid": uuid,
                    "group_id": registration.machine_group_id,
                    "host_name": registration.host_name,
                    "cores_logical": registration.cpu_count_logical,
                    "cores_physical": registration.cpu_count_physical or registration.cpu_count_logical,
                    "memory_bytes": registration.memory,
                    "mpi_hosts": registration.num_mpi_hosts,
                    "started_at": time_text(at),
                    "last_seen_at": time_text(at),
                },
            )
        return uuid

    def find(self, uuid: str) -> MachineRecord | None:
        """The machine, alive or not; None if nobody ever registered as `uuid`."""
        row = self._database.row("SELECT * FROM machines WHERE uuid = ?", uuid)
        return None if row is None else _record_of(row)

    def note_seen(self, uuid: str, at: datetime) -> None:
        """The machine has just been heard of; kept by `keep_seen`, for hundreds of calls a second say so."""
        self._seen[uuid] = at

    def keep_seen(self) -> None:
        """Write down when machines were last heard of, those that have been since the last time."""
        if not self._seen:
            return
        with self._database.transaction():
            for uuid, at in self._seen.items():
                self._database.execute("UPDATE machines SET last_seen_at = ? WHERE uuid = ?", time_text(at), uuid)
        self._seen.clear()  # only now: what a locked database did not take is not forgotten

    def note_all_seen(self, at: datetime) -> None:
        """Give every living machine the benefit of the doubt: the service itself was away."""
        with self._database.transaction():
            self._database.execute("UPDATE machines SET last_seen_at = ? WHERE terminated_at IS NULL", time_text(at))
        self._seen.clear()

    def set_current_task(self, uuid: str, task_id: str | None) -> None:
        self._database.execute("UPDATE machines SET current_task_id = ? WHERE uuid = ?", task_id, uuid)

    def end(self, uuid: str, at: datetime) -> None:
        """The machine is gone."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE machines SET terminated_at = coalesce(terminated_at, ?), current_task_id = NULL WHERE uuid = ?",
                time_text(at),
                uuid,
            )

    def forget_ended(self, before: datetime) -> None:
        """Drop what is known of machines that were gone by then; their tasks know what they have to."""
        self._database.execute("DELETE FROM machines WHERE terminated_at < ?", time_text(before))

    def living(self, group_id: str | None = None) -> list[MachineRecord]:
        """Machines that are alive, of one group or of all."""
        sql = "SELECT * FROM machines WHERE terminated_at IS NULL AND group_id = coalesce(?, group_id)"
        return [_record_of(row) for row in self._database.rows(sql, [group_id])]

    def silent_since(self, moment: datetime) -> list[str]:
        """Living machines that have not been heard of since `moment`."""
        self.keep_seen()
        sql = "SELECT uuid FROM machines WHERE terminated_at IS NULL AND last_seen_at < ?"
        return [row["uuid"] for row in self._database.rows(sql, [time_text(moment)])]

    def living_of_host(self, group_id: str, host_name: str) -> str | None:
        """The id of the group's living machine of that name, the latest if there were several."""
        sql = """SELECT uuid FROM machines WHERE terminated_at IS NULL AND group_id = ? AND host_name = ?
                 ORDER BY started_at DESC LIMIT 1"""
        found: str | None = self._database.value(sql, group_id, host_name)
        return found

    def described(self) -> dict[str, list[Machine]]:
        """The living machines as clients see them, by group id. Only reads: a full disk must not hide them."""
        groups: dict[str, list[Machine]] = {}
        for row in self._database.rows("SELECT * FROM machines WHERE terminated_at IS NULL ORDER BY started_at, uuid"):
            groups.setdefault(row["group_id"], []).append(_machine_of(row, self._seen.get(row["uuid"])))
        return groups

    def executer(self, uuid: str) -> Executer:
        """The machine as a task describes it."""
        row = self._database.row(
            """SELECT machines.*, machine_groups.machine_type FROM machines
               JOIN machine_groups ON machine_groups.id = machines.group_id WHERE uuid = ?""",
            uuid,
        )
        assert row is not None
        local = row["machine_type"] == LOCAL_MACHINE_TYPE
        return Executer(
            uuid=uuid,
            cpu_count_logical=row["cores_logical"],
            cpu_count_physical=row["cores_physical"],
            memory=row["memory_bytes"],
            n_mpi_hosts=row["mpi_hosts"],
            vm_type="n/a" if local else row["machine_type"],
            vm_name=row["host_name"],
            host_type="LOCAL",
        )


def _record_of(row: sqlite3.Row) -> MachineRecord:
    return MachineRecord(
        uuid=row["uuid"],
        group_id=row["group_id"],
        host_name=row["host_name"],
        alive=row["terminated_at"] is None,
        current_task_id=row["current_task_id"],
    )


def _machine_of(row: sqlite3.Row, seen: datetime | None) -> Machine:
    return Machine(
        uuid=row["uuid"],
        cpu_count_logical=row["cores_logical"],
        cpu_count_physical=row["cores_physical"],
        memory_bytes=row["memory_bytes"],
        host_name=row["host_name"],
        started_at=parse_time(row["started_at"]),
        terminated_at=parse_time(row["terminated_at"]),
        last_seen_at=seen or parse_time(row["last_seen_at"]),
        current_task_id=row["current_task_id"],
    )

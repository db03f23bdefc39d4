"""Which runner processes were started, kept in the database so that a restarted service recognises them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.service.machines.provider import RunnerProcess

if TYPE_CHECKING:
    from taskmon.service.database import Database


class RunnerRecords:
    """Reads and writes the table of runner processes, one row per name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, runner: RunnerProcess) -> None:
        """Keep what is known about a runner; replaces the one before it of the same name."""
        with self._database.transaction():
            self.remove(runner.name)
            self._database.insert(
                "runners",
                {
                    "name": runner.name,
                    "group_id": runner.group_id,
                    "pid": runner.pid,
                    "pid_created": runner.pid_created,
                    "machine_uuid": runner.machine,
                },
            )

    def note_machine(self, name: str, machine: str) -> None:
        """The runner has registered as `machine`."""
        self._database.execute("UPDATE runners SET machine_uuid = ? WHERE name = ?", machine, name)

    def remove(self, name: str) -> None:
        self._database.execute("DELETE FROM runners WHERE name = ?", name)

    def has_group(self, group_id: str) -> bool:
        """Whether there is, or was, such a group."""
        return bool(self._database.value("SELECT 1 FROM machine_groups WHERE id = ?", group_id))

    def find(self, name: str) -> RunnerProcess | None:
        return next((runner for runner in self.list() if runner.name == name), None)

    def list(self, group_id: str | None = None) -> list[RunnerProcess]:
        """Every runner of one group or of all."""
        sql = "SELECT * FROM runners WHERE group_id = coalesce(?, group_id) ORDER BY name"
        return [
            RunnerProcess(
                name=row["name"],
                group_id=row["group_id"],
                pid=row["pid"],
                pid_created=row["pid_created"],
                machine=row["machine_uuid"],
            )
            for row in self._database.rows(sql, [group_id])
        ]

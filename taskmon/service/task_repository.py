"""The tasks in the database. `record()` is the only place that writes a status, and it asks `lifecycle.advance()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from taskmon.core.errors import NotFoundError, RefusedError
from taskmon.core.lifecycle import Cause, Status, advance, facts
from taskmon.core.runner_protocol import SIMULATOR
from taskmon.core.task import CompressionMethod, Executer, OperationStatus, Task, TaskDetail, TaskRequest
from taskmon.service.database import Database, SqlValue, time_text
from taskmon.service.task_rows import TASK_COLUMNS, task_detail_of, task_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

MAX_RETRIES: Final = 3
"""How often a task that asked for it is put back into the queue after its machine was lost: it may be the cause."""
MAX_PREEMPTIONS: Final = 100
"""The same after a spot machine was taken back, which no task can help."""

_TIME_COLUMNS: Final[Mapping[Status, str]] = {
    Status.SUBMITTED: "input_submit_time",
    Status.STARTED: "start_time",
    Status.COMPUTATION_STARTED: "computation_start_time",
    Status.COMPUTATION_ENDED: "computation_end_time",
}

LIVE_STATUSES: Final = tuple(
    str(status) for status in Status if not facts(status).terminal and status is not Status.PENDING_INPUT
)
"""States in which a task needs this service. Waiting for input is not one: without a client nothing will arrive."""


class TaskRepository:
    """Reads and writes tasks. Every change of a task gives it the next change number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, task_id: str, request: TaskRequest, *, project_id: str, storage_path: str, at: datetime) -> None:
        """A new task, which then waits for its input."""
        with self._database.transaction():
            self._database.insert(
                "tasks",
                {
                    "task_id": task_id,
                    "change": self._next_change(),
                    "status": Status.PENDING_INPUT,
                    "is_terminated": 0,
                    "simulator": request.simulator_name_alias or SIMULATOR,
                    "project_id": project_id,
                    "group_id": request.resource_pool,
                    "container_image": request.container_image,
                    "storage_path": storage_path,
                    "time_to_live_seconds": request.time_to_live_seconds,
                    "resubmit_on_preemption": bool(request.resubmit_on_preemption),
                    "stream_zip": request.stream_zip is not False,
                    "compress_with": request.compress_with or CompressionMethod.AUTO,
                    "input_resources_json": orjson.dumps(request.input_resources or []).decode(),
                    "extra_params_json": orjson.dumps(request.extra_params or {}).decode(),
                    "create_time": time_text(at),
                },
            )
            self._add_event(task_id, Cause.SUBMIT, advance(None, Cause.SUBMIT), time_text(at), None, None)

    def note_submission(self, key: str, task_id: str, at: datetime) -> None:
        """The submission with this key made this task."""
        values: dict[str, SqlValue] = {"key": key, "task_id": task_id, "created_at": time_text(at)}
        self._database.insert("submissions", values)

    def of_submission(self, key: str) -> str | None:
        """The task that a submission with this key has made before."""
        found: str | None = self._database.value("SELECT task_id FROM submissions WHERE key = ?", key)
        return found

    def forget_submissions(self, before: datetime) -> None:
        """Drop the keys of submissions from before then, which nobody sends again."""
        self._database.execute("DELETE FROM submissions WHERE created_at < ?", time_text(before))

    def record(
        self, task_id: str, cause: Cause, *, at: datetime, machine: str | None = None, detail: str | None = None
    ) -> Status:
        """Move a task because of `cause`: the event and the new state, in one transaction.

        `at` is when it happened; time never runs backwards within a task's history. `detail` says more about an end.
        Raises IllegalTransitionError if the task's state does not allow it, NotFoundError if there is no such task.
        """
        with self._database.transaction():
            row = self._row(task_id)
            status = advance(Status(row["status"]), cause)
            moment = max(time_text(at), self.last_event(task_id)["timestamp"])
            self._add_event(task_id, cause, status, moment, machine or row["machine_uuid"], detail)
            self._update(task_id, **self._projection(row, status, cause, moment, detail))
            if facts(status).terminal:
                self._cut_operations(task_id, moment)
        return status

    def _projection(
        self, row: sqlite3.Row, status: Status, cause: Cause, moment: str, detail: str | None
    ) -> dict[str, SqlValue]:
        """What the task's row says after an event."""
        ended = facts(status).terminal
        retried = facts(status).may_auto_resubmit and may_retry(row, status)
        changes: dict[str, SqlValue] = {"status": status, "is_terminated": ended and not retried}
        if cause is Cause.RESUBMIT_ON_PREEMPTION:
            forgotten = ("start_time", "computation_start_time", "computation_end_time", "end_time")
            changes |= dict.fromkeys((*forgotten, "machine_uuid", "executer_json", "error_detail"))
            changes["num_retries"] = row["num_retries"] + 1
        elif status in _TIME_COLUMNS:
            changes[_TIME_COLUMNS[status]] = moment
        if ended:
            changes["end_time"] = moment
            if row["computation_start_time"] and not row["computation_end_time"]:
                changes["computation_end_time"] = moment
            if detail:
                changes["error_detail"] = detail
        return changes

    def _cut_operations(self, task_id: str, moment: str) -> None:
        """What was still going on when the task ended has not succeeded."""
        self._database.execute(
            "UPDATE operations SET end_time = max(?, start_time), status = ? WHERE task_id = ? AND end_time IS NULL",
            *(moment, OperationStatus.FAILED, task_id),
        )

    def assign(self, task_id: str, machine: str, executer: Executer) -> None:
        """From now on the reports of `machine`, and of no other, count for this task."""
        described = {name: getattr(executer, name) for name in Executer.__dataclass_fields__ if name != "error_detail"}
        self._update(task_id, machine_uuid=machine, executer_json=orjson.dumps(described).decode())

    def set_metric(self, task_id: str, name: str, value: float) -> None:
        """Keep one measured number; `name` is a field of TaskMetrics."""
        metrics = orjson.loads(self._row(task_id)["metrics_json"])
        self._update(task_id, metrics_json=orjson.dumps(metrics | {name: value}).decode())

    def set_metadata(self, task_id: str, metadata: Mapping[str, str]) -> None:
        self._row(task_id)
        self._update(task_id, metadata_json=orjson.dumps(dict(metadata)).decode())

    def set_project(self, task_id: str, project_id: str) -> None:
        self._row(task_id)
        self._update(task_id, project_id=project_id)

    def touch(self, task_id: str) -> None:
        """Something that belongs to the task has changed: its outputs, its operations."""
        self._update(task_id)

    def _update(self, task_id: str, **values: SqlValue) -> None:
        with self._database.transaction():
            values["change"] = self._next_change()
            assignments = ", ".join(f"{column} = ?" for column in values)
            sql = f"UPDATE tasks SET {assignments} WHERE task_id = ?"  # noqa: S608 (columns come from our code only)
            self._database.execute(sql, *values.values(), task_id)

    def _add_event(
        self, task_id: str, cause: Cause, status: Status, moment: str, machine: str | None, detail: str | None
    ) -> None:
        values: dict[str, Any] = {"task_id": task_id, "cause": cause, "status": status, "timestamp": moment}
        self._database.insert("task_events", values | {"machine_uuid": machine, "detail": detail})

    def _next_change(self) -> int:
        self._database.execute("UPDATE change_counter SET last = last + 1")
        return self.last_change()

    def last_change(self) -> int:
        """The number of the latest change to any task; 0 before the first."""
        return int(self._database.value("SELECT last FROM change_counter"))

    def _row(self, task_id: str) -> sqlite3.Row:
        row = self._database.row(f"{TASK_COLUMNS} WHERE task_id = ?", task_id)
        if row is None:
            raise NotFoundError(f"There is no task “{task_id}”.", "Look up its id in the list of tasks.")
        return row

    def find(self, task_id: str) -> Task | None:
        """The task; None if there is no such task."""
        row = self._database.row(f"{TASK_COLUMNS} WHERE task_id = ?", task_id)
        return None if row is None else task_of(row)

    def task(self, task_id: str) -> Task:
        """Raises NotFoundError."""
        return task_of(self._row(task_id))

    def last_event(self, task_id: str) -> sqlite3.Row:
        """The event by which the task, which must exist, came into its present state."""
        sql = "SELECT * FROM task_events WHERE task_id = ? ORDER BY id DESC LIMIT 1"
        return self._database.rows(sql, [task_id])[0]

    def holder(self, task_id: str) -> str | None:
        """The machine whose reports about the task count; None if no machine has it, or there is no such task."""
        holder: str | None = self._database.value("SELECT machine_uuid FROM tasks WHERE task_id = ?", task_id)
        return holder

    def has_ended(self, task_id: str) -> bool:
        """Whether the task is over, or was never there. Cheap: long polls ask at every change."""
        return bool(self._database.value("SELECT is_terminated FROM tasks WHERE task_id = ?", task_id) != 0)

    def status_with(self, task_id: str, machine: str) -> Status | None:
        """The state of a task that `machine` has now; None if it has ended or is somebody else's. Cheap."""
        sql = "SELECT status FROM tasks WHERE task_id = ? AND machine_uuid = ? AND is_terminated = 0"
        found = self._database.value(sql, task_id, machine)
        return None if found is None else Status(found)

    def check_holder(self, object_path: str, machine: str) -> None:
        """Raises RefusedError if the object belongs to a task that another machine, or none, has now."""
        task_id = object_path.strip("/").rpartition("/")[0].rpartition("/")[2]
        if self.find(task_id) is not None and self.holder(task_id) != machine:
            raise RefusedError("The task was given to another machine.", "Leave it alone.", status_code=409)

    def detail(self, task_id: str) -> TaskDetail:
        """Raises NotFoundError."""
        return task_detail_of(
            self._row(task_id),
            self._database.rows("SELECT * FROM task_events WHERE task_id = ? ORDER BY id", [task_id]),
            self._database.rows("SELECT * FROM operations WHERE task_id = ? ORDER BY number", [task_id]),
        )

    def tasks_ahead(self, task_id: str) -> int | None:
        """How many queued tasks of the same group come first; None unless the task is in the queue."""
        row = self._row(task_id)
        if row["status"] != Status.SUBMITTED:
            return None
        sql = "SELECT COUNT(*) FROM tasks WHERE status = ? AND group_id = ? AND number < ?"
        return int(self._database.value(sql, Status.SUBMITTED, row["group_id"], row["number"]))

    def next_in_queue(self, group_id: str) -> str | None:
        """The id of the group's oldest queued task."""
        sql = "SELECT task_id FROM tasks WHERE status = ? AND group_id = ? ORDER BY number LIMIT 1"
        task_id: str | None = self._database.value(sql, Status.SUBMITTED, group_id)
        return task_id

    def unfinished_of_group(self, group_id: str) -> list[str]:
        """The ids of the group's tasks that have not ended, oldest first."""
        sql = "SELECT task_id FROM tasks WHERE is_terminated = 0 AND group_id = ? ORDER BY number"
        return [row["task_id"] for row in self._database.rows(sql, [group_id])]

    def unfinished_of_machine(self, machine: str) -> list[str]:
        """The ids of the tasks that `machine` holds and has not ended."""
        sql = "SELECT task_id FROM tasks WHERE is_terminated = 0 AND machine_uuid = ? ORDER BY number"
        return [row["task_id"] for row in self._database.rows(sql, [machine])]

    def count_on_machines(self) -> int:
        """How many tasks keep a machine busy now."""
        sql = "SELECT COUNT(*) FROM tasks WHERE is_terminated = 0 AND machine_uuid IS NOT NULL"
        return int(self._database.value(sql))

    def count_live(self, group_id: str | None = None) -> int:
        """How many tasks need this service, of one group or of all."""
        marks = ", ".join("?" * len(LIVE_STATUSES))
        sql = f"SELECT COUNT(*) FROM tasks WHERE status IN ({marks}) AND is_terminated = 0"  # noqa: S608
        if group_id is None:
            return int(self._database.value(sql, *LIVE_STATUSES))
        return int(self._database.value(f"{sql} AND group_id = ?", *LIVE_STATUSES, group_id))


def may_retry(row: sqlite3.Row, status: Status) -> bool:
    """Whether a task that lost its machine by `status` goes back into the queue by itself."""
    limit = MAX_PREEMPTIONS if status is Status.SPOT_INSTANCE_PREEMPTED else MAX_RETRIES
    return bool(row["resubmit_on_preemption"]) and row["num_retries"] < limit

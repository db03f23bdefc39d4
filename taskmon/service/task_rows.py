"""Database rows of tasks as the values that travel over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from taskmon.core.lifecycle import Status, facts
from taskmon.core.storage import INPUT_ARCHIVE, OUTPUT_ARCHIVE
from taskmon.core.task import (
    CompressionMethod,
    Executer,
    Operation,
    OperationName,
    OperationStatus,
    StatusEntry,
    Task,
    TaskDetail,
    TaskMetrics,
)
from taskmon.service.database import parse_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

STORAGE_REGION: Final = "local"

TASK_COLUMNS: Final = """
SELECT tasks.*, projects.name AS project_name, machine_groups.name AS group_name
FROM tasks JOIN projects ON projects.id = tasks.project_id JOIN machine_groups ON machine_groups.id = tasks.group_id
"""


def _seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round((end - start).total_seconds(), 6)


def _metrics(row: sqlite3.Row, total_seconds: float | None) -> TaskMetrics:
    known: dict[str, Any] = orjson.loads(row["metrics_json"])
    upload = _seconds_between(parse_time(row["create_time"]), parse_time(row["input_submit_time"]))
    return TaskMetrics(**known, total_seconds=total_seconds, input_upload_seconds=upload)


def _executer(row: sqlite3.Row) -> Executer | None:
    if row["executer_json"] is None:
        return None
    return Executer(**orjson.loads(row["executer_json"]), error_detail=row["error_detail"])


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    """The fields that a row of a list and a detail have in common."""
    create_time, end_time = parse_time(row["create_time"]), parse_time(row["end_time"])
    # Only an ended task has a duration: a number that grows by itself would make every look at a task a change.
    duration = _seconds_between(create_time, end_time)
    return {
        **{name: row[name] for name in _PLAIN},
        **{name: parse_time(row[name]) for name in _TIMES},
        **_state(row),
        **_places(row["storage_path"]),
        "project": row["project_name"],
        "machine_group_name": row["group_name"],
        "machine_group_id": row["group_id"],
        "duration_seconds": duration,
        "estimated_computation_cost": 0.0,
        "metrics": _metrics(row, duration),
        "executer": _executer(row),
        "stream_zip": bool(row["stream_zip"]),
        "compress_with": CompressionMethod(row["compress_with"]),
        "input_resources": orjson.loads(row["input_resources_json"]),
        "task_metadata": orjson.loads(row["metadata_json"]),
        "extra_params": orjson.loads(row["extra_params_json"]),
    }


_PLAIN: Final = ("task_id", "simulator", "num_retries", "container_image", "error_detail", "time_to_live_seconds")
_TIMES: Final = (
    *("create_time", "input_submit_time", "start_time"),
    *("computation_start_time", "computation_end_time", "end_time"),
)


def _state(row: sqlite3.Row) -> dict[str, Any]:
    status = Status(row["status"])
    return {
        "status": status,
        "status_alias": facts(status).alias,
        "is_terminated": bool(row["is_terminated"]),
        "resubmit_on_preemption": bool(row["resubmit_on_preemption"]),
    }


def _places(folder: str) -> dict[str, str]:
    return {
        "storage_path": folder,
        "storage_input_path": f"{folder}/{INPUT_ARCHIVE}",
        "storage_output_path": f"{folder}/{OUTPUT_ARCHIVE}",
        "storage_region": STORAGE_REGION,
    }


def task_of(row: sqlite3.Row) -> Task:
    """A row of `TASK_COLUMNS` as an entry of a list."""
    return Task(**_fields(row))


def task_detail_of(row: sqlite3.Row, events: Sequence[sqlite3.Row], operations: Sequence[sqlite3.Row]) -> TaskDetail:
    """A row of `TASK_COLUMNS` with its events and operations, both oldest first."""
    return TaskDetail(**_fields(row), status_history=_history(events, operations))


def _operation_of(row: sqlite3.Row) -> Operation:
    name = OperationName(row["name"])
    start = parse_time(row["start_time"])
    assert start is not None
    return Operation(
        name=name,
        alias=_OPERATION_ALIASES[name],
        start_timestamp=start,
        end_timestamp=parse_time(row["end_time"]),
        status=OperationStatus(row["status"]),
        attributes=orjson.loads(row["attributes_json"]),
    )


_OPERATION_ALIASES: Final = {
    OperationName.EXEC_COMMAND: "Running a command",
    OperationName.DOWNLOAD_CONTAINER: "Preparing the simulator's environment",
    OperationName.DOWNLOAD_INPUT: "Fetching the input files",
    OperationName.UNCOMPRESS_INPUT: "Unpacking the input files",
    OperationName.COMPRESS_OUTPUT: "Packing the outputs",
    OperationName.UPLOAD_OUTPUT: "Storing the outputs",
}


def _history(events: Sequence[sqlite3.Row], operations: Sequence[sqlite3.Row]) -> list[StatusEntry]:
    """One entry per event; an operation belongs to the state in which its begin was reported."""
    belonging: dict[int, list[Operation]] = {event["id"]: [] for event in events}
    for row in operations:
        belonging[row["event_id"]].append(_operation_of(row))
    entries = []
    for index, event in enumerate(events):
        status = Status(event["status"])
        moment = parse_time(event["timestamp"])
        assert moment is not None
        following = events[index + 1]["timestamp"] if index + 1 < len(events) else None
        entries.append(
            StatusEntry(
                status=status,
                timestamp=moment,
                end_timestamp=parse_time(following),
                alias=facts(status).alias,
                description=" ".join(filter(None, (facts(status).what, event["detail"]))),
                machine_id=event["machine_uuid"],
                operations=belonging[event["id"]],
            )
        )
    return entries

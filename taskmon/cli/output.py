"""How values look in a terminal: aligned columns, name-and-value lists, JSON. The only place that prints results."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from taskmon.core.lifecycle import facts
from taskmon.core.task import OperationName
from taskmon.core.units import duration_text, money_text, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskmon.core.machine import MachineGroup
    from taskmon.core.task import Operation, StatusEntry, Task, TaskDetail


def say(text: str) -> None:
    """A message for a person: on standard error, so that standard output stays data."""
    print(text, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """A line of result."""
    print(text, flush=True)


def show_json(value: Any) -> None:
    """A core value, or a list of them, as JSON; the names are those of the Web API."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show_table(titles: Sequence[str], rows: Iterable[Sequence[str]], out: TextIO | None = None) -> None:
    """Columns as wide as their widest cell, two spaces apart."""
    lines = [list(titles), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip(), file=out or sys.stdout)


def local_time(moment: datetime | None) -> str:
    """`2025-06-02 14:00:07` in the user's time zone; empty for None."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def task_row(task: Task, now: datetime) -> tuple[str, ...]:
    """The cells of `taskmon list`."""
    return (
        facts(task.status).alias,
        task.task_id,
        "" if task.name == task.task_id else task.name,
        simulator_name(task),
        task.project,
        local_time(task.create_time),
        duration_text(run_seconds(task, now)),
    )


TASK_TITLES = ("STATUS", "TASK", "NAME", "SIMULATOR", "PROJECT", "SUBMITTED", "TIME")


def simulator_name(task: Task) -> str:
    """The simulator family if its request named one."""
    return task.simulator


def run_seconds(task: Task, now: datetime) -> float | None:
    """How long the commands have run, or ran; None before they start."""
    if task.computation_start_time is None:
        return None
    end = task.computation_end_time or task.end_time or now
    return (end - task.computation_start_time).total_seconds()


def show_task(task: TaskDetail, now: datetime) -> None:
    """Everything a person wants to know about one task."""
    known = facts(task.status)
    metrics = task.metrics
    pairs = [
        ("Task", task.task_id),
        ("Name", "" if task.name == task.task_id else task.name),
        ("Status", known.alias),
        ("What happened", known.what),
        ("Why", task.error_detail or known.why),
        ("Next step", known.next_step),
        ("Simulator", simulator_name(task)),
        ("Project", task.project),
        ("Machine group", task.machine_group_name or ""),
        ("Submitted", local_time(task.create_time)),
        ("Time", duration_text(run_seconds(task, now))),
        ("Outputs", size_text(metrics.output_size_bytes) if metrics else ""),
        ("Cost", money_text(task.estimated_computation_cost)),
        ("Runs again", task.parent_id or ""),
    ]
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        if value:
            print(f"{name.ljust(width)}  {value}")
    print("\nHistory")
    for entry in task.status_history:
        print(f"  {history_line(entry, now)}")
        for operation in entry.operations:
            if operation.name is OperationName.EXEC_COMMAND:
                print(f"            {command_line(operation)}")


def history_line(entry: StatusEntry, now: datetime) -> str:
    """`14:00:07  In Progress  00:12`."""
    seconds = ((entry.end_timestamp or now) - entry.timestamp).total_seconds()
    length = "" if facts(entry.status).terminal else duration_text(seconds)
    return f"{entry.timestamp.astimezone():%H:%M:%S}  {facts(entry.status).alias}  {length}".rstrip()


def command_line(operation: Operation) -> str:
    """`$ bash run.sh  exit code 3`, as known from what the runner reported."""
    words = f"$ {operation.attributes.get('command', '')}"
    exit_code = operation.attributes.get("exit_code")
    return words if exit_code is None else f"{words}  exit code {exit_code}"


def state_line(entry: StatusEntry) -> str:
    """`14:00:07  In Progress`, as printed when a task enters a state."""
    return f"{entry.timestamp.astimezone():%H:%M:%S}  {facts(entry.status).alias}"


GROUP_TITLES = ("GROUP", "STATUS", "PROVIDER", "MACHINES", "ID")


def group_row(group: MachineGroup) -> tuple[str, ...]:
    """The cells of `taskmon machines`."""
    machines = f"{group.num_vms or 0} of {group.max_vms}" if group.max_vms else str(group.num_vms or 0)
    return (group.name or "", str(group.status or ""), str(group.provider_id or ""), machines, group.id or "")

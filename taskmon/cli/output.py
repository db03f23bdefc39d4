"""How values look in a terminal: aligned columns, name-and-value lists, JSON."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

from taskmon.cli.terminal import say, takes_all, visible
from taskmon.core.lifecycle import facts
from taskmon.core.plain_text import one_line
from taskmon.core.task import OperationName
from taskmon.core.task_story import command_sentence, general_why, told_error
from taskmon.core.units import duration_text, money_text, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taskmon.core.machine import MachineGroup
    from taskmon.core.task import Operation, StatusEntry, Task, TaskDetail


def show_json(value: Any) -> None:
    """A core value, or a list of them, as JSON; the names are those of the Web API."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=not takes_all(sys.stdout)))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


_LONGEST_CELL: Final = 60
_SHORTEST_CELL: Final = 9
_GAP: Final = "  "


def show_table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    out: TextIO | None = None,
    *,
    elastic: Sequence[str] = (),
    width: int | None = None,
) -> None:
    """Columns as wide as their widest cell, two spaces apart.

    Those named in `elastic` are cut to what people read, and further until a line fits into `width` characters: the
    terminal's where there is one, else no limit.
    """
    lines = [list(titles), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(_room(line[column]) for line in lines) for column in range(len(titles))]
    stretching = [column for column, title in enumerate(titles) if title in elastic]
    _fit(widths, stretching, _terminal_width(out or sys.stdout) if width is None else width)
    for line in lines:
        padded = (_padded(elided(cell, cells), cells) for cell, cells in zip(line, widths, strict=True))
        print(_GAP.join(padded).rstrip(), file=out or sys.stdout)


def _terminal_width(out: TextIO) -> int:
    """Characters in a line of the terminal; 0 where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if out.isatty() else 0


def _fit(widths: list[int], stretching: Sequence[int], room: int) -> None:
    """Narrows the widest of the `stretching` columns, one character at a time, until all fit into `room`."""
    for column in stretching:
        widths[column] = min(widths[column], _LONGEST_CELL)
    while room and sum(widths) + len(_GAP) * (len(widths) - 1) > room:
        widest = max(stretching, key=lambda column: widths[column], default=-1)
        if widest < 0 or widths[widest] <= _SHORTEST_CELL:
            return
        widths[widest] -= 1


def elided(text: str, length: int) -> str:
    """So much of `text` as fits into `length` cells of a terminal; a `…` says that there is more."""
    if _room(text) <= length:
        return text
    kept = text[: length - 1]
    while _room(kept) > length - 1:
        kept = kept[:-1]
    return kept + "…"


def _room(text: str) -> int:
    """Cells that `text` takes in a terminal: two for a Chinese character, none for an accent of its own."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _padded(text: str, length: int) -> str:
    return text + " " * (length - _room(text))


def local_time(moment: datetime | None) -> str:
    """`2025-06-02 14:00:07` in the user's time zone; empty for None."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def task_row(task: Task, now: datetime) -> tuple[str, ...]:
    """The cells of `taskmon list`."""
    return (
        facts(task.status).alias,
        task.task_id,
        "" if task.name == task.task_id else task.name,
        task.simulator,
        task.project,
        local_time(task.create_time),
        duration_text(run_seconds(task, now)),
    )


TASK_TITLES: Final = ("STATUS", "TASK", "NAME", "SIMULATOR", "PROJECT", "SUBMITTED", "TIME")
ELASTIC_TITLES: Final = ("NAME", "SIMULATOR", "PROJECT")


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
        *explanation(task),
        ("Simulator", task.simulator),
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
            print(f"{name.ljust(width)}  {visible(value)}")
    print("\nHistory")
    for entry in task.status_history:
        print(f"  {history_line(entry, now)}")
        for operation in entry.operations:
            if operation.name is OperationName.EXEC_COMMAND:
                print(f"                       {one_line(command_line(operation))}")


def explanation(task: TaskDetail) -> list[tuple[str, str]]:
    """What happened, why and what to do, as names and sentences; the service's own words are the detail."""
    known = facts(task.status)
    command = command_sentence(task)
    detail = "\n".join(line for line in told_error(task).splitlines() if line != command)
    return [
        ("What happened", known.what),
        ("Command", command),
        ("Detail", detail),
        ("Why", general_why(task)),
        ("Next step", known.next_step),
    ]


def show_task_end(task: TaskDetail) -> None:
    """Why a task that was waited for did not succeed, as messages for a person."""
    for name, sentence in explanation(task):
        if sentence:
            say(f"{name}: {sentence}")


def history_line(entry: StatusEntry, now: datetime) -> str:
    """`2025-06-02 14:00:07  In Progress  00:12`."""
    seconds = ((entry.end_timestamp or now) - entry.timestamp).total_seconds()
    length = "" if facts(entry.status).terminal else duration_text(seconds)
    return f"{local_time(entry.timestamp)}  {facts(entry.status).alias}  {length}".rstrip()


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
    machines += ", spot" if group.spot else ""
    return (group.name or "", str(group.status or ""), str(group.provider_id or ""), machines, group.id or "")

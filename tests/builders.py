"""Values for tests: say only what matters, the rest is plausible.

Every builder takes the fields of its dataclass by name; a list of visited states is easier given to `a_task_detail`.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from taskmon.core.lifecycle import Status, facts
from taskmon.core.machine import Machine, MachineGroup, MachineGroupStatus, MachineGroupType, Provider
from taskmon.core.task import (
    TASK_NAME,
    Executer,
    Operation,
    OperationName,
    OperationStatus,
    StatusEntry,
    Task,
    TaskDetail,
    TaskMetrics,
    TaskRequest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOON = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
"""The moment around which built values happen."""

_ids = itertools.count(10_000_000)  # far from the numbers that tests give themselves
_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz0123456789"


def a_task_id(number: int | None = None) -> str:
    """A 25-letter id; the same `number` gives the same id."""
    rest, letters = (next(_ids) if number is None else number) * 1_000_003, []
    for _ in range(25):
        rest, index = divmod(rest, len(_ID_LETTERS))
        letters.append(_ID_LETTERS[index])
    return "".join(letters)


def seconds_after(start: datetime, seconds: float) -> datetime:
    return start + timedelta(seconds=seconds)


def _times(status: Status, created: datetime) -> dict[str, datetime | None]:
    """The timestamps that a task which has come this far carries, one second per step."""
    order = (
        Status.PENDING_INPUT,
        Status.SUBMITTED,
        Status.STARTED,
        Status.COMPUTATION_STARTED,
        Status.COMPUTATION_ENDED,
    )
    never_started = status in (Status.ZOMBIE, *order[:2])
    reached = order.index(status) if status in order else (1 if never_started else 4)
    step = [seconds_after(created, number) for number in range(6)]
    return {
        "create_time": step[0],
        "input_submit_time": step[1] if reached >= 1 else None,
        "start_time": step[2] if reached >= 2 else None,
        "computation_start_time": step[3] if reached >= 3 else None,
        "computation_end_time": step[4] if reached >= 4 else None,
        "end_time": step[5] if facts(status).terminal else None,
    }


def _task_fields(only_what_matters: dict[str, Any]) -> dict[str, Any]:
    given = dict(only_what_matters)
    status = Status(given.get("status", Status.COMPUTATION_STARTED))
    task_id = given.get("task_id") or a_task_id()
    name = given.pop("name", None)
    metadata = given.get("task_metadata")
    if name is not None:
        metadata = {**(metadata or {}), TASK_NAME: name}
    return {
        "task_id": task_id,
        "status_alias": facts(status).alias,
        "simulator": "arbitrary_commands",
        "project": "default",
        "is_terminated": facts(status).terminal,
        "num_retries": 0,
        "storage_path": task_id,
        "storage_input_path": f"{task_id}/input.zip",
        "storage_output_path": f"{task_id}/output.zip" if facts(status).terminal else None,
        "container_image": "docker://taskmon/commands",
        "machine_group_name": "this-computer",
        "machine_group_id": "3f0e8f6c-6f3e-4a67-9f0a-0d4a7c1b2e55",
        "metrics": TaskMetrics(),
        **_times(status, given.get("create_time") or NOON),
        **given,
        "status": status,
        "task_metadata": metadata,
    }


def a_task(**only_what_matters: Any) -> Task:
    """A task in progress. `name="dam"` sets the name in its metadata; `status` moves the times along."""
    return Task(**_task_fields(only_what_matters))


def some_tasks(count: int, **only_what_matters: Any) -> list[Task]:
    """`count` different tasks, newest first, one minute apart."""
    return [
        a_task(**{"create_time": NOON - timedelta(minutes=index), **only_what_matters, "task_id": a_task_id(index + 1)})
        for index in range(count)
    ]


def a_status_entry(status: Status = Status.SUBMITTED, **only_what_matters: Any) -> StatusEntry:
    given = {"timestamp": NOON, "alias": facts(status).alias, "description": facts(status).what, **only_what_matters}
    return StatusEntry(status=status, **given)


def an_operation(**only_what_matters: Any) -> Operation:
    """A command that runs since noon."""
    given: dict[str, Any] = {
        "name": OperationName.EXEC_COMMAND,
        "alias": "Run command",
        "start_timestamp": NOON,
        "status": OperationStatus.RUNNING,
        "attributes": {"command": "echo hello"},
        **only_what_matters,
    }
    return Operation(**given)


def a_history(visited: Iterable[Status], start: datetime = NOON, step_s: float = 1.0) -> list[StatusEntry]:
    """One entry per visited state, each `step_s` seconds long; the last one is still open."""
    states = list(visited)
    return [
        a_status_entry(
            status,
            timestamp=seconds_after(start, index * step_s),
            end_timestamp=seconds_after(start, (index + 1) * step_s) if index + 1 < len(states) else None,
        )
        for index, status in enumerate(states)
    ]


def a_task_detail(*, visited: Sequence[Status] = (), **only_what_matters: Any) -> TaskDetail:
    """A task with its history. `visited` are the states in order; the last one is the task's state."""
    given = dict(only_what_matters)
    if visited:
        given.setdefault("status", visited[-1])
    values = _task_fields(given)
    states = tuple(visited) or _path_to(values["status"])
    values.setdefault("status_history", a_history(states, values["create_time"] or NOON))
    return TaskDetail(**values)


def _path_to(status: Status) -> tuple[Status, ...]:
    """A legal way from the first state to `status`, the one with the fewest surprises."""
    trunk = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED)
    if status in trunk:
        return trunk[: trunk.index(status) + 1]
    if status is Status.ZOMBIE:
        return (*trunk[:2], status)
    if status in (Status.SUCCESS, Status.FAILED, Status.TTL_EXCEEDED):
        return (*trunk, Status.COMPUTATION_ENDED, status)
    if status is Status.KILLED:
        return (*trunk, Status.PENDING_KILL, status)
    return (*trunk, status)


def a_task_request(**only_what_matters: Any) -> TaskRequest:
    """A request that runs `echo hello`; `commands=[...]` replaces the command lines."""
    given = dict(only_what_matters)
    commands = given.pop("commands", ["echo hello"])
    values: dict[str, Any] = {
        "simulator": "arbitrary_commands",
        "resource_pool": "3f0e8f6c-6f3e-4a67-9f0a-0d4a7c1b2e55",
        "container_image": "docker://taskmon/commands",
        "simulator_name_alias": "commands",
        "extra_params": {"sim_dir": "sim_dir", "commands": [{"cmd": line, "prompts": []} for line in commands]},
        **given,
    }
    return TaskRequest(**values)


def an_executer(**only_what_matters: Any) -> Executer:
    given: dict[str, Any] = {
        "uuid": "8a0c7c1e-30a5-4c1d-9a51-7b8ef0a0a001",
        "cpu_count_logical": 2,
        "cpu_count_physical": 2,
        "memory": 8_000_000_000,
        "n_mpi_hosts": 1,
        "vm_type": "this-computer",
        "vm_name": "this-computer-1",
        "host_type": "LOCAL",
        **only_what_matters,
    }
    return Executer(**given)


def a_machine(**only_what_matters: Any) -> Machine:
    given: dict[str, Any] = {
        "uuid": "8a0c7c1e-30a5-4c1d-9a51-7b8ef0a0a001",
        "host_name": "this-computer-1",
        "cpu_count_logical": 2,
        "cpu_count_physical": 2,
        "memory_bytes": 8_000_000_000,
        "started_at": NOON,
        "last_seen_at": NOON,
        **only_what_matters,
    }
    return Machine(**given)


def a_machine_group(**only_what_matters: Any) -> MachineGroup:
    """The started group of this computer with one machine."""
    given: dict[str, Any] = {
        "zone": "local",
        "id": "3f0e8f6c-6f3e-4a67-9f0a-0d4a7c1b2e55",
        "name": "this-computer",
        "machine_type": "this-computer",
        "provider_id": Provider.LOCAL,
        "status": MachineGroupStatus.STARTED,
        "started": True,
        "type": MachineGroupType.STANDARD,
        "num_vms": 1,
        "max_vms": 1,
        "creation_timestamp": NOON,
        "machines": [a_machine()],
        **only_what_matters,
    }
    return MachineGroup(**given)

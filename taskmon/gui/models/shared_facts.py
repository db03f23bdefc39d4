"""What many tasks say alike: simulator, project, machine group, state and reason. Hundreds of thousands of tasks have a
few hundred different ones, so that a filter or an order looks at each of those once and not at every task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from taskmon.core.lifecycle import Status, facts
from taskmon.core.task_reason import reason_text

if TYPE_CHECKING:
    from taskmon.core.task import Task


class SharedFacts(NamedTuple):
    """Fields of a task by their names there, and its `reason_text`."""

    simulator: str
    project: str
    machine_group_name: str | None
    machine_group_id: str | None
    status: Status
    is_terminated: bool
    reason: str


def shared_facts(task: Task) -> SharedFacts:
    """What a task shares with others."""
    return SharedFacts(
        task.simulator,
        task.project,
        task.machine_group_name,
        task.machine_group_id,
        task.status,
        task.is_terminated,
        reason_text(task),
    )


def group_text(of: Task | SharedFacts) -> str:
    """What a machine group is called: by its name, else by its id; empty for none."""
    return of.machine_group_name or of.machine_group_id or ""


def shared_text(shared: SharedFacts) -> str:
    """The part of a task's searched text that others have too: one field per line, in lower case."""
    words = (shared.simulator, shared.project, shared.machine_group_name or "", facts(shared.status).alias)
    return "\n".join((*words, shared.reason)).lower()


def search_text(task: Task) -> str:
    """What plain words are looked for in, one field per line, in lower case."""
    return f"{task.task_id.lower()}\n{task.label.lower()}\n{shared_text(shared_facts(task))}"


def encoded(text: str) -> bytes:
    """UTF-8, whatever a service may have sent. Text sorts as its bytes do."""
    return text.encode("utf-8", "surrogatepass")

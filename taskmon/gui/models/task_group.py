"""The groups that the sidebar counts: every task is in exactly one of the five smallest."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.gui.task_rows import TaskGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskmon.core.task import Task


class Group(StrEnum):
    """What a task is to somebody who looks for two seconds."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


_ENDS: Final = frozenset((Group.DONE, Group.FAILED, Group.STOPPED))

GROUP_WORDS: Final[Mapping[str, frozenset[Group]]] = MappingProxyType(
    {
        "active": frozenset((Group.QUEUED, Group.RUNNING)),
        "queued": frozenset((Group.QUEUED,)),
        "waiting": frozenset((Group.QUEUED,)),
        "running": frozenset((Group.RUNNING,)),
        "ended": _ENDS,
        "done": frozenset((Group.DONE,)),
        "failed": frozenset((Group.FAILED,)),
        "stopped": frozenset((Group.STOPPED,)),
    }
)
"""What `status:` understands besides the names of single states."""

_TOP: Final = (("All", "", False), ("Active", "active", False), ("Queued", "queued", True), ("Failed", "failed", False),
               ("Done", "done", False), ("Stopped", "stopped", False))  # fmt: skip


def group_of(task: Task) -> Group:
    """The group of a task. The service's word on whether it has ended counts, not the name of its state."""
    if not task.is_terminated:
        waits = task.status is Status.SUBMITTED or task.status is Status.PENDING_INPUT
        return Group.QUEUED if waits else Group.RUNNING
    kind = facts(task.status).kind
    if kind is Kind.TERMINAL_FAILED:
        return Group.FAILED
    return Group.STOPPED if kind is Kind.USER_STOPPED else Group.DONE


def exactly(key: str, value: str) -> str:
    """The filter text for tasks whose `key` is `value`, letter for letter."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}:="{escaped}"'


class GroupCounts:
    """How many tasks are in each group, project and machine group; kept up by adding and taking away."""

    def __init__(self) -> None:
        self._groups: Counter[Group] = Counter()
        self._projects: Counter[str] = Counter()
        self._machines: Counter[str] = Counter()

    def add(self, task: Task) -> None:
        self._count(task, 1)

    def take_away(self, task: Task) -> None:
        self._count(task, -1)

    def _count(self, task: Task, step: int) -> None:
        self._groups[group_of(task)] += step
        self._projects[task.project] += step
        if task.machine_group_name:
            self._machines[task.machine_group_name] += step

    def groups(self) -> list[TaskGroup]:
        """The sidebar from top to bottom; projects and machine groups by name, those without tasks left out."""
        top = [
            TaskGroup("", title, f"status:{word}" if word else "", self._top_count(word), nested)
            for title, word, nested in _TOP
        ]
        return (
            top
            + self._section("Projects", "project", self._projects)
            + self._section("Machines", "group", self._machines)
        )

    def _top_count(self, word: str) -> int:
        return sum(self._groups[group] for group in (GROUP_WORDS[word] if word else Group))

    @staticmethod
    def _section(title: str, key: str, counts: Counter[str]) -> list[TaskGroup]:
        names = sorted((name for name, count in counts.items() if name and count > 0), key=str.casefold)
        return [TaskGroup(title, name, exactly(key, name), counts[name]) for name in names]

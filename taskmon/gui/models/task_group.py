"""The groups that the sidebar counts: every task is in exactly one of the five smallest, equal failures together."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from taskmon.core.lifecycle import FACTS, Kind, Status, facts
from taskmon.core.task_reason import reason_pattern, reason_text
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


FAILURES: Final = "Why they failed"
"""The sidebar's section of failures with equal reasons."""

_SHOWN_REASONS: Final = 6

_BAD_ENDS: Final = frozenset((Group.FAILED, Group.STOPPED))
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
    return state_group(task.status, task.is_terminated)


def state_group(status: Status, terminated: bool) -> Group:
    """The group of a state and the service's word on whether the task has ended."""
    if not terminated:
        waits = status is Status.SUBMITTED or status is Status.PENDING_INPUT
        return Group.QUEUED if waits else Group.RUNNING
    kind = facts(status).kind
    if kind is Kind.TERMINAL_FAILED:
        return Group.FAILED
    return Group.STOPPED if kind is Kind.USER_STOPPED else Group.DONE


def bad_end(task: Task) -> str:
    """Why a task failed or was stopped, else nothing: by the pattern of this the table groups it."""
    return reason_text(task) if group_of(task) in _BAD_ENDS else ""


def exactly(key: str, value: str) -> str:
    """The filter text for tasks whose `key` is `value`, letter for letter."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}:="{escaped}"'


class GroupCounts:
    """How many tasks are in each group, project, simulator and machine group, and failed for each reason; kept up by
    adding and taking away."""

    def __init__(self) -> None:
        self._groups: Counter[Group] = Counter()
        self._projects: Counter[str] = Counter()
        self._simulators: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._machines: Counter[str] = Counter()

    def add(self, task: Task) -> None:
        self._count(task, 1)

    def take_away(self, task: Task) -> None:
        self._count(task, -1)

    def _count(self, task: Task, step: int) -> None:
        group = group_of(task)
        self._groups[group] += step
        self._projects[task.project] += step
        self._simulators[task.simulator] += step
        if group is Group.FAILED:
            self._reasons[reason_pattern(task)] += step
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
            + self._failures()
            + self._section("Projects", "project", self._projects)
            + self._section("Machines", "group", self._machines)
        )

    def _top_count(self, word: str) -> int:
        return sum(self._groups[group] for group in (GROUP_WORDS[word] if word else Group))

    @staticmethod
    def _section(title: str, key: str, counts: Counter[str]) -> list[TaskGroup]:
        return [TaskGroup(title, name, exactly(key, name), counts[name]) for name in _present(counts)]

    def _failures(self) -> list[TaskGroup]:
        """The reasons that several failed tasks share, the most frequent first."""
        shared = [(count, reason) for reason, count in self._reasons.items() if reason and count > 1]
        return [
            TaskGroup(FAILURES, reason, f"status:failed {exactly('reason', reason)}", count)
            for count, reason in sorted(shared, reverse=True)[:_SHOWN_REASONS]
        ]

    def values(self) -> dict[str, list[str]]:
        """What the filter's keys may be followed by, as far as there are tasks of it."""
        return {
            "status": [*dict.fromkeys((*GROUP_WORDS, *(status.value for status in FACTS)))],
            "project": _present(self._projects),
            "sim": _present(self._simulators),
            "group": _present(self._machines),
            "id": [],
            "name": [],
            "reason": [],
            "since": ["1h", "24h", "today", "yesterday", "7d"],
            "before": ["today", "yesterday", "7d"],
        }


def _present(counts: Counter[str]) -> list[str]:
    """The names that count something, in the order of a dictionary."""
    return sorted((name for name, count in counts.items() if name and count > 0), key=str.casefold)

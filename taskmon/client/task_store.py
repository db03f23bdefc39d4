"""What we last saw of every task, and a voice that says what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from taskmon.core.task import Task


class Change(NamedTuple):
    """Ids of tasks, each in at most one of the three."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.removed)


class TaskStore:
    """The tasks as last seen, by id. Values are replaced, never edited; every effective `apply` is published once."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._view = MappingProxyType(self._tasks)
        self._subscribers: dict[object, Callable[[Change], None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._tasks

    @property
    def tasks(self) -> Mapping[str, Task]:
        """A live, read-only view."""
        return self._view

    def get(self, task_id: str) -> Task | None:
        """The task as last seen; None if it never was."""
        return self._tasks.get(task_id)

    def apply(self, updated: Iterable[Task], removed: Iterable[str] = ()) -> Change:
        """Take over newer values. A value equal to the present one is no change; `removed` ids are gone after it."""
        before: dict[str, Task | None] = {}
        again: set[str] = set()
        for given in updated:
            task = _plain(given)
            present = self._tasks.get(task.task_id)
            if present != task:
                if task.task_id in before:
                    again.add(task.task_id)
                else:
                    before[task.task_id] = present
                self._tasks[task.task_id] = task
        for task_id in removed:
            gone = self._tasks.pop(task_id, None)
            if gone is not None:
                before.setdefault(task_id, gone)
        change = self._difference(before, again)
        self._publish(change)
        return change

    def clear(self) -> Change:
        """Forget everything, for example when the window turns to another service."""
        return self.apply((), tuple(self._tasks))

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call `callback` after every change. The answer ends the subscription."""
        key = object()
        self._subscribers[key] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    def _difference(self, before: Mapping[str, Task | None], again: AbstractSet[str]) -> Change:
        """What is different now. Only who was written `again` may be as `before`; comparing tasks takes time."""
        added, updated, removed = [], [], []
        for task_id, earlier in before.items():
            now = self._tasks.get(task_id)
            if earlier is None:
                if now is not None:
                    added.append(task_id)
            elif now is None:
                removed.append(task_id)
            elif task_id not in again or now != earlier:
                updated.append(task_id)
        return Change(tuple(added), tuple(updated), tuple(removed))

    def _publish(self, change: Change) -> None:
        if change:
            for callback in tuple(self._subscribers.values()):
                callback(change)


def _plain(task: Task) -> Task:
    """Only what a list tells: a detail of the same task must not count as another value."""
    plain, names = _task_type()
    return task if type(task) is plain else plain(**{name: getattr(task, name) for name in names})


@cache
def _task_type() -> tuple[type[Task], tuple[str, ...]]:
    """The type of a task in a list and the names of its fields; imported with the first task, not with the window."""
    from dataclasses import fields

    from taskmon.core.task import Task

    return Task, tuple(field.name for field in fields(Task))

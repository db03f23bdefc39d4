"""What became of the task that was submitted last: it takes the place of the sentence that told of the submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.lifecycle import facts
from taskmon.core.plain_text import one_line
from taskmon.core.task_reason import reason_text

if TYPE_CHECKING:
    from taskmon.client.task_store import Change, TaskStore
    from taskmon.core.task import Task
    from taskmon.gui.messages import Messages


class OutcomeController:
    """Tells of one submission at a time."""

    def __init__(self, store: TaskStore, messages: Messages) -> None:
        self._store, self._messages = store, messages
        self._task_id = self._sentence = ""
        store.subscribe(self._changed)

    def watch(self, task_id: str) -> None:
        """What has just been told is about this new task; it stays until something else is said or the task ends."""
        self._task_id, self._sentence = task_id, self._messages.latest
        self._look()

    def _changed(self, change: Change) -> None:
        if self._task_id and (self._task_id in change.updated or self._task_id in change.added):
            self._look()

    def _look(self) -> None:
        task = self._store.get(self._task_id)
        if task is not None and task.is_terminated:
            self._task_id = ""
            self._messages.replace(self._sentence, outcome_text(task))


def outcome_text(task: Task) -> str:
    """`wing: Failed, exit code 1.`"""
    reason = one_line(reason_text(task)).rstrip(".")
    return f"{one_line(task.name)}: {facts(task.status).alias}{f', {reason}' if reason else ''}."

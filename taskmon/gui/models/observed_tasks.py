"""What the rows of tasks show from elsewhere than the list: looks at their files, and what others have found there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from taskmon.core.task_reason import explained
from taskmon.gui.models.task_cells import TaskCells

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from taskmon.core.task import Task


class ObservedTasks(TaskCells):
    """Cells that also tell what has been observed of their tasks."""

    def __init__(self, clock: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(clock, parent)
        self._printed: dict[str, str] = {}

    def _look_again(self, task_id: str) -> None:
        """Something else is known of a task now; its row is told as soon as there is time."""
        raise NotImplementedError

    def set_as_of(self, moment: datetime | None) -> None:
        """All that is known was true then, and perhaps no longer; None for now. The next tick shows it."""
        self._observed.as_of = moment

    def set_progress(self, task_id: str, fraction: float | None) -> None:
        """How much of a task is done, 0 to 1; None for unknown."""
        if fraction is None:
            self._observed.progress.pop(task_id, None)
        else:
            self._observed.progress[task_id] = min(1.0, max(0.0, fraction))
        self._look_again(task_id)

    def set_last_output(self, task_id: str, moment: datetime) -> None:
        """When a task last wrote something."""
        self._observed.last_output[task_id] = moment
        self._look_again(task_id)

    def set_silence(self, task_id: str, words: str) -> None:
        """That a task writes nothing although it usually does; empty words take it back."""
        if words:
            self._observed.silence[task_id] = words
        else:
            self._observed.silence.pop(task_id, None)
        self._look_again(task_id)

    def set_failure_line(self, task_id: str, line: str) -> None:
        """What a failed task printed about its failure, for a service that does not tell; empty takes it back."""
        if line:
            self._printed[task_id] = line
        else:
            self._printed.pop(task_id, None)
        self._look_again(task_id)

    def explained(self, task: Task) -> Task:
        """A task of the service with the reason that its row tells, sorts and is found by."""
        return explained(task, self._printed.get(task.task_id, ""))

    def _forget_observed(self, task_id: str) -> None:
        """The task is gone."""
        self._observed.progress.pop(task_id, None)
        self._observed.last_output.pop(task_id, None)
        self._observed.silence.pop(task_id, None)
        self._printed.pop(task_id, None)

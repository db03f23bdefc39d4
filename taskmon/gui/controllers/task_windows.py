"""Tasks in windows of their own: each follows its task, wherever the selection of the list goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.client.retrying import Retries
from taskmon.core.errors import InvalidInputError
from taskmon.gui.controllers.log import LogController
from taskmon.gui.controllers.task_detail import RETRY_S, detail_at_last
from taskmon.gui.widgets.task_window import TaskWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from taskmon.client.task_store import Change
    from taskmon.core.task import QueuePosition, Task
    from taskmon.gui.controllers.log import LogHabits
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.controllers.task_actions import TaskActionsController
    from taskmon.gui.theme import Theme
    from taskmon.gui.window_state import WindowState

_GEOMETRY: Final = "task window"
_HALVES: Final = "task window halves"
MOST_AT_ONCE: Final = 12
"""Windows that are opened by one wish."""

_STEP: Final = 28
"""Pixels by which a further window stands beside the one before."""


class TaskWindowNeeds(NamedTuple):
    """What every window of a task needs: what the main window has, how logs are read, the time, and `explained`, which
    gives a task with its reason as the table tells it."""

    around: Surroundings
    habits: LogHabits
    clock: Callable[[], datetime]
    explained: Callable[[Task], Task]


class TaskWindowsController:
    """Any number of windows. A task has one; a file of it may be opened in a further one."""

    def __init__(
        self,
        needs: TaskWindowNeeds,
        actions: TaskActionsController,
        state: WindowState,
        theme: Callable[[], Theme],
    ) -> None:
        self._needs, self._around = needs, needs.around
        self._actions = actions
        self._state = state
        self._theme = theme
        self._open: list[_OpenTask] = []
        self._opened = 0
        self._listeners: list[Callable[[], None]] = []
        self._around.store.subscribe(self._store_changed)

    @property
    def windows(self) -> list[TaskWindow]:
        """The windows that are open, the oldest first."""
        return [each.window for each in self._open]

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have a window, as last seen."""
        return [each.task for each in self._open]

    def on_open(self, listener: Callable[[], None]) -> None:
        """`listener` hears that a task has got a window."""
        self._listeners.append(listener)

    def note_reason(self, task_id: str) -> None:
        """More is known about why a task ended."""
        for each in self._open:
            if each.task_id == task_id:
                each.show()

    def open_by_id(self, task_id: str) -> None:
        """A task of the list in its window."""
        task = self._around.store.get(task_id)
        self.open([task] if task is not None else [])

    def open(self, tasks: Sequence[Task]) -> None:
        """Each task in its window; one that has one already comes to the front."""
        if len(tasks) > MOST_AT_ONCE:
            number = f"{len(tasks):,} windows are too many to be read."
            self._around.messages.tell_problem(
                InvalidInputError(number, f"Select at most {MOST_AT_ONCE} tasks, or search their logs together.")
            )
            return
        for task in tasks:
            present = next((each for each in self._open if each.task_id == task.task_id), None)
            if present is None:
                self._add(task)
            else:
                present.window.show()
                present.window.raise_()
                present.window.activateWindow()

    def open_file(self, task: Task | None, path: str) -> None:
        """A file of a task in a further window, beside the one where it was read."""
        if task is not None:
            self._add(task).log.show_place(task, path, None)

    def tick(self) -> None:
        """Lets the times of the diagrams run."""
        for each in self._open:
            each.tick()

    def set_theme(self, theme: Theme) -> None:
        for window in self.windows:
            window.set_theme(theme)

    def close(self) -> None:
        """Closes them all."""
        for window in self.windows:
            window.close()

    def _add(self, task: Task) -> _OpenTask:
        self._opened += 1
        window = TaskWindow()
        window.set_theme(self._theme())
        window.restore_arrangement(self._state.load(_GEOMETRY), self._state.load(_HALVES))
        if self._open:
            window.move(self._open[-1].window.pos().x() + _STEP, self._open[-1].window.pos().y() + _STEP)
        opened = _OpenTask(self._needs, window, task, f"window {self._opened}")
        self._open.append(opened)
        window.wished.connect(lambda wish: self._fulfil(opened, wish))
        window.pane.window_requested.connect(lambda: self.open_file(*opened.log.shown))
        window.closed.connect(lambda: self._forget(opened))
        window.show()
        window.pane.view.setFocus()
        opened.follow()
        for listener in self._listeners:
            listener()
        return opened

    def _fulfil(self, opened: _OpenTask, wish: str) -> None:
        task = opened.task
        if wish == "kill":
            self._actions.kill([task], opened.window)
        elif wish == "resubmit":
            self._actions.resubmit([task])
        elif wish == "download":
            self._actions.download([task], opened.window)

    def _forget(self, opened: _OpenTask) -> None:
        if opened in self._open:
            geometry, halves = opened.window.save_arrangement()
            self._state.save(_GEOMETRY, geometry)
            self._state.save(_HALVES, halves)
            self._open.remove(opened)
            opened.leave()

    def _store_changed(self, change: Change) -> None:
        if self._open:
            changed = {*change.updated, *change.added}
            for each in self._open:
                if each.task_id in changed:
                    each.follow()


class _OpenTask:
    """One window and the task in it."""

    def __init__(self, needs: TaskWindowNeeds, window: TaskWindow, task: Task, key: str) -> None:
        self._needs, self._around = needs, needs.around
        self._key = key
        self.window = window
        self.task = task
        self._position: QueuePosition | None = None
        self._retries = Retries(RETRY_S)
        self.log = LogController(self._around._replace(window=window), window.pane, needs.habits, key)

    @property
    def task_id(self) -> str:
        return self.task.task_id

    def follow(self) -> None:
        """The task as the list has it, then all about it as the service tells it."""
        self.task, self._position = self._around.store.get(self.task_id) or self.task, None
        self.show()
        self.log.show_task(self.task)
        self._around.background.restart(f"{self._key} detail", self._load())

    async def _load(self) -> None:
        self.task, self._position = await detail_at_last(self._around.connection, self.task_id, self._retries)
        self.show()

    def show(self) -> None:
        """What is known about the task."""
        told = self._needs.explained(self.task)
        self.window.show_task(told, self._needs.clock(), self._position)

    def tick(self) -> None:
        if not self.task.is_terminated:
            self.window.diagram.set_now(self._needs.clock() - self._around.connection.unheard)

    def leave(self) -> None:
        """The window is closed."""
        self._around.background.cancel(f"{self._key} detail")
        self.log.close()
        self.window.deleteLater()

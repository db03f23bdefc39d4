"""What the window says about the selected task: diagram, explanation, timeline, details."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from taskmon.client.retrying import PASSING, Retries
from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import can_kill
from taskmon.core.task_reason import no_outputs_sentence
from taskmon.core.units import count_text
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from taskmon.client.api import ServiceClient
    from taskmon.client.task_store import Change, TaskStore
    from taskmon.core.errors import TaskmonError
    from taskmon.core.task import QueuePosition, Task, TaskDetail
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.details_pane import DetailsPane
    from taskmon.gui.widgets.explanation import Explanation
    from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram
    from taskmon.gui.widgets.main_window import MainWindow
    from taskmon.gui.widgets.timeline import Timeline

RETRY_S: Final = (3.0, 60.0)
"""Rests before a detail that failed is asked for again."""
_ON_TASKS = (Wish.RESUBMIT, Wish.COPY_ID, Wish.OPEN_TASK, Wish.SEARCH_LOGS)


async def load_detail(client: ServiceClient, task_id: str) -> tuple[TaskDetail, QueuePosition | None]:
    """Everything about a task, and its place in the queue while it waits there. Raises TaskmonError."""
    detail = await client.task(task_id)
    if detail.is_terminated or detail.start_time is not None:
        return detail, None
    return detail, (await client.task_status(task_id)).position_in_queue


async def detail_at_last(
    connection: ConnectionController,
    task_id: str,
    retries: Retries,
    on_failure: Callable[[TaskmonError], None] = lambda _: None,
) -> tuple[TaskDetail, QueuePosition | None]:
    """As `load_detail`, asked again while the service is silent, busy or broken. Raises other TaskmonErrors."""
    while True:
        await retries.rest()
        try:
            detail = await load_detail(await connection.ready(), task_id)
        except PASSING as error:
            retries.failed(error)
            on_failure(error)
            await connection.answers_again()
        else:
            retries.succeeded()
            return detail


class TaskDetailController:
    """Follows the selection. One task: its detail, fetched again when the list says it changed. Otherwise: counts."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        store: TaskStore,
        model: TaskTableModel,
        window: MainWindow,
        clock: Callable[[], datetime],
    ) -> None:
        self._background = background
        self._connection = connection
        self._store = store
        self._model = model
        self._window = window
        self._clock = clock
        self._selected: tuple[str, ...] = ()
        self._detail: TaskDetail | None = None
        self._retries = Retries(RETRY_S)
        self._listeners: list[Callable[[Task | None], None]] = []
        store.subscribe(self._store_changed)
        model.counts_changed.connect(self._counts_changed)

    def show_in(
        self,
        diagram: LifecycleDiagram,
        explanation: Explanation,
        timeline: Timeline,
        details: DetailsPane,
    ) -> None:
        """The panes that show the task."""
        self._diagram, self._explanation, self._timeline = diagram, explanation, timeline
        self._details = details
        self.select([])

    def on_task(self, listener: Callable[[Task | None], None]) -> None:
        """`listener` hears which one task is selected (None for none or several), and its every change."""
        self._listeners.append(listener)

    @property
    def selected(self) -> list[Task]:
        """The selected tasks as last seen, in the table's order."""
        return [task for task in map(self._store.get, self._selected) if task is not None]

    def select(self, ids: Sequence[str]) -> None:
        """The selection of the table has changed."""
        if self._selected != tuple(ids):
            self._selected, self._retries = tuple(ids), Retries(RETRY_S)
        task = self._only()
        if task is None or self._detail is None or self._detail.task_id != task.task_id:
            self._detail = None
        self._show(task)
        self._enable()

    def tick(self) -> None:
        """Lets the times of the diagram run, as far as the service says that they do."""
        if self._detail is not None and not self._detail.is_terminated:
            until = self._clock() - self._connection.unheard
            self._diagram.set_now(until)
            self._timeline.set_now(until)

    def _only(self) -> Task | None:
        return self._store.get(self._selected[0]) if len(self._selected) == 1 else None

    def _show(self, task: Task | None) -> None:
        for listener in self._listeners:
            listener(task)
        if task is None:
            self._background.cancel("detail")
            self._show_counts()
            self._timeline.show_nothing()
            self._details.show_nothing()
            return
        if self._detail is None:
            self._diagram.show_task(task, self._clock())
            self._explanation.show_task(self._model.explained(task))
            self._timeline.show_not_yet()
        self._details.show_task(self._model.explained(task))
        self._background.restart("detail", self._load(task.task_id))

    async def _load(self, task_id: str) -> None:
        try:
            detail, position = await detail_at_last(self._connection, task_id, self._retries, self._failed)
        except NotFoundError:  # a remembered task that is no more, or another program at this address: the list tells
            self._connection.refresh()
            return
        self._detail = detail
        now = self._clock()
        self._diagram.show_task(detail, now)
        self._explanation.show_task(self._model.explained(detail), position)
        self._timeline.show_task(detail, now)
        self._details.show_task(self._model.explained(detail))

    def _failed(self, error: TaskmonError) -> None:
        if self._detail is None:
            self._timeline.show_not_yet(str(error))

    def note_reason(self, task_id: str) -> None:
        """The table has learned what a failed task printed about its failure."""
        task = self._only()
        if task is not None and task.task_id == task_id:
            told = self._model.explained(self._detail or task)
            self._explanation.show_task(told)
            self._details.show_task(told)

    def _show_counts(self) -> None:
        """Where the selected tasks are, or, with none selected, those of the present view."""
        selected = Counter(task.status for task in self.selected)
        counts = selected or self._model.status_counts()
        self._diagram.show_counts(counts)
        if counts:
            self._explanation.show_counts(counts, selected=bool(selected))
        else:
            self._explanation.show_nothing()

    def _store_changed(self, change: Change) -> None:
        changed = {*change.updated, *change.removed, *change.added}
        if len(self._selected) == 1 and self._selected[0] in changed:
            self._show(self._only())
        if changed.intersection(self._selected):
            self._enable()

    def _counts_changed(self) -> None:
        if len(self._selected) != 1:
            self._show_counts()

    def _enable(self) -> None:
        tasks = self.selected
        self._window.set_enabled(_ON_TASKS, bool(tasks))
        whose = "of the selected task" if len(tasks) == 1 else f"of {count_text(len(tasks), 'task')}"
        self._window.action(Wish.SEARCH_LOGS).setText(f"Search in the logs {whose if tasks else 'of tasks'}…")
        self._window.set_enabled((Wish.RESUBMIT_CHANGED,), len(tasks) == 1)
        self._window.set_enabled((Wish.KILL,), any(can_kill(task.status) for task in tasks), _no_kill(tasks))
        some_started = any(task.start_time is not None for task in tasks)
        self._window.set_enabled((Wish.DOWNLOAD,), some_started, _no_download(tasks))


def _no_kill(tasks: Sequence[Task]) -> str:
    """Why none of `tasks` can be killed."""
    if not tasks:
        return ""
    return (
        "This task has ended or is being stopped."
        if len(tasks) == 1
        else "All of these have ended or are being stopped."
    )


def _no_download(tasks: Sequence[Task]) -> str:
    """Why none of `tasks` has outputs."""
    if not tasks:
        return ""
    return no_outputs_sentence(tasks[0]) if len(tasks) == 1 else "None of these tasks has started."

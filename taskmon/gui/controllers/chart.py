"""The charts of the selected task: what the machine did, and the number series in its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.errors import NotFoundError
from taskmon.core.storage import SYSTEM_METRICS_FILE
from taskmon.core.usage import parse_usage

if TYPE_CHECKING:
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.widgets.chart_pane import ChartPane


class ChartController:
    """Follows `system_metrics.csv` of the task while its pane is in front; nothing is fetched behind the scenes."""

    def __init__(self, background: Background, connection: ConnectionController, pane: ChartPane) -> None:
        self._background = background
        self._connection = connection
        self._pane = pane
        self._task: Task | None = None
        self._in_front = False

    def show_task(self, task: Task | None) -> None:
        """Shows the charts of `task`; None shows none."""
        same = task is not None and self._task is not None and task.task_id == self._task.task_id
        started = same and task is not None and self._task is not None and self._task.start_time != task.start_time
        self._task = task
        if not same or started:
            self._restart()

    def set_in_front(self, in_front: bool) -> None:
        """Whether a person can see the pane."""
        if in_front != self._in_front:
            self._in_front = in_front
            self._restart()

    def _restart(self) -> None:
        self._background.cancel("chart")
        if self._task is None:
            self._pane.show_nothing("Select a task to see what its machine does.")
        elif self._in_front:
            self._pane.show_nothing("Waiting for the first measurement…")
            self._background.restart("chart", self._follow(self._task))

    async def _follow(self, task: Task) -> None:
        from taskmon.client.live_files import follow_file

        text = bytearray()
        try:
            async for chunk in follow_file(self._connection.client, task.task_id, SYSTEM_METRICS_FILE, 0):
                text += chunk
                self._pane.show_usage(parse_usage(text.decode("utf-8", "replace")))
        except NotFoundError:
            self._pane.show_nothing("This task left no measurements.")

"""Searches the logs of several tasks at once, a few at a time, and shows the hits in a window of their own."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.log_hits import LogHits
from taskmon.core.log_link import LogLink
from taskmon.gui.models.columns import short_id
from taskmon.gui.widgets.hits_window import HitsWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from taskmon.client.log_search import LinePattern
    from taskmon.core.log_hits import Hit
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.main_window import MainWindow

AT_ONCE: Final = 4
"""Logs searched at the same time."""


class LogSurveyController:
    """`show` is told which line a person wants to see. `folder` is where spools of ours are."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        window: MainWindow,
        folder: Path,
        show: Callable[[LogLink], None],
        theme: Callable[[], Theme],
    ) -> None:
        self._background = background
        self._connection = connection
        self._window = window
        self._folder = folder
        self._show = show
        self._theme = theme
        self._surveys: dict[HitsWindow, _Survey] = {}
        self._opened = 0

    def open(self, tasks: Sequence[Task], pattern: str = "") -> HitsWindow | None:
        """A window for a search through the logs of `tasks`, with `pattern` proposed; None for no tasks."""
        if not tasks:
            return None
        self._opened += 1
        window = HitsWindow(told_apart(tasks), self._window)
        survey = _Survey(self._background, self._connection, window, tasks, self._folder, f"survey {self._opened}")
        self._surveys[window] = survey
        window.set_theme(self._theme())
        window.hit_chosen.connect(self._show_hit)
        window.task_chosen.connect(lambda task_id: self._show(LogLink(task_id)))
        window.closed.connect(lambda: self._forget(window))
        window.field.setText(pattern)
        window.field.selectAll()
        window.field.setFocus()
        window.show()
        return window

    def set_theme(self, theme: Theme) -> None:
        for window in self._surveys:
            window.set_theme(theme)

    def close(self) -> None:
        """Ends all searches and closes their windows."""
        for window in list(self._surveys):
            window.close()

    def _show_hit(self, task_id: str, hit: Hit) -> None:
        self._show(LogLink(task_id, hit.path, hit.line))

    def _forget(self, window: HitsWindow) -> None:
        survey = self._surveys.pop(window, None)
        if survey is not None:
            survey.stop()
            window.deleteLater()


class _Survey:
    """The search of one window: workers that take one task after the other."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        window: HitsWindow,
        tasks: Sequence[Task],
        folder: Path,
        key: str,
    ) -> None:
        self._background = background
        self._connection = connection
        self._window = window
        self._tasks = tasks
        self._folder = folder
        self._key = key
        self._working = 0
        window.search_requested.connect(self.start)
        window.stop_requested.connect(self.stop)

    def start(self, text: str, regex: bool, case: bool, paths: tuple[str, ...]) -> None:
        """Leaves the search before and begins another one."""
        from taskmon.client.log_search import LinePattern

        self.stop()
        try:
            pattern = LinePattern(text, regex=regex, case_sensitive=case)
        except InvalidInputError as error:
            self._window.show_problem(str(error))
            return
        self._window.show_searching(True)
        waiting = iter(self._tasks)
        self._working = min(AT_ONCE, len(self._tasks))
        for number in range(self._working):
            self._background.restart(f"{self._key} {number}", self._work(waiting, pattern, paths))

    def stop(self) -> None:
        """Ends the search; what was found stays."""
        for number in range(AT_ONCE):
            self._background.cancel(f"{self._key} {number}")
        if self._working:
            self._working = 0
            self._window.show_searching(False)

    async def _work(self, waiting: Iterator[Task], pattern: LinePattern, paths: Sequence[str]) -> None:
        for task in waiting:
            await self._search(task, pattern, paths)
        self._working -= 1
        if not self._working:
            self._window.show_searching(False)

    async def _search(self, task: Task, pattern: LinePattern, paths: Sequence[str]) -> None:
        from taskmon.client.log_survey import search_task

        found = LogHits()
        try:
            results = search_task(self._connection.client, task, paths, pattern, self._folder)
            async with aclosing(results):
                async for found in results:
                    self._window.show_hits(task.task_id, found)
        except TaskmonError as error:
            failed = LogHits(
                count=found.count,
                first=found.first,
                searched_bytes=found.searched_bytes,
                finished=True,
                note=str(error),
                failed=True,
            )
            self._window.show_hits(task.task_id, failed)


def told_apart(tasks: Sequence[Task]) -> list[tuple[str, str]]:
    """The id of each task, and its name; with the id as the table shows it where several have that name."""
    having = Counter(task.name for task in tasks)
    return [
        (task.task_id, f"{task.name} ({short_id(task.task_id)})" if having[task.name] > 1 else task.name)
        for task in tasks
    ]

"""What a person does to tasks: kill, run again, download. One result per task; what failed can be done again alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from taskmon.core.errors import ConnectionFailedError, InvalidInputError, TaskmonError
from taskmon.core.lifecycle import Status, can_kill, facts
from taskmon.core.plain_text import short_name
from taskmon.core.task_reason import no_outputs_sentence
from taskmon.core.units import count_text
from taskmon.gui.controllers.outcome import OutcomeController
from taskmon.gui.dialogs import Question, ask, choose_folder
from taskmon.gui.models.columns import short_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from taskmon.core.task import Task
    from taskmon.gui.controllers.surroundings import Surroundings

MANY: Final = 20
"""Running more tasks than this again is asked about first."""

_LISTED: Final = 5
"""So many of the tasks to kill are named."""

_NOT_STARTED: Final = (Status.PENDING_INPUT, Status.SUBMITTED)


def kill_question(tasks: Sequence[Task], unloaded: int = 0) -> Question | None:
    """The question with the exact numbers; None if nothing in `tasks` can be killed. `unloaded` more tasks were meant
    too, but the list does not have them yet."""
    living = [task for task in tasks if can_kill(task.status)]
    if not living:
        return None
    ended = len(tasks) - len(living)
    skipped = f" {ended:,} more in the selection {'has' if ended == 1 else 'have'} already ended and " if ended else ""
    skipped += ("is skipped." if ended == 1 else "are skipped.") if ended else ""
    missed = f" {count_text(unloaded, 'task')} still being loaded will not be killed." if unloaded else ""
    return Question(
        "Kill tasks" if len(living) > 1 else "Kill task",
        f"Kill {_called(living[0]) if len(living) == 1 else count_text(len(living), 'task')}?",
        f"{_listed(living)}{_what_is_kept(living)}{skipped}{missed}",
        f"Kill {count_text(len(living), 'task')}",
    )


def _called(task: Task) -> str:
    """Its name, and its id as the table shows it: several tasks may have one name."""
    return f"“{short_name(task.name)}” ({short_id(task.task_id)})" if task.has_name else f"“{task.task_id}”"


def _listed(tasks: Sequence[Task]) -> str:
    """The first of several tasks, a line each, and a blank one; nothing where there is one."""
    if len(tasks) == 1:
        return ""
    lines = [f"{_called(task)}, {facts(task.status).alias}" for task in tasks[:_LISTED]]
    more = len(tasks) - _LISTED
    return "\n".join([*lines, *([f"and {more:,} more"] if more > 0 else [])]) + "\n\n"


def _what_is_kept(living: Sequence[Task]) -> str:
    waiting = sum(task.status in _NOT_STARTED for task in living)
    if waiting == len(living):
        return f"{'It has' if waiting == 1 else 'They have'} not started, so there are no outputs."
    return "Outputs written so far are kept." + (" Tasks that had not started leave none." if waiting else "")


class TaskActionsController:
    """Carries out the wishes on tasks through the client; the store learns the answers by the next poll."""

    def __init__(
        self,
        around: Surroundings,
    ) -> None:
        self._background, self._connection, self._store, self._messages, self._window = around
        self._outcome = OutcomeController(around.store, around.messages)
        self._downloads = Path.home()
        self._downloaded: Path | None = None

    def kill(self, tasks: Sequence[Task], window: QWidget | None = None, unloaded: int = 0) -> None:
        """Asks once, in `window` or else the main one, then kills all of `tasks` that still live. `unloaded` more are
        meant too, but the list does not have them yet: the question says so."""
        self._background.start(self._kill(tasks, window or self._window, unloaded), "kill")

    def resubmit(self, tasks: Sequence[Task]) -> None:
        """Runs `tasks` again as they were, with the inputs reused on the server's side."""
        self._background.start(self._resubmit(tasks), "resubmit")

    def download(self, tasks: Sequence[Task], window: QWidget | None = None) -> None:
        """Asks where to, then downloads and unpacks the outputs of each task that has any into a folder of its own."""
        started = [task for task in tasks if not no_outputs_sentence(task)]
        if started:
            self._background.start(self._download(started, window or self._window), "download")

    def note_downloaded(self, folder: Path) -> None:
        """What was downloaded last lies in `folder`."""
        self._downloaded = folder

    def open_downloaded(self) -> None:
        """Shows the folder of the latest download in the system's file manager."""
        if self._downloaded is None or not self._downloaded.exists():
            nothing = InvalidInputError("Nothing has been downloaded in this window.", "Select a task and download it.")
            self._messages.tell_problem(nothing)
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._downloaded)))

    def copy_ids(self, tasks: Sequence[Task]) -> None:
        """Puts the ids on the clipboard, one per line."""
        QGuiApplication.clipboard().setText("\n".join(task.task_id for task in tasks))
        self._messages.tell(f"Copied {count_text(len(tasks), 'task id')}.")

    async def _kill(self, tasks: Sequence[Task], window: QWidget, unloaded: int) -> None:
        question = kill_question(tasks, unloaded)
        if question is None:
            return
        await self._connection.answering()
        if not await ask(question, window):
            return
        latest = [self._store.get(task.task_id) or task for task in tasks]
        living = [task for task in latest if can_kill(task.status)]

        async def kill_one(task: Task) -> None:
            client = await self._connection.answering()  # also now: the question may have waited for long
            try:
                await client.kill(task.task_id)
            except ConnectionFailedError as error:
                advice = "Whether it is killed, the list tells when the service answers."
                raise ConnectionFailedError(error.title, advice) from error

        await self._each(living, kill_one, "Killing", "Kill asked for")

    async def _resubmit(self, tasks: Sequence[Task]) -> None:
        from taskmon.client.submission import resubmit

        await self._connection.answering()
        if len(tasks) > MANY:
            number = count_text(len(tasks), "task")
            question = Question("Run again", f"Run {number} again?", "Each becomes a new task.", f"Run {number} again")
            if not await ask(question, self._window):
                return

        made: list[str] = []

        async def resubmit_one(task: Task) -> None:
            made.append((await resubmit(await self._connection.answering(), task)).id)

        await self._each(tasks, resubmit_one, "Submitting", "Submitted again")
        if len(made) == 1:
            self._outcome.watch(made[0])

    async def _download(self, tasks: Sequence[Task], window: QWidget) -> None:
        from taskmon.client.download import download_outputs

        await self._connection.answering()
        folder = await choose_folder("Download outputs to", window, str(self._downloads))
        if folder is None:
            return
        self._downloads = Path(folder)

        async def download_one(task: Task) -> None:
            target = await download_outputs(self._connection.client, task, Path(folder))
            self._downloaded = target if len(tasks) == 1 else Path(folder)
            self._messages.tell(f"Outputs of {task.name} are in {target}")

        await self._each(tasks, download_one, "Downloading", "")
        if len(tasks) > 1:
            self._messages.tell(f"Outputs of {count_text(len(tasks), 'task')} are in {folder}")

    async def _each(self, tasks: Sequence[Task], act: Callable[[Task], Awaitable[None]], doing: str, done: str) -> None:
        """One task after the other; failures are collected and told together, naming the tasks. A service that falls
        silent is not asked for the others."""
        failures: list[tuple[Task, TaskmonError]] = []
        for number, task in enumerate(tasks, start=1):
            if len(tasks) > 1:
                self._messages.tell(f"{doing} {number:,} of {len(tasks):,}…")
            try:
                await act(task)
            except TaskmonError as error:
                failures.append((task, error))
                if isinstance(error, ConnectionFailedError) and not self._connection.is_answering:
                    failures.extend((left, error) for left in tasks[number:])
                    break
        self._connection.refresh()
        if failures:
            task, first = failures[0]
            number_text = f"{count_text(len(failures), 'task')} of {len(tasks):,}"
            title = f"{number_text} failed, first {task.name}: {first.title}" if len(tasks) > 1 else first.title
            raise TaskmonError(title, first.advice)
        if done:
            names = tasks[0].name if len(tasks) == 1 else count_text(len(tasks), "task")
            self._messages.tell(f"{done}: {names}.")

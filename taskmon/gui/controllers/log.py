"""The log of the selected task: follows a file into a spool on disk and shows that, searches it, saves it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.lifecycle import Status
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.gui.controllers.progress import log_patterns_of
from taskmon.gui.dialogs import choose_new_file

if TYPE_CHECKING:
    from taskmon.client.log_spool import LogSpool
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages
    from taskmon.gui.widgets.log_pane import LogPane
    from taskmon.gui.widgets.main_window import MainWindow

_WAITING: Final = {
    Status.PENDING_INPUT: "The inputs are being uploaded; the log appears here when the task runs.",
    Status.SUBMITTED: "The task is in the queue; the log appears here when it runs.",
    Status.STARTED: "The machine is getting ready; the log appears here in a moment.",
}
_FRAME: Final = (b"# ", b"-----")
"""How the runner's own lines around a command's output begin."""
_TAIL: Final = 4096
_STREAMS: Final = (STDOUT_FILE, STDERR_FILE)


class LogController:
    """One log at a time. Spools live in `folder`, one per task and file, and are resumed by their size."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        pane: LogPane,
        messages: Messages,
        window: MainWindow,
        folder: Path,
    ) -> None:
        self._background = background
        self._connection = connection
        self._pane = pane
        self._messages = messages
        self._window = window
        self._folder = folder
        self._task: Task | None = None
        self._file = STDOUT_FILE
        self._chosen = False  # whether the person chose the file
        self._spool: LogSpool | None = None
        self._search: tuple[str, bool, bool] = ("", False, False)
        pane.file_selected.connect(self.show_file)
        pane.search_requested.connect(self.search)
        pane.save_requested.connect(self.save)
        pane.set_files(list(_STREAMS))
        pane.show_note("Select a task to read its log.")

    @property
    def spool(self) -> LogSpool | None:
        """The log that is shown."""
        return self._spool

    def show_task(self, task: Task | None) -> None:
        """Shows the log of `task`; None shows none. The same task again only refreshes the note."""
        same = task is not None and self._task is not None and task.task_id == self._task.task_id
        earlier, self._task = self._task, task
        if same and task is not None:
            if self._spool is None or self._spool.size == 0:
                self._pane.show_note(self._note(task))
            if earlier is not None and task.num_retries > earlier.num_retries:
                self._restart()
            return
        self._file, self._chosen = STDOUT_FILE, False
        self._pane.set_files(list(_STREAMS))
        self._pane.show_file(self._file)
        self._restart()

    def show_file(self, path: str) -> None:
        """Shows another text file of the same task."""
        if path != self._file:
            self._file, self._chosen = path, True
            if path not in _STREAMS:
                self._pane.set_files([*_STREAMS, path])
            self._pane.show_file(path)
            self._restart()

    def search(self, pattern: str, regex: bool, case: bool) -> None:
        """Searches the whole file; an empty pattern ends the search."""
        self._search = (pattern, regex, case)
        if not pattern or self._spool is None:
            self._background.cancel("search")
            self._pane.show_search(None)
            return
        self._background.restart("search", self._run_search(self._spool))

    def save(self, _what: str) -> None:
        """Writes the whole log to a file that the person chooses."""
        if self._task is not None and self._spool is not None:
            self._background.start(self._save(self._task, self._spool), "save log")

    def close(self) -> None:
        """Lets go of the file."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _restart(self) -> None:
        self._background.cancel("log")
        self._background.cancel("search")
        self._pane.show_source(None)
        self.close()
        if self._task is None:
            self._pane.show_note("Select a task to read its log.")
            return
        self._pane.show_note(self._note(self._task))
        self._pane.set_severity(log_patterns_of(self._task).severity)
        self._background.restart("log", self._open(self._task, self._file))

    def _note(self, task: Task) -> str:
        if task.status in _WAITING:
            return _WAITING[task.status]
        if task.is_terminated:
            return "This task left no such output." if task.start_time is None else "Loading the log…"
        return "Waiting for the first output…"

    async def _open(self, task: Task, path: str) -> None:
        """Follows `path`; of a task that failed, first stderr where that says something."""
        fresh = path == STDOUT_FILE and not self._chosen
        if fresh and task.status is Status.FAILED and await self._says_something(task, STDERR_FILE):
            self._file = path = STDERR_FILE
            self._pane.show_file(path)
        await self._follow(task, path)

    async def _says_something(self, task: Task, path: str) -> bool:
        from taskmon.client.live_files import read_tail

        try:
            _, tail = await read_tail(self._connection.client, task.task_id, path, _TAIL)
        except NotFoundError:
            return False
        return any(line.strip() and not line.startswith(_FRAME) for line in tail.splitlines())

    async def _follow(self, task: Task, path: str) -> None:
        from taskmon.client.live_files import follow_file
        from taskmon.client.log_spool import LogSpool

        spool = LogSpool(self._folder / task.task_id / str(task.num_retries) / path.replace("/", "%2F"))
        self._spool = spool
        self._pane.show_source(spool)
        try:
            async for chunk in follow_file(self._connection.client, task.task_id, path, spool.size):
                spool.append(chunk)
                self._pane.source_grew()
                await asyncio.sleep(0)
        except NotFoundError:
            self._pane.show_note("This task left no such output.")
            return
        self._pane.show_ended()
        if spool.size == 0:
            self._pane.show_note("This file is empty.")

    async def _run_search(self, spool: LogSpool) -> None:
        pattern, regex, case = self._search
        try:
            self._pane.show_search(await asyncio.to_thread(spool.search, pattern, regex=regex, case=case))
        except InvalidInputError as error:
            self._pane.show_search_problem(str(error))

    async def _save(self, task: Task, spool: LogSpool) -> None:
        name = f"{task.name}-{Path(self._file).name}"
        target = await choose_new_file("Save the log", self._window, name)
        if target is None:
            return
        try:
            await asyncio.to_thread(shutil.copyfile, spool.path, target)
        except OSError as error:
            title = f"The log could not be saved: {error.strerror}."
            raise InvalidInputError(title, "Choose another place.") from error
        self._messages.tell(f"The log is in {target}.")

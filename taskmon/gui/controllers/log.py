"""The log of one task in one pane: which file of it, links, saving, how logs are read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtGui import QGuiApplication

from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.lifecycle import Status, facts
from taskmon.core.log_link import LogLink
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.units import count_text, size_text
from taskmon.gui.controllers.log_preferences import compiled
from taskmon.gui.controllers.log_reading import STREAMS, LogReading
from taskmon.gui.controllers.log_saving import save_everything, save_shown
from taskmon.gui.dialogs import choose_new_file
from taskmon.gui.widgets.log_controls import MERGED, SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.log_spool import LogSpool
    from taskmon.core.task import Task
    from taskmon.gui.controllers.log_preferences import LogPreferences
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.widgets.log_pane import LogPane

_FRAME: Final = (b"# ", b"-----")
"""How the runner's own lines around a command's output begin."""
_TAIL: Final = 4096
_FILES: Final = (*STREAMS, MERGED)


class LogHabits(NamedTuple):
    """How logs are read in every pane: in which folder our spools are, how the person likes it, and for how long a task
    has said nothing (in words; empty if that is usual)."""

    folder: Path
    preferences: LogPreferences
    silence_of: Callable[[str], str]


class LogController:
    """`key` names this pane's background work."""

    def __init__(
        self,
        around: Surroundings,
        pane: LogPane,
        habits: LogHabits,
        key: str = "log",
    ) -> None:
        self._background, self._connection = around.background, around.connection
        self._messages, self._window = around.messages, around.window
        self._pane = pane
        self._preferences = habits.preferences
        self._key = key
        self._task: Task | None = None
        self._file = STDOUT_FILE
        self._chosen = False  # whether the person chose the file
        self._saving: asyncio.Task[None] | None = None
        self._reading = LogReading(self._background, self._connection, pane, habits.folder, key, habits.silence_of)
        self._serve(pane)
        pane.set_files(list(_FILES))
        pane.show_note("Select one task to read its log.")

    @property
    def spool(self) -> LogSpool | None:
        """The log that is shown."""
        return self._reading.spool

    @property
    def shown(self) -> tuple[Task | None, str]:
        """The task, and the file of it that is shown."""
        return self._task, self._file

    # -- which log ------------------------------------------------------------------------------------------------

    def show_task(self, task: Task | None) -> None:
        """Shows the log of `task`; None shows none. The same task again only refreshes the note."""
        same = task is not None and self._task is not None and task.task_id == self._task.task_id
        earlier, self._task = self._task, task
        if same and task is not None:
            self._reading.note_task(task)
            if earlier is not None and task.is_terminated and not earlier.is_terminated:
                known = facts(task.status)
                self._pane.view.speech.announce(f"{task.name}: {known.alias}. {known.what}")
                self._look_beside()
            if earlier is not None and task.num_retries > earlier.num_retries:
                self._restart()
                self._messages.tell(f"{task.name} began attempt {task.num_retries + 1}; its log begins anew.")
            return
        self._file, self._chosen = self._preferences.file_of(task.simulator if task else ""), False
        self._pane.set_files(list(_FILES))
        self._pane.show_file(self._file)
        self._restart()

    def show_file(self, path: str, line: int | None = None) -> None:
        """Shows another text file of the same task, at `line` (from 0) if one is given."""
        if path == self._file and line is not None and self.spool is not None:
            self._reading.show_line(line)
        elif path != self._file:
            self._file, self._chosen = path, True
            if path not in _FILES:
                self._pane.set_files([*_FILES, path])
            self._pane.show_file(path)
            self._restart(line)

    def show_place(self, task: Task, path: str, line: int | None) -> None:
        """Shows a file of a task, at `line` (from 0) if one is given."""
        self.show_task(task)
        self._background.cancel(self._choosing)
        if path != self._file:
            self.show_file(path, line)
        elif self.spool is not None and line is not None:
            self._reading.show_line(line)
        elif self.spool is None:
            self._chosen = True
            self._restart(line)

    def close(self) -> None:
        """Lets go of all files; what is being saved is given up."""
        self._background.cancel(self._choosing)
        self._background.cancel(f"{self._key} beside")
        self._reading.stop()
        if self._saving is not None:
            self._saving.cancel()
        self._preferences.forget(self._show_rules)

    @property
    def _choosing(self) -> str:
        return f"{self._key} choice"

    def _restart(self, line: int | None = None) -> None:
        self._background.cancel(self._choosing)
        self._reading.stop()
        self._look_beside()
        if self._task is None:
            self._pane.show_note("Select one task to read its log.")
        elif self._file == STDOUT_FILE and not self._chosen and self._task.status is Status.FAILED:
            self._background.restart(self._choosing, self._choose_stream(self._task))
        else:
            self._reading.show(self._task, self._file, line)

    async def _choose_stream(self, task: Task) -> None:
        """Of a task that failed stderr is shown first, where it says something."""
        try:
            if await self._stderr_amount(task):
                self._file = STDERR_FILE
                self._pane.show_file(self._file)
        except NotFoundError:
            pass
        self._reading.show(task, self._file)
        self._look_beside()

    def _look_beside(self) -> None:
        """While stdout of a task that has ended is shown, the foot tells that stderr has something to read too."""
        self._pane.foot.show_elsewhere("")
        if self._task is not None and self._task.is_terminated and self._file == STDOUT_FILE:
            self._background.restart(f"{self._key} beside", self._tell_stderr(self._task))
        else:
            self._background.cancel(f"{self._key} beside")

    async def _tell_stderr(self, task: Task) -> None:
        with suppress(TaskmonError):  # a hint is worth no complaint
            amount = await self._stderr_amount(task)
            self._pane.foot.show_elsewhere(f"stderr has {amount}" if amount else "")

    async def _stderr_amount(self, task: Task) -> str:
        """How much the task's commands wrote to stderr, `3 lines` or `48 kB`; empty for nothing."""
        from taskmon.client.live_files import read_tail

        size, tail = await read_tail(await self._connection.ready(), task.task_id, STDERR_FILE, _TAIL)
        own = sum(bool(line.strip()) and not line.startswith(_FRAME) for line in tail.splitlines())
        return "" if not own else count_text(own, "line") if size == len(tail) else size_text(size)

    # -- what the pane wishes -------------------------------------------------------------------------------------

    def _serve(self, pane: LogPane) -> None:
        settings, preferences = self._preferences.settings, self._preferences
        pane.wrap.setChecked(settings.wrap)
        pane.view.set_font_size(settings.log_font_size)
        pane.wrap_changed.connect(lambda wraps: preferences.remember(wrap=wraps))
        pane.font_size_changed.connect(lambda size: preferences.remember(log_font_size=size))
        pane.rules_changed.connect(preferences.remember_rules)
        preferences.on_rules(self._show_rules)
        self._show_rules()
        pane.file_selected.connect(self._choose_file)
        pane.link_requested.connect(self._copy_link)
        pane.save_requested.connect(self._ask_to_save)
        pane.foot.elsewhere.clicked.connect(lambda: self.show_file(STDERR_FILE))

    def _show_rules(self) -> None:
        rules = self._preferences.rules
        self._pane.set_rules(rules, *compiled(rules))

    def _choose_file(self, path: str) -> None:
        """The person chose what to read; a stream is what they read of this kind of task from now on."""
        if self._task is not None and path in _FILES:
            self._preferences.remember_file(self._task.simulator, path)
        self.show_file(path)

    def _copy_link(self, line: int) -> None:
        if self._task is not None:
            link = LogLink(self._task.task_id, self._file, line)
            QGuiApplication.clipboard().setText(str(link))
            self._messages.tell(f"Copied {link}")

    def _ask_to_save(self, what: str) -> None:
        if self._saving is not None:
            self._saving.cancel()
        elif self._task is not None and self.spool is not None:
            save = self._save(self._task, self._file, self.spool, what)
            self._saving = self._background.start(save, f"{self._key} save")

    async def _save(self, task: Task, path: str, spool: LogSpool, what: str) -> None:
        try:
            name = f"{task.name}-{'output.txt' if path == MERGED else Path(path).name}".replace("/", "_")
            title = "Save what I see" if what == SHOWN else "Save the whole log"
            lines = self._pane.shown_lines
            chosen = await choose_new_file(title, self._window, name)
            if chosen is None or lines is None:
                return
            target = Path(chosen)
            self._pane.show_saving(0.0)
            if what == SHOWN:
                number = count_text(await save_shown(lines, target, self._pane.show_saving), "line")
                self._messages.tell(f"{number} are in {target}.")
            else:
                number = size_text(await save_everything(spool, target, self._pane.show_saving))
                self._messages.tell(f"The log, {number}, is in {target}.")
        except asyncio.CancelledError:
            self._messages.tell("Saving was stopped; nothing was written.")
            raise
        finally:
            self._saving = None
            self._pane.show_saving(None)

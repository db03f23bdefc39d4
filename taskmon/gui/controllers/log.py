"""The log of the selected task, and logs in windows of their own: which file, saving, links, how logs are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QGuiApplication

from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import Status
from taskmon.core.log_link import LogLink
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.units import count_text
from taskmon.gui.controllers.log_preferences import LogPreferences, compiled
from taskmon.gui.controllers.log_reading import STREAMS, LogReading, waiting_note
from taskmon.gui.controllers.log_saving import save_everything, save_shown
from taskmon.gui.dialogs import choose_new_file
from taskmon.gui.widgets.log_controls import MERGED, SHOWN
from taskmon.gui.widgets.log_window import LogWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.client.log_spool import LogSpool
    from taskmon.core.log_highlights import HighlightRule
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages
    from taskmon.gui.widgets.log_pane import LogPane
    from taskmon.gui.widgets.main_window import MainWindow

_FRAME: Final = (b"# ", b"-----")
"""How the runner's own lines around a command's output begin."""
_TAIL: Final = 4096
_FILES: Final = (*STREAMS, MERGED)


class LogController:
    """One log in the window's pane, any number in windows of their own. `folder` is for spools of ours."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        pane: LogPane,
        messages: Messages,
        window: MainWindow,
        folder: Path,
        preferences: LogPreferences | None = None,
        silence_of: Callable[[str], str] = lambda _task_id: "",
    ) -> None:
        self._background = background
        self._connection = connection
        self._pane = pane
        self._messages = messages
        self._window = window
        self._folder = folder
        self._preferences = preferences if preferences is not None else LogPreferences()
        self._task: Task | None = None
        self._file = STDOUT_FILE
        self._chosen = False  # whether the person chose the file
        self._windows: dict[LogWindow, LogReading] = {}
        self._opened = 0
        self._silence_of = silence_of
        self._reading = LogReading(background, connection, pane, folder, "log", silence_of)
        self._serve(pane, lambda: (self._task, self._file, self._reading))
        pane.file_selected.connect(self.show_file)
        pane.theme_changed.connect(self._dress_windows)
        pane.set_files(list(_FILES))
        pane.show_note("Select a task to read its log.")

    @property
    def spool(self) -> LogSpool | None:
        """The log that is shown."""
        return self._reading.spool

    # -- which log ------------------------------------------------------------------------------------------------

    def show_task(self, task: Task | None) -> None:
        """Shows the log of `task`; None shows none. The same task again only refreshes the note."""
        same = task is not None and self._task is not None and task.task_id == self._task.task_id
        earlier, self._task = self._task, task
        if same and task is not None:
            if self.spool is None or self.spool.size == 0:
                self._pane.show_note(waiting_note(task))
            if earlier is not None and task.num_retries > earlier.num_retries:
                self._restart()
                self._messages.tell(f"{task.name} began attempt {task.num_retries + 1}; its log begins anew.")
            return
        self._file, self._chosen = STDOUT_FILE, False
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
        self._background.cancel("choose log")
        if path != self._file:
            self.show_file(path, line)
        elif self.spool is not None and line is not None:
            self._reading.show_line(line)
        elif self.spool is None:
            self._chosen = True
            self._restart(line)

    def close(self) -> None:
        """Lets go of all files and closes the windows."""
        for window in list(self._windows):
            window.close()
        self._reading.stop()

    def _restart(self, line: int | None = None) -> None:
        self._background.cancel("choose log")
        self._reading.stop()
        if self._task is None:
            self._pane.show_note("Select a task to read its log.")
        elif self._file == STDOUT_FILE and not self._chosen and self._task.status is Status.FAILED:
            self._background.restart("choose log", self._choose_stream(self._task))
        else:
            self._reading.show(self._task, self._file, line)

    async def _choose_stream(self, task: Task) -> None:
        """Of a task that failed stderr is shown first, where it says something."""
        from taskmon.client.live_files import read_tail

        try:
            _, tail = await read_tail(self._connection.client, task.task_id, STDERR_FILE, _TAIL)
        except NotFoundError:
            tail = b""
        if any(line.strip() and not line.startswith(_FRAME) for line in tail.splitlines()):
            self._file = STDERR_FILE
            self._pane.show_file(self._file)
        self._reading.show(task, self._file)

    # -- windows of their own -------------------------------------------------------------------------------------

    def open_window(self, task: Task, path: str) -> LogWindow:
        """A file of `task` in a window of its own, beside which others can be read."""
        self._opened += 1
        window = LogWindow(f"{task.name} · {path}")
        reading = LogReading(
            self._background, self._connection, window.pane, self._folder, f"log {self._opened}", self._silence_of
        )
        shown = [path]

        def show(other: str) -> None:
            shown[0] = other
            window.setWindowTitle(f"{task.name} · {other}")
            reading.show(task, other)

        self._windows[window] = reading
        window.pane.set_files([*_FILES, *([path] if path not in _FILES else [])])
        window.pane.show_file(path)
        self._serve(window.pane, lambda: (task, shown[0], reading))
        window.pane.file_selected.connect(show)
        window.pane.set_theme(self._pane.theme)
        window.closed.connect(lambda: self._forget(window))
        window.show()
        reading.show(task, path)
        return window

    def _forget(self, window: LogWindow) -> None:
        reading = self._windows.pop(window, None)
        if reading is not None:
            reading.stop()
            window.deleteLater()

    def _dress_windows(self) -> None:
        for window in self._windows:
            window.pane.set_theme(self._pane.theme)

    # -- what a pane wishes ---------------------------------------------------------------------------------------

    def _serve(self, pane: LogPane, log: Callable[[], tuple[Task | None, str, LogReading]]) -> None:
        """Answers the wishes of a pane; `log` says what it shows."""
        settings = self._preferences.settings
        pane.wrap.setChecked(settings.wrap)
        pane.view.set_font_size(settings.log_font_size)
        pane.set_rules(self._preferences.rules, compiled(self._preferences.rules)[0])
        pane.wrap_changed.connect(lambda wraps: self._preferences.remember(wrap=wraps))
        pane.font_size_changed.connect(lambda size: self._preferences.remember(log_font_size=size))
        pane.rules_changed.connect(self._use_rules)

        def copy_link(line: int) -> None:
            task, path, _ = log()
            if task is not None:
                self._copy_link(LogLink(task.task_id, path, line))

        def open_window() -> None:
            task, path, _ = log()
            if task is not None:
                self.open_window(task, path)

        def save(what: str) -> None:
            task, path, reading = log()
            if task is not None and reading.spool is not None:
                self._background.start(self._save(task, path, pane, reading.spool, what), "save log")

        pane.link_requested.connect(copy_link)
        pane.window_requested.connect(open_window)
        pane.save_requested.connect(save)

    def _use_rules(self, rules: tuple[HighlightRule, ...]) -> None:
        self._preferences.remember_rules(rules)
        highlights, problem = compiled(rules)
        for pane in (self._pane, *(window.pane for window in self._windows)):
            pane.set_rules(rules, highlights, problem)

    def _copy_link(self, link: LogLink) -> None:
        QGuiApplication.clipboard().setText(str(link))
        self._messages.tell(f"Copied {link}")

    async def _save(self, task: Task, path: str, pane: LogPane, spool: LogSpool, what: str) -> None:
        name = f"{task.name}-{'output.txt' if path == MERGED else Path(path).name}"
        title = "Save what I see" if what == SHOWN else "Save the whole log"
        lines = pane.shown_lines
        target = await choose_new_file(title, self._window, name)
        if target is None or lines is None:
            return
        if what == SHOWN:
            number = await save_shown(lines, target)
            self._messages.tell(f"{count_text(number, 'line')} are in {target}.")
        else:
            await save_everything(spool, target)
            self._messages.tell(f"The log is in {target}.")

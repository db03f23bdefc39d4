"""The composition root: opens the application, shows the window, hands over to the session until the person leaves."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from taskmon.core.place_name import THIS_COMPUTER, list_name
from taskmon.gui.early_rows import show_early_rows
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.styles import new_application

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget


SWITCH_S: Final = 0.001
"""How long a worker thread may keep the window waiting for the interpreter; Python's own 5 ms would be seen."""

_LONGEST_WAIT_MS: Final = 1000
"""A window that nobody sees, because it starts minimised, is never painted."""

_LONGEST_WAIT_FOR_ROWS_MS: Final = 100


class WindowOptions(NamedTuple):
    """`folders` open in the submit form at once, `link` shows a task's log. The window goes to `url` if there is one,
    to the embedded service of `data_dir` if `stay_here`, else to the connection of the last time."""

    data_dir: Path
    state_dir: Path
    cache_dir: Path
    folders: tuple[Path, ...] = ()
    link: str = ""
    url: str | None = None
    api_key: str = ""
    stay_here: bool = False

    def __repr__(self) -> str:
        return f"WindowOptions(url={self.url!r}, data_dir={self.data_dir!r})"  # not the key


def clock() -> datetime:
    return datetime.now(UTC)


class _Paint(QObject):
    """Turns the event loop until `widget` has been painted, so that nothing that is imported later delays it."""

    def __init__(self, widget: QWidget, longest_ms: int) -> None:
        super().__init__()
        self._loop = QEventLoop()
        widget.installEventFilter(self)
        QTimer.singleShot(longest_ms, self._loop.quit)
        self._loop.exec()
        widget.removeEventFilter(self)

    def eventFilter(self, _widget: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._loop.quit)  # when the panes have been painted too
        return False


def run(options: WindowOptions) -> int:
    """Opens the window; returns the exit code of the process."""
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    sys.setswitchinterval(SWITCH_S)
    application = QApplication.instance() or new_application()
    application = cast("QApplication", application)
    application.setApplicationName("taskmon")
    application.setDesktopFileName("taskmon")
    application.setQuitOnLastWindowClosed(False)
    garbage = GarbageCollection()
    shell = Shell(application, clock, Folders(state=options.state_dir, cache=options.cache_dir))
    garbage.watch(shell.store)
    if options.url is None:
        shell.show_first_screen(list_name(THIS_COMPUTER, str(options.data_dir)) if options.stay_here else "")
    shell.window.show()
    _Paint(shell.window, _LONGEST_WAIT_MS)
    if show_early_rows(shell, options):
        _Paint(shell.table.viewport(), _LONGEST_WAIT_FOR_ROWS_MS)
    from taskmon.gui.session import run_session

    run_session(application, shell, options)
    garbage.end()
    return 0

"""The composition root: opens the application, builds the desk, runs until the person leaves."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from taskmon.gui.background import Background
from taskmon.gui.controllers.connection import THIS_COMPUTER, Place
from taskmon.gui.door import DOOR, keep_door
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.shell import Folders, Shell
from taskmon.programs import serve_command

if TYPE_CHECKING:
    from taskmon.client.local_service import ServiceAddress


SWITCH_S: Final = 0.001
"""How long a worker thread may keep the window waiting for the interpreter; Python's own 5 ms would be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """`folders` open in the submit form at once, `link` shows a task's log. The window goes to `url` if there is one,
    to the embedded service of `data_dir` if `stay_here`, else to the connection of the last time."""

    data_dir: Path
    state_dir: Path
    cache_dir: Path
    folders: tuple[Path, ...] = ()
    link: str = ""
    url: str | None = None
    api_key: str = field(default="", repr=False)
    stay_here: bool = False


def clock() -> datetime:
    return datetime.now(UTC)


def here(data_dir: Path) -> Place:
    """This computer's service."""
    return Place(THIS_COMPUTER, lambda: embedded_service(data_dir), embedded=True)


def given_place(options: WindowOptions) -> tuple[Place, str] | None:
    """The place, and its address, that the command line or the environment names; None if they name none."""
    url = options.url
    if url is None:
        return None

    async def find() -> ServiceAddress:
        from taskmon.client.local_service import ServiceAddress

        return ServiceAddress(url=url, api_key=options.api_key, pid=0)

    return Place(url.removeprefix("https://").removeprefix("http://"), find, embedded=False), url


async def embedded_service(data_dir: Path) -> ServiceAddress:
    """The address of this computer's service, started now if it does not run."""
    from taskmon.client.local_service import ensure_local_service
    from taskmon.settings import load_settings, settings_path

    idle_exit_s = load_settings(settings_path()).settings.idle_exit_minutes * 60
    return await ensure_local_service(data_dir, serve_command(data_dir, idle_exit_s))


async def show_window(application: QApplication, options: WindowOptions) -> None:
    """Shows the window and returns when the person has left it."""
    shell = Shell(application, clock, Folders(state=options.state_dir, cache=options.cache_dir))
    shell.window.show()
    loop = asyncio.get_running_loop()
    for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(asked_to_stop, shell.left.set)
    await asyncio.sleep(0)  # the first paint, before anything heavy is imported
    from taskmon.gui.desk import Desk, crash_reporter

    async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
        desk = Desk(shell, background)
        background.watch(desk.connection.connect_forever(), "connection")
        desk.connections.begin(here(options.data_dir), given_place(options), stay_here=options.stay_here)
        if options.folders:
            desk.submit.open([str(folder) for folder in options.folders])
        if options.link:
            desk.links.open(options.link)
        background.start(keep_door(options.state_dir, desk.links.open), DOOR)
        await shell.left.wait()
        await desk.stop_sync_tasks()
        await desk.memory.save_now()
        desk.put_away()


def run(options: WindowOptions) -> int:
    """Opens the window; returns the exit code of the process."""
    from qasync import QEventLoop

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    sys.setswitchinterval(SWITCH_S)
    application = QApplication.instance() or QApplication(["taskmon"])
    application = cast("QApplication", application)
    application.setApplicationName("taskmon")
    application.setDesktopFileName("taskmon")
    application.setQuitOnLastWindowClosed(False)
    garbage = GarbageCollection()
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(show_window(application, options))
    garbage.end()
    return 0

"""The composition root: opens the application, builds the desk, runs until the person leaves."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from taskmon.gui.background import Background
from taskmon.gui.controllers.connection import THIS_COMPUTER, Place
from taskmon.gui.desk import Desk, Folders
from taskmon.programs import command

if TYPE_CHECKING:
    from taskmon.client.local_service import ServiceAddress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """`folders` open in the submit form at once; without `url` the window uses the embedded service of `data_dir`."""

    data_dir: Path
    state_dir: Path
    cache_dir: Path
    folders: tuple[Path, ...] = ()
    url: str | None = None
    api_key: str = ""


def no_display_reason() -> str:
    """Why no window can be shown here, with what to do instead; empty where one can."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM", "") not in ("", "xcb", "wayland"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return (
        "There is no display to open a window on. "
        "Start taskmon in a desktop session, over `ssh -X`, or use its commands here: `taskmon --help`."
    )


def clock() -> datetime:
    return datetime.now(UTC)


def place_of(options: WindowOptions) -> Place:
    """The service that the window starts with."""
    if options.url is None:
        return Place(THIS_COMPUTER, lambda: embedded_service(options.data_dir), embedded=True)

    async def given() -> ServiceAddress:
        from taskmon.client.local_service import ServiceAddress

        return ServiceAddress(url=cast("str", options.url), api_key=options.api_key, pid=0)

    return Place(options.url.removeprefix("https://").removeprefix("http://"), given, embedded=False)


async def embedded_service(data_dir: Path) -> ServiceAddress:
    """The address of this computer's service, started now if it does not run."""
    from taskmon.client.local_service import ensure_local_service

    return await ensure_local_service(data_dir, command("serve", "--data-dir", str(data_dir)))


async def show_window(application: QApplication, options: WindowOptions) -> None:
    """Shows the window and returns when the person has left it."""
    folders = Folders(state=options.state_dir, cache=options.cache_dir)
    desk = Desk(application, clock, folders)
    desk.window.show()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, desk.leave_now)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, desk.leave_now)
    async with Background(desk.messages.tell_problem, desk.crash.report) as background:
        desk.furnish(background)
        background.watch(desk.connection.connect_forever(), "connection")
        desk.connection.go_to(place_of(options))
        if options.folders:
            desk.submit.open([str(folder) for folder in options.folders])
        await desk.left.wait()
        await desk.stop_sync_tasks()
        desk.put_away()


def run(options: WindowOptions) -> int:
    """Opens the window; returns the exit code of the process."""
    reason = no_display_reason()
    if reason:
        sys.stderr.write(reason + "\n")
        return 4
    from qasync import QEventLoop

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    application = QApplication.instance() or QApplication(["taskmon"])
    application = cast("QApplication", application)
    application.setApplicationName("taskmon")
    application.setDesktopFileName("taskmon")
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(show_window(application, options))
    return 0

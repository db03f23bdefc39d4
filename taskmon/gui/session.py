"""What happens on the running loop, from the first paint until the person leaves.

Everything heavy is imported from here on: the window is on the screen already.
"""

from __future__ import annotations

import asyncio
import signal
from importlib import import_module
from typing import TYPE_CHECKING, Final

from taskmon.gui.background import Background
from taskmon.gui.controllers.connection import THIS_COMPUTER, Place
from taskmon.gui.door import DOOR, keep_door

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from taskmon.client.local_service import ServiceAddress
    from taskmon.gui.app import WindowOptions
    from taskmon.gui.desk import Desk
    from taskmon.gui.list_desk import ListDesk
    from taskmon.gui.shell import Shell

_IN_STEPS: Final = (
    "taskmon.gui.controllers.submit",
    "taskmon.gui.controllers.log",
    "taskmon.gui.widgets.log_pane",
    "taskmon.gui.widgets.chart_pane",
    "taskmon.gui.controllers.task_windows",
    "taskmon.gui.controllers.machines",
    "taskmon.gui.widgets.files_pane",
    "taskmon.gui.desk",
)
"""What takes longest to import, each in a turn of its own; what is not named comes with the last one."""


def here(data_dir: Path) -> Place:
    """This computer's service."""

    async def find() -> ServiceAddress:
        from taskmon.client.local_service import own_service

        return await own_service(data_dir)

    def known_key() -> str:
        from taskmon.client.local_service import kept_key

        return kept_key(data_dir)

    return Place(THIS_COMPUTER, find, embedded=True, where=str(data_dir), known_key=known_key)


def given_place(options: WindowOptions) -> tuple[Place, str] | None:
    """The place, and its address, that the command line or the environment names; None if they name none."""
    url = options.url
    if url is None:
        return None

    async def find() -> ServiceAddress:
        from taskmon.client.local_service import ServiceAddress

        return ServiceAddress(url=url, api_key=options.api_key, pid=0)

    name = url.removeprefix("https://").removeprefix("http://")
    return Place(name, find, embedded=False, where=url, known_key=lambda: options.api_key), url


def run_session(application: QApplication, shell: Shell, options: WindowOptions) -> None:
    """Returns when the person has left the window."""
    from qasync import QEventLoop

    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(_session(shell, options))


async def _session(shell: Shell, options: WindowOptions) -> None:
    from taskmon.gui.crash import crash_reporter
    from taskmon.gui.list_desk import ListDesk

    loop = asyncio.get_running_loop()
    for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(asked_to_stop, shell.left.set)
    async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
        first = ListDesk(shell, background)
        background.watch(first.connection.connect_forever(), "connection")
        first.connections.begin(here(options.data_dir), given_place(options), stay_here=options.stay_here)
        desk = await _complete(first)
        if options.folders:
            desk.submit.open([str(folder) for folder in options.folders])
        if options.link:
            desk.links.open(options.link)
        background.start(keep_door(options.state_dir, desk.links.open), DOOR)
        await shell.left.wait()
        await desk.bound.stop_all()
        await desk.memory.save_now()
        desk.put_away()


async def _complete(first: ListDesk) -> Desk:
    """Builds the rest of the desk after the rows, in steps between which the window lives."""
    await first.rows_shown()
    for module in _IN_STEPS:
        import_module(module)
        await asyncio.sleep(0)
    from taskmon.gui.desk import Desk

    return Desk(first)

"""Pictures of the real window at work, for the README and for whoever changed it and wants to look.

Starts a service in a temporary folder, submits real tasks, drives the real window (offscreen) and writes PNGs:
python packaging/screenshots.py --out build/screenshots
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import psutil
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from taskmon.client.local_service import ServiceAddress, ensure_local_service
from taskmon.client.submission import build_request, submit_folder
from taskmon.core.lifecycle import Status
from taskmon.core.task import TASK_NAME
from taskmon.gui.app import clock
from taskmon.gui.background import Background
from taskmon.gui.crash import crash_reporter
from taskmon.gui.desk import Desk
from taskmon.gui.list_desk import ListDesk
from taskmon.gui.session import here
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.widgets.wishes import Wish
from taskmon.programs import command
from taskmon.resource_files import bundled_example, simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 120.0
README_PICTURES = ("running-light", "charts-light", "failed-dark")
README_WIDTH = 1200
FAILING = (
    "import sys\nprint('reading case.cfg')\nprint('error: density must be positive', file=sys.stderr)\nsys.exit(3)\n"
)
QUICK = (
    "import time\nfor step in range(1, 41):\n    print(f'step {step}/40 residual = {10**(-step/8):.2e}', flush=True)\n"
)
LONG = "import time\nfor step in range(1, 6000):\n    print(f'step {step}/6000', flush=True)\n    time.sleep(0.05)\n"


class Photographer:
    """Drives one desk and saves what it shows."""

    def __init__(self, desk: Desk, out: Path) -> None:
        self._desk = desk
        self._out = out

    async def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(what)
            await asyncio.sleep(0.05)

    async def take(self, name: str, themes: tuple[Wish, ...] = (Wish.THEME_LIGHT, Wish.THEME_DARK)) -> None:
        """One picture per theme."""
        for theme in themes:
            self._desk.fulfil(theme)
            await asyncio.sleep(0.3)
            suffix = "light" if theme is Wish.THEME_LIGHT else "dark"
            path = self._out / f"{name}-{suffix}.png"
            if not self._desk.window.grab().save(str(path)):
                raise OSError(f"{path} could not be written")
            print(path)
        self._desk.fulfil(Wish.THEME_LIGHT)

    def status(self, task_id: str) -> Status | None:
        task = self._desk.store.get(task_id)
        return task.status if task else None

    async def select(self, task_id: str) -> None:
        """Selects the task in the table as a click would, once it is there."""
        await self.until(lambda: self._desk.shell.table.select_task(task_id), f"{task_id} in the table")


async def submit_commands(desk: Desk, folder: Path, script: str, name: str) -> str:
    """Submits a folder with one Python script; returns the task id."""
    folder.mkdir(parents=True)
    (folder / "solve.py").write_text(script, encoding="utf-8")
    client = desk.connection.client
    group = next(group for group in await client.machine_groups() if group.started)
    simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
    request = build_request(simulator, ["python3 -u solve.py"], cast("str", group.id), project="wing")
    return (await submit_folder(client, folder, request, metadata={TASK_NAME: name})).id


async def submit_example(desk: Desk) -> str:
    client, example = desk.connection.client, bundled_example()
    group = next(group for group in await client.machine_groups() if group.started)
    request = build_request(example.simulator, example.values, cast("str", group.id), project="dam")
    return (await submit_folder(client, example.folder, request, metadata={TASK_NAME: example.name})).id


async def tell_the_story(desk: Desk, out: Path, folder: Path) -> None:
    """Empty window, a running task, a failed one, a successful one, the queue, the charts."""
    photographer = Photographer(desk, out)
    await photographer.until(lambda: desk.shell.stack.currentWidget() is desk.shell.first_start, "the empty state")
    await photographer.take("empty")
    quick = await submit_commands(desk, folder / "mesh", QUICK, "mesh study 40")
    failed = await submit_commands(desk, folder / "wing", FAILING, "wing section 12")
    await photographer.until(lambda: photographer.status(quick) is Status.SUCCESS, "the quick task")
    await photographer.until(lambda: photographer.status(failed) is Status.FAILED, "the failing task")
    running = await submit_example(desk)
    queued = [await submit_commands(desk, folder / f"q{n}", LONG, f"long run {n}") for n in range(3)]
    await photographer.until(lambda: photographer.status(running) is Status.COMPUTATION_STARTED, "the example")
    await photographer.select(running)
    await asyncio.sleep(5)
    await photographer.take("running")
    desk.fulfil(Wish.SHOW_CHARTS)
    await asyncio.sleep(2.5)
    await photographer.take("charts")
    desk.fulfil(Wish.SHOW_TIMELINE)
    await photographer.take("timeline", (Wish.THEME_LIGHT,))
    desk.fulfil(Wish.SHOW_DETAILS)
    await photographer.take("details", (Wish.THEME_LIGHT,))
    desk.fulfil(Wish.SHOW_LOG)
    await photographer.select(failed)
    desk.log.show_file("stderr.txt")
    await asyncio.sleep(1)
    await photographer.take("failed")
    await photographer.select(queued[-1])
    await asyncio.sleep(0.5)
    await photographer.take("queued", (Wish.THEME_LIGHT,))
    await photographer.until(lambda: photographer.status(running) is Status.SUCCESS, "the end of the example")
    await photographer.select(running)
    desk.fulfil(Wish.SHOW_FILES)
    await asyncio.sleep(1)
    await photographer.take("success")
    desk.fulfil(Wish.SHOW_LOG)
    desk.shell.table.clearSelection()
    await asyncio.sleep(0.5)
    await photographer.take("overview", (Wish.THEME_LIGHT,))
    for task_id in queued:
        await desk.connection.client.kill(task_id)
    await photographer.until(
        lambda: all((task := desk.store.get(task_id)) and task.is_terminated for task_id in queued), "the kills"
    )


def stop(service: ServiceAddress) -> None:
    """Stops the service and waits, so that its folder can be removed."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(service.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(20)


async def photograph(application: QApplication, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="taskmon-screenshots-") as scratch:
        root = Path(scratch)
        data_dir = root / "data"
        service = await ensure_local_service(data_dir, command("serve", "--data-dir", str(data_dir), "--machines", "1"))
        shell = Shell(application, clock, Folders(state=root / "state", cache=root / "cache", config=root / "config"))
        shell.window.resize(1440, 920)
        shell.window.show()
        try:
            async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
                desk = Desk(ListDesk(shell, background))
                background.watch(desk.connection.connect_forever(), "connection")
                desk.connections.begin(here(data_dir))
                await tell_the_story(desk, out, root / "cases")
                desk.put_away()
        finally:
            await asyncio.to_thread(stop, service)


def copy_for_readme(out: Path) -> None:
    """Small copies of the pictures that the README shows."""
    folder = Path(__file__).parent / "screenshots"
    folder.mkdir(exist_ok=True)
    for name in README_PICTURES:
        picture = QImage(str(out / f"{name}.png")).scaledToWidth(
            README_WIDTH, Qt.TransformationMode.SmoothTransformation
        )
        picture.save(str(folder / f"{name}.png"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--readme", action="store_true", help="renew the README's small copies as well")
    arguments = parser.parse_args()
    out: Path = arguments.out
    from qasync import QEventLoop

    application = QApplication(["taskmon"])
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(photograph(application, out))
    if arguments.readme:
        copy_for_readme(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

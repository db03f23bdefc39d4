"""A folder dragged from another program onto the real window, on a real (virtual) screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from taskmon.programs import command
from tests.journeys.story import wait_for
from tests.waiting import until, until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskPage
    from tests.journeys.story import Service

NEEDED = ("Xvfb", "xdotool", "openbox")
MISSING = [program for program in NEEDED if shutil.which(program) is None]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

WINDOW = "This computer – taskmon"


class Screen:
    """A virtual screen with a window manager; `run` starts programs on it, `pointer` drives the mouse."""

    def __init__(self, display: str) -> None:
        self.environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self.environment.pop("WAYLAND_DISPLAY", None)
        self._programs: list[subprocess.Popen[bytes]] = []

    def run(self, *argv: str) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(argv, env=self.environment)
        self._programs.append(program)
        return program

    def manage_windows(self) -> None:
        """Until a window manager is at work; a screen that has just told its number may still turn one away."""
        manager = self.run("openbox")

        def works() -> bool:
            nonlocal manager
            if manager.poll() is not None:
                manager = self.run("openbox")
            with contextlib.suppress(subprocess.CalledProcessError):
                return bool(self.xdotool("get_num_desktops"))
            return False

        until(works, 30, "openbox manages the windows")

    def xdotool(self, *words: object) -> str:
        answer = subprocess.run(
            ["xdotool", *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=30, check=True
        )
        return answer.stdout.strip()

    def window(self, title: str) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            return bool(self.xdotool("search", "--onlyvisible", "--name", f"^{title}$"))
        return False

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Several motions and a rest over the target: the two programs negotiate while the pointer moves."""
        self.xdotool("mousemove", *start, "sleep", 0.1, "mousedown", 1)
        for step in range(1, 13):
            at = (start[0] + (end[0] - start[0]) * step // 12, start[1] + (end[1] - start[1]) * step // 12)
            self.xdotool("mousemove", *at, "sleep", 0.03)
        self.xdotool("mousemove", end[0] + 2, end[1], "sleep", 0.15, "mousemove", *end, "sleep", 0.3, "mouseup", 1)

    def picture(self, path: Path) -> None:
        if shutil.which("import"):
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=False)

    def close(self) -> None:
        for program in reversed(self._programs):
            program.terminate()
        for program in reversed(self._programs):
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait(10)


@pytest.fixture
def screen() -> Iterator[Screen]:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1700x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    screen = Screen(f":{number}")
    screen.manage_windows()
    yield screen
    screen.close()
    server.terminate()
    server.wait(10)


async def test_a_folder_dropped_from_another_program_becomes_a_task(
    service: Service, screen: Screen, folder: Callable[..., Path], tmp_path: Path
) -> None:
    case = folder("größer als 1", solve_py="print('dropped and run')\n")
    screen.run(*command("--data-dir", str(service.data_dir)))
    await until_async(lambda: screen.window(WINDOW), 60, "the window opens")
    screen.run(sys.executable, str(Path(__file__).with_name("drag_source.py")), "1500", "40", str(case))
    await until_async(lambda: screen.window("drag source"), 60, "the other program opens")
    screen.xdotool("search", "--name", f"^{WINDOW}$", "windowmove", 0, 20)
    await until_async(lambda: _drop(screen), 60, "the form opens on the dropped folder")
    screen.picture(tmp_path / "dropped.png")
    screen.xdotool("search", "--name", "^Submit$", "windowactivate", "--sync")
    screen.picture(tmp_path / "form.png")
    async with service.client() as client:
        screen.xdotool("key", "--delay", 100, "alt+c", "ctrl+a")
        screen.xdotool("type", "python3 solve.py")
        screen.xdotool("key", "ctrl+Return")
        page = await until_async(lambda: _tasks(client), 30, "the form submits")
        task = await wait_for(client, page.tasks[0].task_id, Status.SUCCESS)
        assert task.name == "größer als 1"
    assert case.exists(), "a drop never moves the person's files"


async def _tasks(client: ServiceClient) -> TaskPage | None:
    page = await client.tasks()
    return page if page.tasks else None


def _drop(screen: Screen) -> bool:
    if not screen.window("Submit"):
        screen.drag((1580, 120), (600, 400))
    return screen.window("Submit")

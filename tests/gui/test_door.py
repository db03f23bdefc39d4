"""A link given to the window that is open, by whoever may and in whatever words."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from taskmon.gui.background import Background
from taskmon.gui.door import door_of, give_to_running_window, keep_door
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path
    from typing import Any

    Run = Callable[[Coroutine[Any, Any, None]], None]

LINK = "taskmon://task/4yk2/stdout.txt#L3"

FIRST_WINDOW = """
import asyncio, pathlib, signal, sys
from taskmon.gui.door import keep_door

async def window():
    keeping = asyncio.ensure_future(keep_door(pathlib.Path(sys.argv[1]), lambda text: print(text, flush=True)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, keeping.cancel)
    await asyncio.wait([keeping])

asyncio.run(window())
"""


@asynccontextmanager
async def a_window(state_dir: Path) -> AsyncIterator[list[str]]:
    """What a window with this state folder hears."""

    def bug(error: Exception) -> None:
        raise error

    heard: list[str] = []
    async with Background(bug, bug) as background:
        background.start(keep_door(state_dir, heard.append), "door")
        await asyncio.sleep(0)
        await until_async(door_of(state_dir).exists, 30, "the door is there")
        yield heard


def test_a_given_text_reaches_the_window_and_nobody_else_may_knock(tmp_path: Path, run_on_qt: Run) -> None:
    async def story() -> None:
        assert not give_to_running_window(tmp_path, LINK)
        async with a_window(tmp_path) as heard:
            assert await asyncio.to_thread(give_to_running_window, tmp_path, LINK)
            await until_async(lambda: heard == [LINK], 30, "it is heard")
            assert door_of(tmp_path).stat().st_mode & 0o077 == 0
        assert not door_of(tmp_path).exists()
        assert not give_to_running_window(tmp_path, LINK)

    run_on_qt(story())


def test_a_second_window_leaves_the_door_to_the_first_and_a_dead_one_gives_way(tmp_path: Path, run_on_qt: Run) -> None:
    async def story() -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(door_of(tmp_path)))  # as a killed window leaves it: a socket that nobody listens to
        async with a_window(tmp_path) as first:
            await until_async(lambda: asyncio.to_thread(give_to_running_window, tmp_path, LINK), 30, "it took over")
            async with a_window(tmp_path) as second:
                assert await asyncio.to_thread(give_to_running_window, tmp_path, LINK)
                await until_async(lambda: first == [LINK, LINK], 30, "the first hears")
                assert second == []
            assert await asyncio.to_thread(give_to_running_window, tmp_path, LINK)

    run_on_qt(story())


@pytest.mark.parametrize("killed", [False, True])
def test_the_door_passes_to_the_second_window_when_the_first_goes_or_is_killed(
    tmp_path: Path, run_on_qt: Run, killed: bool
) -> None:
    async def story() -> None:
        first = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FIRST_WINDOW, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        assert first.stdout is not None
        await until_async(door_of(tmp_path).exists, 30, "the first window keeps the door")
        async with a_window(tmp_path) as second:
            assert await asyncio.to_thread(give_to_running_window, tmp_path, LINK)
            assert (await first.stdout.readline()).decode().strip() == LINK
            if killed:
                first.kill()
            else:
                first.terminate()
            await first.wait()
            await until_async(
                lambda: asyncio.to_thread(give_to_running_window, tmp_path, LINK), 10, "the second window hears"
            )
            assert second == [LINK]

    run_on_qt(story())


def test_visitors_who_say_nothing_or_too_much_do_no_harm(tmp_path: Path, run_on_qt: Run) -> None:
    def shout() -> bool:
        with socket.socket(socket.AF_UNIX) as shouting:
            shouting.settimeout(10)
            shouting.connect(str(door_of(tmp_path)))
            try:
                for _ in range(1000):
                    shouting.sendall(os.urandom(4096).replace(b"\n", b" "))
                return shouting.recv(10) == b""
            except OSError:
                return True

    async def story() -> None:
        async with a_window(tmp_path) as heard:
            with socket.socket(socket.AF_UNIX) as silent:
                silent.connect(str(door_of(tmp_path)))
                assert await asyncio.to_thread(shout)
                assert await asyncio.to_thread(give_to_running_window, tmp_path, "x" * 100_000 + "\nsecond line")
                assert await asyncio.to_thread(give_to_running_window, tmp_path, LINK)
                await until_async(lambda: len(heard) == 2, 30, "the next are heard")
                assert heard[1] == LINK
                assert set(heard[0]) == {"x"}

    run_on_qt(story())

"""`taskmon demo states` shows every state of the diagram with real tasks and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from taskmon.cli import exit_code
from taskmon.core.lifecycle import FACTS
from tests.waiting import until_async

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.journey


async def test_every_state_is_reached_by_its_real_cause(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "taskmon", "demo", "states"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    out, problems = await program.communicate()
    assert program.returncode == 0, f"{out.decode()}\n{problems.decode()}"
    lines = out.decode().splitlines()
    assert [line.split()[0] for line in lines[::3]] == [f"{number}/17" for number in range(1, 18)]
    for facts in FACTS.values():
        [path] = [lines[at + 2] for at in range(0, len(lines), 3) if f"s  {facts.alias} " in lines[at]]
        assert path.endswith(facts.alias), "the path leads to the state"
    assert not list(tmp_path.iterdir()), "the folder of its service is gone"
    assert not _processes(tmp_path), "no process of its service is left"


async def test_ctrl_c_takes_the_machines_along(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "taskmon", "demo", "states"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert program.stdout is not None
    while b"In Progress" not in (line := await program.stdout.readline()):
        assert line, "it went on until a task worked"
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does it
    await program.communicate()

    assert program.returncode == exit_code.INTERRUPTED
    assert not list(tmp_path.iterdir())
    await until_async(lambda: not _processes(tmp_path))


def _processes(place: Path) -> list[str]:
    """The command lines of those that work in `place`."""
    words = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return [line for line in words if str(place) in line]

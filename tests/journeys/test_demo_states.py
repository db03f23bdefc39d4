"""`taskmon demo states` shows every state of the diagram with real tasks and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from taskmon.core.lifecycle import FACTS

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
    words = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in words if str(tmp_path) in line], "no process of its service is left"

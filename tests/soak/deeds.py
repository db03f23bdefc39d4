"""The deeds of the soak: random work, and faults of every kind, one after the other and some inside each other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from taskmon.core.errors import TaskmonError
from taskmon.programs import command
from tests.service.real_engine import WrongClocks, fill_disk

SOLVE = """
import hashlib, os, random, signal, subprocess, sys, time
kind = int(sys.argv[1])
data = os.urandom(random.randrange(1, 2_000_000))
open('data.bin', 'wb').write(data)
open('sum.txt', 'w').write(hashlib.sha256(data).hexdigest())
print('x' * 1000, flush=True)
time.sleep(random.random() * 2)
if kind == 1: sys.exit(3)
if kind == 2: subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
if kind == 3: os.symlink('/etc', 'leads-out')
if kind == 4 and os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execve('/bin/sleep', ['sleep', '600'], {})
    os._exit(0)
if kind == 5:
    for number in range(1000): open(f'file-{number}', 'w').write(str(number))
if kind == 6:
    for number in range(200): os.write(1, b'Time = 1  residual = 1e-3 \\xff\\x1b[31m' * 4000)
if kind == 7:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3)
"""


@dataclass
class Deeds:
    """What is done to one service over one data folder. `small_disk` is the disk of that folder, if it has its own."""

    engine: WrongClocks
    folder: Path
    small_disk: Path | None
    chance: random.Random
    tasks: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    memory: dict[str, list[int]] = field(default_factory=lambda: {"service": [], "runner": [], "window": []})
    spare: str = ""
    spot: str = ""
    window: subprocess.Popen[bytes] | None = None
    number: int = 0

    async def act(self) -> None:
        """One random deed; a service that is not there for a moment is part of the game."""
        deeds = [self.submit] * 12 + [self.kill_task] * 4 + [self.kill_runner] * 2 + [self.kill_simulator] * 2
        deeds += [self.kill_service, self.stop_service, self.pause_runner, self.end_group]
        deeds += [self.reclaim, self.release, self.pause_service, self.cut_upload, self.set_clock]
        deeds += [self.fill_disk] if self.small_disk is not None else []
        if self.chance.random() < 0.01 or self.window is None:
            deeds = [self.kill_window]
        await self._do(self.chance.choice(deeds))

    async def _do(self, deed: Callable[[], Awaitable[None]]) -> None:
        with contextlib.suppress(TaskmonError, AssertionError, httpx.HTTPError, psutil.Error):
            await deed()
            self.done[getattr(deed, "__name__", "")] += 1
        await asyncio.sleep(self.chance.random() * 0.4)

    async def submit(self) -> None:
        """A task of any kind, sometimes one that comes back by itself, sometimes on a group that will be ended."""
        spare = self.chance.random() < 0.15
        if spare and not self.spare:
            self.spare = self.engine.new_group()
        if not self.spot:
            self.spot = self.engine.new_group(spot=True)
        group = self.spare if spare else self.spot if self.chance.random() < 0.15 else None
        self.number += 1
        submitted = await self.engine.submit(
            self.folder,
            f"python3 solve.py {self.chance.randrange(10)} {self.number}",
            group,
            resubmit_on_preemption=self.chance.random() < 0.5,
        )
        self.tasks.append(submitted.id)

    async def cut_upload(self) -> None:
        """A command that is killed while it submits a large folder, bound to it or not."""
        bound = ["--sync"] if self.chance.random() < 0.5 else []
        words = ("submit", str(self.folder.parent / "large"), "--command", "python3 -c pass", *bound)
        program = subprocess.Popen(
            command(*words), env=self.environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        await asyncio.sleep(0.3 + self.chance.random() * 2)
        program.kill()
        program.wait()

    async def reclaim(self) -> None:
        """The person needs the computer."""
        self.engine.call("POST", "/taskmon/reclaim")

    async def release(self) -> None:
        """And does not need it any more."""
        self.engine.call("DELETE", "/taskmon/reclaim")

    async def pause_service(self) -> None:
        """For a while, sometimes for longer than a lease."""
        assert self.engine.process is not None
        self.engine.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.random() * 6)
        self.engine.process.send_signal(signal.SIGCONT)

    async def kill_window(self) -> None:
        """And open another one."""
        self.close_window(signal.SIGKILL)
        self.window = subprocess.Popen(command("open"), env=self.environment(), stderr=subprocess.DEVNULL)

    def close_window(self, number: signal.Signals) -> None:
        """By force, or in order."""
        if self.window is not None:
            self.window.send_signal(number)
            self.window.wait(60)
            self.window = None

    def environment(self) -> dict[str, str]:
        """A window's or command's: it is told the address, so that it does not start a service of its own."""
        own = self.folder.parent / "window"
        folders = {name: str(own / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        address = {"TASKMON_URL": self.engine.url, "TASKMON_API_KEY": self.engine.api_key}
        return {**os.environ, **folders, **address, "QT_QPA_PLATFORM": "offscreen", "TASKMON_SYNC_LEASE_S": "4"}

    async def fill_disk(self) -> None:
        """To the last page, and free it again."""
        assert self.small_disk is not None
        filler = self.small_disk / "filler"
        try:
            await asyncio.to_thread(fill_disk, filler)
            await self._meanwhile()
        finally:
            filler.unlink()

    async def _meanwhile(self) -> None:
        """Life goes on beside the fault."""
        for _ in range(self.chance.randrange(6)):
            await self._do(self.chance.choice([self.submit, self.kill_task, self.kill_runner, self.kill_simulator]))

    async def set_clock(self) -> None:
        """By up to two hours, in either direction."""
        self.engine.set_clock(self.chance.uniform(-7200, 7200))

    async def kill_task(self) -> None:
        """Any task of the last ones."""
        async with self.engine.client() as client:
            await client.kill(self.chance.choice(self.tasks[-8:] or [""]))

    async def kill_runner(self) -> None:
        """Without a word."""
        for runner in self.engine.runners()[:1]:
            runner.kill()

    async def pause_runner(self) -> None:
        """For longer than its lease."""
        for runner in self.engine.runners()[:1]:
            runner.suspend()

    async def kill_simulator(self) -> None:
        """The process that computes."""
        for process in self.engine.commands("solve.py")[:1]:
            process.kill()

    async def kill_service(self) -> None:
        """And start it again."""
        self.engine.kill()
        self.engine.start()

    async def stop_service(self) -> None:
        """In order, and start it again."""
        self.engine.stop()
        self.engine.start()

    async def end_group(self) -> None:
        """With everything on it."""
        if self.spare:
            group, self.spare = self.spare, ""
            async with self.engine.client() as client:
                await client.terminate_machine_group(group)

    def note_memory(self) -> None:
        """Resident bytes of the service and of the largest runner."""
        with contextlib.suppress(psutil.Error):
            assert self.engine.process is not None
            self.memory["service"].append(psutil.Process(self.engine.process.pid).memory_info().rss)
            runners = [runner.memory_info().rss for runner in self.engine.runners()]
            self.memory["runner"].append(max(runners, default=0))
            if self.window is not None:
                self.memory["window"].append(psutil.Process(self.window.pid).memory_info().rss)

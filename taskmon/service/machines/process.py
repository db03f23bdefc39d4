"""Processes that outlive us: started detached, recognised again by pid and creation time, waited for."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import psutil

from taskmon.service.machines.provider import RunnerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_POLL_S = 0.5


def start_detached(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    """Start a program as the leader of its own session, output appended to `log`; its pid. Raises OSError."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.fspath(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(argv[0], list(argv), dict(environment), file_actions=actions, setsid=True)


def created_at(pid: int) -> float:
    """When the process was created (psutil's clock); 0 if it is gone already."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def is_alive(pid: int, pid_created: float) -> bool:
    """Whether that very process runs, not just one with the same number."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - pid_created) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


async def wait_for_exit(pid: int, pid_created: float) -> None:
    """Return as soon as the process has ended. Our own child is reaped."""
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):
            await _wait_by_descriptor(pid, pid_created)
    while is_alive(pid, pid_created):  # noqa: ASYNC110 (without a process descriptor there is nothing to wait for)
        await asyncio.sleep(_POLL_S)
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 (it has ended: this returns at once)


async def _wait_by_descriptor(pid: int, pid_created: float) -> None:
    descriptor = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        if is_alive(pid, pid_created):
            loop.add_reader(descriptor, ended.set)
            await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def signal_process(pid: int, pid_created: float, number: signal.Signals) -> None:
    """Send a signal to that very process; nothing happens if it is gone."""
    if is_alive(pid, pid_created):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def find_runners(work: Path) -> Iterator[RunnerProcess]:
    """The living runners on the work folder `work`, recognised by their arguments."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            if str(work) in words and process.status() != psutil.STATUS_ZOMBIE:
                given = dict(pairwise(words))
                if given.get("--work-dir") == str(work) and "--host-name" in given:
                    yield RunnerProcess(
                        name=given["--host-name"],
                        group_id=given.get("--machine-group-id", ""),
                        pid=process.pid,
                        pid_created=process.create_time(),
                    )

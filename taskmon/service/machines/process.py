"""Processes that outlive us: started detached, recognised again by pid and start, waited for.

The start of a process is told in seconds since the computer was started: by the clock on the wall it would change
whenever that clock is set, and every runner would look like a stranger.
"""

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
_SAME_S = 0.05
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_LOG_BYTES = 1_000_000


def start_detached(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    """Start a program as the leader of its own session, output appended to `log`; its pid. Raises OSError.

    The program may read the log too, so that it can keep it short; what others left there is set aside when it is long.
    """
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.fspath(log), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(argv[0], list(argv), dict(environment), file_actions=actions, setsid=True)


def created_at(pid: int) -> float:
    """When the process was started, in seconds since the computer was; 0 if it is gone already."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 (called for every runner, every few seconds)
            # The name in parentheses may hold anything; the start is the twentieth word after it.
            return int(file.read(4096).rpartition(b")")[2].split()[19]) / _TICKS_PER_S
    except FileNotFoundError:
        pass  # it is gone, or this system has no /proc
    except (OSError, IndexError, ValueError):
        return 0.0
    try:
        return 0.0 if os.path.isdir("/proc/self") else float(psutil.Process(pid).create_time())  # noqa: PTH112
    except psutil.Error:
        return 0.0


def is_alive(pid: int, pid_created: float) -> bool:
    """Whether that very process runs, not just one with the same number."""
    try:
        same = abs(created_at(pid) - pid_created) < _SAME_S
        return bool(same and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
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
                        pid_created=created_at(process.pid),
                    )

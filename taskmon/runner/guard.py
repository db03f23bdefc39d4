"""Ends the processes of a task, also those that have left their group, and those of a runner that has died.

A task's commands carry a mark in their environment, which their descendants inherit however they detach themselves.
The runner imports the functions; it also starts this file as a program of its own (standard library only, so that it
stays small), which reads from a pipe which marks and process groups live and, once the pipe ends because the runner is
gone, ends them all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

MARK_VARIABLE = "TASKMON_RUN_ID"
"""Environment variable of every process of a task; its value is new for every attempt."""
DEFAULT_GRACE_S = 5.0
"""Time between the polite and the final signal."""
_LOOK_EVERY_S = 0.05
_PROC = "/proc"
_ENVIRON_LIMIT = 1 << 20


def find_processes(marks: Iterable[str], groups: Iterable[int] = ()) -> set[int]:
    """Ids of the living processes that carry one of `marks`, or are in one of the process groups or sessions."""
    needles = [f"{MARK_VARIABLE}={mark}".encode() for mark in marks]
    wanted = set(groups)
    found = set()
    if not os.path.isdir(_PROC):  # noqa: PTH112 - pathlib would triple the start-up time of the guard
        return {group for group in wanted if group_lives(group)}
    for name in os.listdir(_PROC):  # noqa: PTH208
        if name.isdigit() and int(name) != os.getpid() and _belongs(name, needles, wanted):
            found.add(int(name))
    return found


def _belongs(pid: str, needles: list[bytes], groups: set[int]) -> bool:
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as file:  # noqa: PTH123
            # The name in parentheses may hold anything; after it come state, parent, group, session.
            state, _, group, session = file.read(4096).rpartition(b")")[2].split()[:4]
        if state in (b"Z", b"X"):
            return False
        if int(group) in groups or int(session) in groups:
            return True
        with open(f"{_PROC}/{pid}/environ", "rb") as file:  # noqa: PTH123
            entries = file.read(_ENVIRON_LIMIT).split(b"\0")
    except (OSError, ValueError):
        return False
    return any(needle in entries for needle in needles)


def group_lives(group: int) -> bool:
    """Whether any process is in the process group."""
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def send_signal(pids: Iterable[int], number: int) -> None:
    """Send a signal once to each of the processes that still exist."""
    send = os.kill if os.path.isdir(_PROC) else os.killpg  # noqa: PTH112 - without /proc only groups are known
    for pid in pids:
        with contextlib.suppress(OSError):
            send(pid, number)


def stop_processes(find: Callable[[], set[int]], grace_s: float = DEFAULT_GRACE_S) -> bool:
    """End every process that `find` names: TERM, and KILL for those left after `grace_s` seconds. True if all ended."""
    asked: set[int] = set()
    deadline = time.monotonic() + grace_s
    while (left := find()) and time.monotonic() < deadline:
        send_signal(left - asked, signal.SIGTERM)
        send_signal(left - asked, signal.SIGCONT)  # a stopped process hears TERM only once it goes on
        asked |= left
        time.sleep(_LOOK_EVERY_S)
    if not left:
        return True
    deadline = time.monotonic() + DEFAULT_GRACE_S
    while (left := find()) and time.monotonic() < deadline:
        send_signal(left, signal.SIGKILL)
        time.sleep(_LOOK_EVERY_S)
    return not find()


def watch(grace_s: float) -> None:
    """Read `+mark MARK`, `-mark MARK`, `+group ID` and `-group ID` lines until the pipe ends, then end what is left."""
    known: dict[str, set[str]] = {"mark": set(), "group": set()}
    for line in sys.stdin:
        change, _, value = line.strip().partition(" ")
        names = known.get(change[1:])
        if names is not None and change[0] == "+":
            names.add(value)
        elif names is not None:
            names.discard(value)
    if known["mark"] or known["group"]:
        groups = [int(group) for group in known["group"]]
        stop_processes(lambda: find_processes(known["mark"], groups), grace_s)


def main(grace_s: float) -> int:
    """Be the guard of the runner at the other end of standard input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it leaves with its runner, not before
    watch(grace_s)
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_GRACE_S))

"""Ends the processes of a task, also those that have left their group, and those of a runner that has died.

A task's commands carry a mark in their environment, which their descendants inherit however they detach themselves. Of
those that also clear their environment the runner knows as soon as they have lost their parent, for it adopts them.
The runner imports the functions; it also starts this file as a program of its own (standard library only, so that it
stays small), which reads from a pipe which marks, process groups and orphans live and, once the pipe ends because the
runner is gone, ends them all.
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


def find_processes(marks: Iterable[str], groups: Iterable[int] = (), roots: Iterable[str] = ()) -> set[int]:
    """Ids of the living processes that carry one of `marks`, are in one of the process groups or sessions, or are one
    of `roots` (as `known_as` names them), each with all its descendants."""
    needles = [f"{MARK_VARIABLE}={mark}".encode() for mark in marks]
    wanted, names = set(groups), set(roots)
    if not os.path.isdir(_PROC):  # noqa: PTH112 - pathlib would triple the start-up time of the guard
        return {group for group in wanted if group_lives(group)}
    found, parents = set(), {}
    for pid in map(int, filter(str.isdigit, os.listdir(_PROC))):  # noqa: PTH208
        facts = _facts(pid)
        if facts is None or pid == os.getpid():
            continue
        parents[pid], group, session, start = facts
        if {group, session} & wanted or f"{pid}.{start}" in names or _is_marked(pid, needles):
            found.add(pid)
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    return found


def known_as(pid: int) -> str | None:
    """The name of a process for `roots`, which no other one will ever have; None once it has ended."""
    facts = _facts(pid)
    return facts and f"{pid}.{facts[3]}"


def _facts(pid: int) -> tuple[int, int, int, int] | None:
    """Parent, group, session and moment of start of a process; None once it has ended."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as file:  # noqa: PTH123
            # The name in parentheses may hold anything; after it come state, parent, group, session.
            words = file.read(4096).rpartition(b")")[2].split()
        if words[0] in (b"Z", b"X"):
            return None
        return int(words[1]), int(words[2]), int(words[3]), int(words[19])
    except (OSError, ValueError, IndexError):
        return None


def _is_marked(pid: int, needles: list[bytes]) -> bool:
    try:
        with open(f"{_PROC}/{pid}/environ", "rb") as file:  # noqa: PTH123
            entries = file.read(_ENVIRON_LIMIT).split(b"\0")
    except OSError:
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
    """Read `+mark MARK`, `+group ID` and `+orphan NAME` lines, and the same with a minus, until the pipe ends, then end
    what is left."""
    known: dict[str, set[str]] = {"mark": set(), "group": set(), "orphan": set()}
    for line in sys.stdin:
        change, _, value = line.strip().partition(" ")
        names = known.get(change[1:])
        if names is not None and change[0] == "+":
            names.add(value)
        elif names is not None:
            names.discard(value)
    if any(known.values()):
        groups = [int(group) for group in known["group"]]
        stop_processes(lambda: find_processes(known["mark"], groups, known["orphan"]), grace_s)


def main(grace_s: float) -> int:
    """Be the guard of the runner at the other end of standard input."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it leaves with its runner, not before
    watch(grace_s)
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_GRACE_S))

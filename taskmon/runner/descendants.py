"""Which processes descend from this one, known without looking at every process of the computer.

On Linux this process becomes the parent of what its descendants leave behind when they end, so that “no children” means
“nothing left”, however a program has detached itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_TASKS: Final = Path("/proc/self/task")
_started: Final[list[subprocess.Popen[Any]]] = []
_lock: Final = threading.Lock()


def adopt_orphans() -> bool:
    """From now on descendants that lose their parent become our children; False where that cannot be had."""
    if sys.platform != "linux":
        return False
    try:
        return ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 and _children() is not None
    except (OSError, AttributeError):
        return False


def start_child(argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a program that the caller waits for: it is no orphan. Raises OSError."""
    with _lock:
        child = subprocess.Popen(argv, **options)
        _started.append(child)
    return child


def orphans() -> set[int] | None:
    """The ids of our living children that were not started here; None if the system does not say.

    These are what commands have left behind. Those that have ended are laid to rest.
    """
    with _lock:
        now = _children()
        _started[:] = [child for child in _started if child.poll() is None]
        return None if now is None else {pid for pid in now - {child.pid for child in _started} if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != pid
    except ChildProcessError:
        return False


def _children() -> set[int] | None:
    """The ids of our children; None if the system does not say."""
    found: set[int] = set()
    try:
        for thread in os.listdir(_TASKS):  # noqa: PTH208 (called for every task)
            with contextlib.suppress(FileNotFoundError), open(f"{_TASKS}/{thread}/children", "rb") as file:  # noqa: PTH123
                found.update(int(pid) for pid in file.read().split())
    except OSError:
        return None
    if not found and not (_TASKS / str(os.getpid()) / "children").exists():
        return None
    return found

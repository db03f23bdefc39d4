"""Which processes descend from this one, known without looking at every process of the computer.

On Linux this process becomes the parent of what its descendants leave behind when they end, so that “no children” means
“nothing left”, however a program has detached itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36
_TASKS: Final = Path("/proc/self/task")


def adopt_orphans() -> bool:
    """From now on descendants that lose their parent become our children; False where that cannot be had."""
    if sys.platform != "linux":
        return False
    try:
        return ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 and children() is not None
    except (OSError, AttributeError):
        return False


def children() -> set[int] | None:
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


def nothing_new(known: set[int] | None) -> bool:
    """Whether every child we have now is in `known`; ended orphans are laid to rest. False if nobody can say."""
    now = children()
    if known is None or now is None:
        return False
    left = now - known
    for pid in list(left):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                left.discard(pid)
    return not left

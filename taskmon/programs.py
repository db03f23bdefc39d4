"""The argument vectors that start taskmon's sibling programs, whatever form taskmon was installed in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def command(*arguments: str) -> list[str]:
    """The argv of `taskmon ARGUMENTS…` with the interpreter, or the frozen bundle, that is running now.

    `-P`: the folder a person works in is full of files of theirs; a `queue.py` among them is not Python's.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-P", "-m", "taskmon", *arguments]


def serve_command(data_dir: Path, idle_exit_s: float) -> list[str]:
    """The argv of a service for `data_dir` that ends itself after `idle_exit_s` seconds without use; 0: never."""
    idle_exit = ["--idle-exit", f"{idle_exit_s:g}"] if idle_exit_s > 0 else []
    return command("serve", "--data-dir", str(data_dir), *idle_exit)

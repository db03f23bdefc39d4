"""The argument vectors that start taskmon's sibling programs, whatever form taskmon was installed in."""

from __future__ import annotations

import sys


def command(*arguments: str) -> list[str]:
    """The argv of `taskmon ARGUMENTS…` with the interpreter, or the frozen bundle, that is running now."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "taskmon", *arguments]

"""Questions before something is lost."""

from __future__ import annotations

import sys

from taskmon.core.errors import InvalidInputError


def confirmed(question: str, already: bool) -> bool:
    """Whether the user agrees. Raises InvalidInputError where nobody can be asked."""
    if already:
        return True
    if not sys.stdin.isatty():
        raise InvalidInputError(f"{question} Nobody is here to answer.", "Add --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")

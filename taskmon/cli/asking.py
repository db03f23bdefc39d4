"""Questions before something is lost."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

from taskmon.cli.terminal import visible
from taskmon.core.errors import InvalidInputError

_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


def confirmed(question: str, already: bool) -> bool:
    """Whether the user agrees. Raises InvalidInputError where nobody can be asked."""
    if already:
        return True
    if not sys.stdin.isatty():
        raise InvalidInputError(f"{question} Nobody is here to answer.", "Add --yes.")
    with _interruptible():
        print(f"{visible(question)} [y/N] ", end="", file=sys.stderr, flush=True)
        return _line().strip().lower() in ("y", "yes")


@contextmanager
def _interruptible() -> Iterator[None]:
    """While this is open, Ctrl-C ends the reading at once; a loop that waits for it would not hear of it before."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, interrupt)) for number in _INTERRUPTIONS]
    try:
        yield
    finally:
        for number, answer in before:
            signal.signal(number, answer)


def _line() -> str:
    """A line of the user. A signal that comes just before a plain read would not be heard until the line has ended."""
    hearing, waking = os.pipe()
    os.set_blocking(waking, False)
    former = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    try:
        select.select([sys.stdin, hearing], [], [])
        return sys.stdin.readline()
    finally:
        signal.set_wakeup_fd(former)
        os.close(hearing)
        os.close(waking)

"""TERM and INT as something the main thread can wait for."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class SignalWait:
    """Calling it sleeps until a signal to leave or the time is up (True), or until `wake()` (False)."""

    def __init__(self) -> None:
        self._read, self.write = os.pipe()
        os.set_blocking(self.write, False)

    def __call__(self, timeout_s: float | None = None) -> bool:
        ready, _, _ = select.select([self._read], [], [], timeout_s)
        return not ready or os.read(self._read, 1) != b"\0"

    def wake(self) -> None:
        """End the wait from another thread."""
        os.write(self.write, b"\0")


@contextmanager
def leave_signals() -> Iterator[SignalWait]:
    """TERM and INT write into a pipe: a handler that took locks could meet the thread that holds them."""
    waiting = SignalWait()
    signal.set_wakeup_fd(waiting.write)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    try:
        yield waiting
    finally:
        signal.set_wakeup_fd(-1)

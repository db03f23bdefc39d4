"""Whether a task has to stop, and why: the one place where a kill and the start and end of the commands meet."""

from __future__ import annotations

import threading
from enum import StrEnum

from taskmon.core.errors import TaskmonError


class StopReason(StrEnum):
    """Why a task has to stop."""

    KILLED = "killed"
    TTL_EXCEEDED = "ttl-exceeded"
    INTERRUPTED = "interrupted"
    GIVEN_UP = "given-up"
    """The service has given this machine up: the task is not, or no longer, ours."""
    DISK_FULL = "disk-full"


class StoppedEarlyError(TaskmonError):
    """The task has to stop before its commands began; `reason` says why."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__("The task was stopped before its commands began.")
        self.reason = reason


class TaskControl:
    """The stop order of one task.

    Until `begin_commands` a stop cancels the task; from then until `end_commands` it ends the commands; afterwards a
    kill comes too late and changes nothing. Each of the three moments is decided under one lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: StopReason | None = None
        self._commands_ended = False
        self._interrupted = False
        self._news = threading.Event()

    @property
    def interrupted(self) -> bool:
        """Whether the runner itself has to leave, in whatever phase the task is."""
        return self._interrupted

    @property
    def reason(self) -> StopReason | None:
        """Why the task has to stop; None while it may go on."""
        return self._reason

    def stop(self, reason: StopReason) -> None:
        """Ask the task to stop; the first reason counts."""
        with self._lock:
            self._interrupted = self._interrupted or reason is StopReason.INTERRUPTED
            if not self._commands_ended and self._reason is None:
                self._reason = reason
        self._news.set()

    def notify(self) -> None:
        """Wake whoever waits, for another reason than a stop."""
        self._news.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Sleep until there is news or `timeout_s` have passed; news is consumed."""
        self._news.wait(timeout_s)
        self._news.clear()

    def pause(self, seconds: float) -> None:
        """Sleep before another try; raises StoppedEarlyError as soon as the task has to stop."""
        self.check()
        self._news.wait(seconds)
        self._news.clear()
        self.check()

    def check(self) -> None:
        """Raise StoppedEarlyError if the task has to stop."""
        if self._reason is not None:
            raise StoppedEarlyError(self._reason)

    def begin_commands(self) -> None:
        """The commands may start now; raises StoppedEarlyError if the stop was faster."""
        with self._lock:
            self.check()

    def end_commands(self) -> StopReason | None:
        """The commands have ended; the reason they were stopped for, if they were. Later stops change nothing."""
        with self._lock:
            self._commands_ended = True
            return self._reason

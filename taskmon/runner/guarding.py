"""The runner's end of its guard: the small process that ends a dead runner's commands."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from taskmon import programs
from taskmon.runner import guard
from taskmon.runner.descendants import start_child

logger = logging.getLogger(__name__)


def guard_command(grace_s: float) -> list[str]:
    """The argument vector of the guard; a frozen bundle has no interpreter and calls itself instead."""
    if getattr(sys, "frozen", False):
        return programs.command("guard", str(grace_s))
    return [sys.executable, "-I", "-S", str(Path(guard.__file__)), str(grace_s)]


class Guard:
    """A guard process and what it knows. It is started anew should somebody have ended it."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # Not in the runner's session: a signal to the runner's group must not reach it. Nothing of a task's
        # environment, for it would find and end itself.
        environment = {name: value for name, value in os.environ.items() if name != guard.MARK_VARIABLE}
        return start_child(
            guard_command(self._grace_s),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=environment,
        )

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._process.pid

    def watch_mark(self, mark: str) -> None:
        """From now on end processes with this mark should the runner die."""
        self._tell("+mark", mark)

    def forget_mark(self, mark: str) -> None:
        """Nothing with this mark is left."""
        self._tell("-mark", mark)

    def watch_group(self, group: int) -> None:
        """From now on end this process group should the runner die."""
        self._tell("+group", str(group))

    def forget_group(self, group: int) -> None:
        """The group has ended; its number may be given to strangers."""
        self._tell("-group", str(group))

    def watch_orphan(self, name: str) -> None:
        """From now on end this process, by its name of `guard.known_as`, should the runner die."""
        self._tell("+orphan", name)

    def forget_orphan(self, name: str) -> None:
        """The process has ended."""
        self._tell("-orphan", name)

    def _tell(self, change: str, value: str) -> None:
        kept = f"{change[1:]} {value}"
        with self._lock:
            if change.startswith("+"):
                self._known.add(kept)
            else:
                self._known.discard(kept)
            if self._process.poll() is None and self._write(f"{change} {value}\n"):
                return
            logger.warning("the guard process has ended; starting another")
            self._process = self._start()
            self._write("".join(f"+{known}\n" for known in self._known))

    def _write(self, text: str) -> bool:
        pipe = self._process.stdin
        if pipe is None:
            return False
        try:
            pipe.write(text.encode())
            pipe.flush()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let the guard end; it first ends whatever it still watches."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=self._grace_s + 2 * guard.DEFAULT_GRACE_S)

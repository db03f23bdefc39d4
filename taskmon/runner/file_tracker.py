"""Shows a running task's files to clients that connect directly: the runner's end of it.

Letters are read in a thread of the runner, which costs next to nothing. The program that makes connections, file_peer,
is started when the first letter comes: most tasks are never watched, and it needs a second and 60 MB to start.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

import httpx
import msgspec

from taskmon import programs
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.file_tracking import Letter
from taskmon.runner.descendants import start_child
from taskmon.runner.guard import MARK_VARIABLE
from taskmon.runner.service_link import BackOff, ServiceLink

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

_BLOCK_S: Final = 30
_UNWATCHED_S: Final = 0.25
"""A task that ends sooner is over before anybody could look."""
_NOT_TOLD: Final = frozenset({"API_URL", "USER_API_KEY", MARK_VARIABLE})
"""What the program with the open ports must not know, and the mark by which a task's own processes are ended."""
_ICE_VARIABLE: Final = "ICE_URL"
"""Environment variable with the `host:port` of a STUN and TURN server, for machines that clients cannot reach."""


def peer_command(folder: Path, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The argument vector of the file peer; a frozen bundle has no interpreter and calls itself instead."""
    frozen = getattr(sys, "frozen", False)
    command = programs.command("file-peer") if frozen else [sys.executable, "-m", "taskmon.runner.file_peer"]
    server = environment.get(_ICE_VARIABLE)
    return [*command, "--folder", str(folder), *(["--ice-server", server] if server else [])]


class FileTracker:
    """Answers letters about one task from its making until `close()`. No trouble of it reaches the caller."""

    def __init__(self, link: ServiceLink, task_id: str, folder: Path) -> None:
        self._link = link
        self._task_id = task_id
        self._folder = folder
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._peer: subprocess.Popen[str] | None = None
        threading.Thread(target=self._listen_forever, name="file letters", daemon=True).start()

    def close(self) -> None:
        """The task writes no more: open connections get the rest and end by themselves. Returns at once."""
        with self._lock:
            self._over.set()
            if self._peer is not None and self._peer.stdin is not None:
                try:
                    self._peer.stdin.close()
                except OSError:
                    logger.info("the file peer of task %s had ended already", self._task_id)

    def _listen_forever(self) -> None:
        if self._over.wait(_UNWATCHED_S):
            return
        back_off = BackOff(first_s=0.5, most_s=30.0)
        registered = False
        while not self._over.is_set():
            try:
                answer = self._next_letter() if registered else self._send("register", Letter(sender_id=self._task_id))
            except ConnectionFailedError as error:
                logger.debug("%s", error)
                self._over.wait(back_off.next_s())
                continue
            if answer.status_code == httpx.codes.NOT_FOUND:
                return  # a service without such letters
            if not answer.is_success:
                self._over.wait(back_off.next_s())
                continue
            back_off.reset()
            if registered and answer.status_code != httpx.codes.NO_CONTENT:
                self._hand_over(answer.content)
            registered = True

    def _next_letter(self) -> httpx.Response:
        question = {"client": self._task_id, "block_s": _BLOCK_S}
        return self._link.call("GET", f"/tasks/{self._task_id}/message", params=question, wait_s=_BLOCK_S)

    def _send(self, what: str, letter: Letter) -> httpx.Response:
        return self._link.call("POST", f"/tasks/{self._task_id}/{what}", body=msgspec.json.encode(letter))

    def _hand_over(self, text: bytes) -> None:
        """Give an offer to the file peer. One that comes after the end stays unanswered: the service sends no more."""
        try:
            line = json.dumps(json.loads(text))
        except ValueError:
            return
        with self._lock:
            if self._over.is_set():
                return
            try:
                peer = self._running_peer()
                assert peer.stdin is not None
                peer.stdin.write(f"{line}\n")
                peer.stdin.flush()
            except OSError as error:
                logger.warning("the files of task %s cannot be shown live: %s", self._task_id, error)

    def _running_peer(self) -> subprocess.Popen[str]:
        if self._peer is None or self._peer.poll() is not None:
            self._peer = start_child(
                peer_command(self._folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                cwd="/",
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name not in _NOT_TOLD},
            )
            threading.Thread(target=self._pass_on, args=(self._peer,), name="file answers", daemon=True).start()
        return self._peer

    def _pass_on(self, peer: subprocess.Popen[str]) -> None:
        """Send the answers of the file peer until it ends, which it does by itself once its input has."""
        assert peer.stdout is not None
        with peer.stdout:
            for line in peer.stdout:
                try:
                    self._send("offer", msgspec.json.decode(line, type=Letter))
                except (ConnectionFailedError, msgspec.MsgspecError) as error:
                    logger.info("an answer about the files of task %s was lost: %s", self._task_id, error)
        peer.wait()

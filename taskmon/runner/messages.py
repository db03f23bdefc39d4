"""What the service has to say to a task while it is with this runner: above all, that it is to be killed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import httpx
import msgspec

from taskmon.core.errors import ConnectionFailedError
from taskmon.core.notices import ObserverMessage
from taskmon.core.runner_protocol import DONE_MESSAGE, KILL_MESSAGE
from taskmon.runner.service_link import BackOff, ServiceLink

logger = logging.getLogger(__name__)

_LEAST_POLL_S: Final = 1.0
"""A service that answers a long poll at once with nothing is not asked more often than this."""


class MessageListener:
    """Reads a task's messages in a thread of its own until it reads `done`, or is told to end.

    `on_done` hears that the service is done with the task, whether or not we are.
    """

    def __init__(
        self,
        link: ServiceLink,
        runner_id: str,
        task_id: str,
        *,
        block_s: int,
        on_kill: Callable[[], None],
        on_done: Callable[[], None] = lambda: None,
        on_observer: Callable[[ObserverMessage], None] = lambda message: None,
    ) -> None:
        self._link = link
        self._path = f"/task-runner/{runner_id}/task/{task_id}/message"
        self._block_s = block_s
        self._on_kill = on_kill
        self._on_done = on_done
        self._on_observer = on_observer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen_forever, name="messages", daemon=True)
        self._thread.start()

    def end(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` seconds for `done` to be read; the thread then ends with its present poll."""
        self._thread.join(timeout_s)
        self._over.set()

    def _listen_forever(self) -> None:
        back_off = BackOff()
        while not self._over.is_set():
            asked = time.monotonic()
            try:
                answer = self._link.call("GET", self._path, params={"block_s": self._block_s}, wait_s=self._block_s)
            except ConnectionFailedError as error:
                logger.info("%s", error)
                self._over.wait(back_off.next_s())
                continue
            if answer.status_code == httpx.codes.NO_CONTENT:
                back_off.reset()
                if self._block_s and time.monotonic() - asked < _LEAST_POLL_S:
                    self._over.wait(_LEAST_POLL_S)
            elif answer.is_success:
                back_off.reset()
                if self._take(answer):
                    return
            else:
                logger.warning("the service answered %d to a poll for messages", answer.status_code)
                self._over.wait(back_off.next_s())

    def _take(self, answer: httpx.Response) -> bool:
        """Act on one message; True if it was the last."""
        try:
            message = msgspec.json.decode(answer.content, type=str)
        except msgspec.MsgspecError:
            message = ""
        if message == KILL_MESSAGE:
            logger.info("the task is to be killed")
            self._on_kill()
        elif message == DONE_MESSAGE:
            self._on_done()
        else:
            self._take_observer(message)
        return message == DONE_MESSAGE

    def _take_observer(self, message: str) -> None:
        try:
            self._on_observer(msgspec.json.decode(message, type=ObserverMessage))
        except msgspec.MsgspecError:
            logger.info("a message was not understood: %.200s", message)

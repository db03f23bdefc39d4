"""The newest tasks of this computer's service, asked for before there is a client.

By hand over a socket, because httpx and msgspec take longer to load than the window to be painted. Only a service that
runs and has left its address in the data folder is asked. Whatever goes wrong, there is no page; the client that is
loaded a moment later meets the same trouble and says what it is.
"""

from __future__ import annotations

import json
import socket
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from taskmon.client.handshake import ServiceAddress, living_service, request_for

if TYPE_CHECKING:
    from pathlib import Path

    from taskmon.core.task import Task, TaskPage

_PATIENCE_S: Final = 1.0
_LARGEST: Final = 4 << 20


class EarlyPage:
    """Asks at once, in a thread of its own, for the newest `count` tasks of the service of `data_dir`."""

    def __init__(self, data_dir: Path, count: int) -> None:
        self._answer = b""
        self._thread = Thread(target=self._ask, args=(data_dir, count), name="taskmon-early-page", daemon=True)
        self._thread.start()

    def page(self, wait_s: float) -> TaskPage | None:
        """What the service answered; None if it has not within `wait_s` more seconds, or not as agreed."""
        self._thread.join(wait_s)
        return None if self._thread.is_alive() or not self._answer else page_in(self._answer)

    def _ask(self, data_dir: Path, count: int) -> None:
        address = living_service(data_dir)
        if address is not None:
            self._answer = _answer(address, f"/tasks?page=1&per_page={count}")


def _answer(address: ServiceAddress, path: str) -> bytes:
    """The body of a good answer; empty for any other."""
    try:
        parts = urlsplit(address.url)
        with socket.create_connection((parts.hostname, parts.port), _PATIENCE_S) as connection:
            connection.sendall(request_for(address, path))
            with connection.makefile("rb") as stream:
                answer = stream.read(_LARGEST)
    except (OSError, ValueError):
        return b""
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if head.split(None, 2)[1:2] == [b"200"] else b""


def page_in(body: bytes) -> TaskPage | None:
    """A page of the list in JSON, read by hand; None for anything else."""
    from taskmon.core.task import TaskPage

    try:
        told = json.loads(body)
        return TaskPage(total_size=int(told["total_size"]), tasks=[_task(task) for task in told["tasks"]])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _task(told: dict[str, Any]) -> Task:
    from taskmon.core.lifecycle import Status
    from taskmon.core.task import Executer, Task, TaskMetrics

    known = {name: value for name, value in told.items() if name in Task.__dataclass_fields__}
    for name, value in known.items():
        if name.endswith("_time") and value is not None:
            known[name] = datetime.fromisoformat(value)
    known["status"] = Status(known["status"])
    for name, part in (("metrics", TaskMetrics), ("executer", Executer)):
        if known.get(name) is not None:
            known[name] = part(**{k: v for k, v in known[name].items() if k in part.__dataclass_fields__})
    return Task(**known)

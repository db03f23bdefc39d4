"""Faults on purpose, for `taskmon serve --chaos`: anybody can see how taskmon takes them. Without it never imported."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.extensions import Faults, KilledRunner
from taskmon.service.answers import problem
from taskmon.service.machines.process import signal_process
from taskmon.service.request_timeouts import TimedProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from taskmon.service.context import Service
    from taskmon.service.machines.provider import RunnerProcess

LONGEST_DELAY_S: Final = 60.0
RETRY_AFTER_S: Final = 3
_CUT: Final = "taskmon.cut"
_SPARED: Final = ("/task-runner/", "/taskmon/faults")
"""Runners are told faults by killing them, and whoever switches faults off must be heard."""

_log = logging.getLogger(__name__)


class CuttableProtocol(TimedProtocol):
    """The service's protocol, whose connection can be cut from within a request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_CUT: {"now": self.transport.abort}}


class Chaos:
    """Spoils the answers of a service as often as `faults` says; `chance` gives numbers from 0 to 1."""

    def __init__(self, faults: Faults, chance: Callable[[], float] = random.random) -> None:
        self.chance = chance
        self.set_faults(faults)

    def set_faults(self, faults: Faults) -> None:
        """From now on. Raises InvalidInputError for a share that is none, or a delay nobody waits for."""
        shares = (faults.lost, faults.half, faults.busy, faults.broken)
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise InvalidInputError("The shares of faults are from 0 to 1, and not more than 1 together.")
        if not 0 <= faults.delay_s <= LONGEST_DELAY_S:
            raise InvalidInputError(f"Answers can be delayed by 0 to {LONGEST_DELAY_S:.0f} seconds.")
        self.faults = faults
        _log.warning("This service injects faults: %s", faults)

    def around(self, app: ASGIApp) -> ASGIApp:
        """`app` behind a bad line."""

        async def spoiled(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or _is_spared(scope):
                await app(scope, receive, send)
                return
            await asyncio.sleep(self.faults.delay_s)
            await self._spoil(app, scope, receive, send)

        return spoiled

    async def _spoil(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        faults, drawn = self.faults, self.chance()
        if drawn < faults.broken:
            await problem(500, "The service failed on purpose.")(scope, receive, send)
        elif (drawn := drawn - faults.broken) < faults.busy:
            wait = {"retry-after": str(RETRY_AFTER_S)}
            await problem(429, "The service is busy on purpose.", wait)(scope, receive, send)
        elif (drawn := drawn - faults.busy) < faults.lost:
            await app(scope, receive, _cutting(scope, send, half=False))
        elif drawn - faults.lost < faults.half:
            await app(scope, receive, _cutting(scope, send, half=True))
        else:
            await app(scope, receive, send)


def _is_spared(scope: Scope) -> bool:
    of_runner = b"runner=" in scope["query_string"] or any(name == b"x-task-runner-id" for name, _ in scope["headers"])
    return scope["path"].startswith(_SPARED) or of_runner


def _cutting(scope: Scope, send: Send, *, half: bool) -> Send:
    """Sends nothing, or the first half of the first piece of the body, and then cuts the connection."""
    cut = scope.get("extensions", {}).get(_CUT, {}).get("now", lambda: None)
    gone = False

    async def send_spoiled(message: Message) -> None:
        nonlocal gone
        if gone:
            return
        if half and message["type"] == "http.response.start":
            await send(message)
            return
        if half:
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0)
        gone = True
        cut()

    return send_spoiled


def kill_runner(service: Service, task_id: str | None = None) -> KilledRunner:
    """Kill without a word the runner that has `task_id`, or any, rather one at work. Raises NotFoundError."""
    at_work = {runner.pid: _task_of(service, runner) for runner in service.provider.list()}
    wanted = [runner for runner in service.provider.list() if task_id is None or at_work.get(runner.pid) == task_id]
    if not wanted:
        raise NotFoundError("There is no such runner to kill.", "Wait until the task is on a machine.")
    chosen = max(wanted, key=lambda runner: at_work.get(runner.pid) is not None)
    signal_process(chosen.pid, chosen.pid_created, signal.SIGKILL)
    return KilledRunner(name=chosen.name, pid=chosen.pid, task_id=at_work.get(chosen.pid))


def _task_of(service: Service, runner: RunnerProcess) -> str | None:
    held = service.tasks.unfinished_of_machine(runner.machine) if runner.machine else []
    return held[0] if held else None

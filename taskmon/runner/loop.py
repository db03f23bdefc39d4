"""The runner: register, take a task, carry it out, take the next; leave in order when told to or no longer wanted."""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec
import psutil

from taskmon.core.errors import ConnectionFailedError, InvalidInputError, TaskmonError
from taskmon.core.runner_protocol import (
    EventType,
    RunnerConnection,
    RunnerEnd,
    RunnerRegistration,
    RunnerTerminatedEvent,
    TaskEvent,
    TaskOrder,
)
from taskmon.runner.descendants import adopt_orphans
from taskmon.runner.guarding import Guard
from taskmon.runner.job import task_id_of
from taskmon.runner.leave_signal import leave_signals
from taskmon.runner.own_log import OwnLog
from taskmon.runner.reporting import ReportQueue, tell_leftovers
from taskmon.runner.service_link import Address, BackOff, ServiceLink, read_handshake
from taskmon.runner.task_run import LEAVING_UPLOAD_S, RunnerParts, TaskRun

logger = logging.getLogger(__name__)

_TROUBLE_PAUSE_S: Final = 5.0
_LAST_WORDS_S: Final = 3.0
"""How long a runner that leaves waits for its last reports to be taken."""


def _setting(name: str, default: float) -> float:
    try:
        return float(os.environ.get(name, default))
    except ValueError:
        return default


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerOptions:
    """How to be a runner. Address and key come from the environment (API_URL, USER_API_KEY), else from the handshake.

    Times are in seconds. `kill_grace_s` lies between TERM and KILL; the `block` times are those of the long polls;
    an idle runner without a service leaves after `lonely_s`.
    """

    work_dir: Path
    machine_group_id: str
    host_name: str
    handshake: Path | None = None
    api_url: str = field(default_factory=lambda: os.environ.get("API_URL", ""))
    api_key: str = field(default_factory=lambda: os.environ.get("USER_API_KEY", ""), repr=False)
    kill_grace_s: float = field(default_factory=lambda: _setting("TASKMON_KILL_GRACE_S", 5.0))
    task_block_s: int = 25
    message_block_s: int = 20
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    lonely_s: float = field(default_factory=lambda: _setting("TASKMON_LONELY_S", 600.0))

    def address(self) -> Address:
        """Where the service is. Raises InvalidInputError if nothing says so."""
        if self.api_url and self.api_key:
            return Address(self.api_url, self.api_key)
        found = read_handshake(self.handshake) if self.handshake else None
        if found is None:
            raise InvalidInputError(
                "The runner does not know its service.", "Set API_URL and USER_API_KEY, or name a --handshake file."
            )
        return found


def run(options: RunnerOptions) -> int:
    """Be a runner until told to leave or no longer wanted; the exit code."""
    logging.basicConfig(level=logging.INFO, handlers=[OwnLog()], format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        options.work_dir.mkdir(parents=True, exist_ok=True)
        link = ServiceLink(options.address(), options.handshake)
    except (OSError, TaskmonError) as error:
        logger.error("%s", error)
        return 1
    with leave_signals() as wait_for_signal:
        if not adopt_orphans():
            logger.info("detached processes are found by looking at every process")
        runner = Runner(options, link, Guard(options.kill_grace_s))
        worker = threading.Thread(target=runner.run_to_end, args=(wait_for_signal.wake,), name="tasks", daemon=True)
        worker.start()
        if wait_for_signal():
            runner.leave(RunnerEnd.INTERRUPTED)
            # A second signal means now: the guard ends what is left once this process is gone.
            if runner.busy and wait_for_signal(runner.leave_within_s):
                return 1
        return runner.exit_code


class Runner:
    """Registers once, then works through tasks one at a time, in the calling thread of `run_to_end`."""

    def __init__(self, options: RunnerOptions, link: ServiceLink, guard: Guard) -> None:
        self._options = options
        self._link = link
        self._guard = guard
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        self._parts: RunnerParts | None = None
        self._current: TaskRun | None = None
        self._current_id: str | None = None
        self.exit_code = 0

    @property
    def busy(self) -> bool:
        """Whether a task is being carried out."""
        return self._current is not None

    @property
    def leave_within_s(self) -> float:
        """How long a busy runner may take to leave in order."""
        return 2 * self._options.kill_grace_s + LEAVING_UPLOAD_S + 2 * _LAST_WORDS_S

    def run_to_end(self, tell_end: Callable[[], None]) -> None:
        """Register and take tasks until there is a reason to leave; then call `tell_end`."""
        try:
            self._run()
        except TaskmonError as error:
            logger.error("%s", error)
            self.exit_code = 1
        except Exception:
            logger.exception("the runner made a mistake")
            self._say_terminated(RunnerEnd.ERROR, traceback.format_exc())
            self.exit_code = 1
        finally:
            tell_end()

    def _run(self) -> None:
        runner_id = self._register()
        self._link.introduce(runner_id)
        tell_leftovers(self._link, self._options.work_dir)
        self._parts = RunnerParts(
            runner_id=runner_id,
            work_dir=self._options.work_dir,
            link=self._link,
            reports=ReportQueue(self._link, runner_id),
            guard=self._guard,
            clock=self._options.clock,
            kill_grace_s=self._options.kill_grace_s,
            message_block_s=self._options.message_block_s,
        )
        while not self._leaving.is_set():
            order = self._next_order(self._parts)
            if order is None:
                break
            self._carry_out(self._parts, order)

    def _register(self) -> str:
        """The id under which the service knows this runner. Raises TaskmonError when it is refused."""
        registration = RunnerRegistration(
            create_time=self._options.clock(),
            cpu_count_logical=psutil.cpu_count() or 1,
            cpu_count_physical=psutil.cpu_count(logical=False),
            memory=psutil.virtual_memory().total,
            host_name=self._options.host_name,
            host_id=f"{platform.node() or 'host'}-{uuid.getnode():012x}",
            machine_group_id=self._options.machine_group_id,
        )
        body = msgspec.json.encode(registration)
        answer = self._ask(lambda: self._link.call("POST", "/task-runner/register", body=body))
        if answer is None:
            raise TaskmonError("The service did not answer.", "Start it, then start the runner again.")
        if not answer.is_success:
            raise TaskmonError(f"The service refused the runner: {answer.status_code} {answer.text[:300]}.")
        try:
            connection = msgspec.json.decode(answer.content, type=RunnerConnection)
        except msgspec.MsgspecError as error:
            raise TaskmonError(f"What answered at {self._link.address.url} is not the service ({error}).") from error
        logger.info("registered as %s in group %s", connection.task_runner_id, connection.machine_group_id)
        return connection.task_runner_id

    def _ask(self, call: Callable[[], httpx.Response]) -> httpx.Response | None:
        """The answer to a call, tried until there is one below 500; None when leaving, or alone for too long."""
        back_off = BackOff()
        alone_since = time.monotonic()
        while not self._leaving.is_set():
            try:
                answer = call()
            except ConnectionFailedError as error:
                logger.info("%s", error)
                if time.monotonic() - alone_since > self._options.lonely_s:
                    logger.info("no service for %.0f s: leaving", self._options.lonely_s)
                    return None
                self._leaving.wait(back_off.next_s())
                continue
            if answer.status_code < 500:
                return answer
            logger.warning("the service answered %d", answer.status_code)
            alone_since = time.monotonic()
            self._leaving.wait(_TROUBLE_PAUSE_S)
        return None

    def _next_order(self, parts: RunnerParts) -> TaskOrder | None:
        """The next task; None when the runner is to leave."""
        block_s = self._options.task_block_s
        path = f"/task-runner/{parts.runner_id}/task"
        while not self._leaving.is_set():
            asked = time.monotonic()
            answer = self._ask(lambda: self._link.call("GET", path, params={"block_s": block_s}, wait_s=block_s))
            if answer is None:
                break
            if answer.status_code == httpx.codes.NO_CONTENT:
                if time.monotonic() - asked < 1.0:
                    self._leaving.wait(1.0)
                continue
            if answer.is_success:
                order = self._read_order(parts, answer.content)
                if order is not None:
                    return order
                continue
            if answer.status_code in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS):
                self._leaving.wait(_TROUBLE_PAUSE_S)
                continue
            logger.info("no longer wanted: %d %s", answer.status_code, answer.text[:300])
            self._say_terminated(RunnerEnd.INTERRUPTED, "the service has no more work for this runner")
            break
        return None

    def _read_order(self, parts: RunnerParts, text: bytes) -> TaskOrder | None:
        try:
            return msgspec.json.decode(text, type=TaskOrder)
        except msgspec.MsgspecError as error:
            logger.error("an order cannot be read: %s", error)
            task_id = task_id_of(text)
            if task_id is not None:
                self._fail(parts, task_id, f"The machine could not read the order ({error}). Submit the task again.")
            return None

    def _fail(self, parts: RunnerParts, task_id: str, message: str, cause: str | None = None) -> None:
        event = TaskEvent(
            timestamp=parts.clock(),
            id=task_id,
            machine_id=parts.runner_id,
            error_message=message,
            traceback=cause,
        )
        parts.reports.event(EventType.TASK_EXECUTION_FAILED, event)

    def _carry_out(self, parts: RunnerParts, order: TaskOrder) -> None:
        logger.info("task %s begins", order.id)
        task = TaskRun(parts, order)
        with self._lock:
            self._current, self._current_id = task, order.id
            late = self._leaving.is_set()
        if late:
            self._say_terminated(RunnerEnd.INTERRUPTED, "the runner was told to leave")
            task.interrupt()
        try:
            task.run()
        except Exception:
            logger.exception("the runner made a mistake with task %s", order.id)
            self._fail(parts, order.id, "The runner made a mistake. Run the task again.", traceback.format_exc())
        finally:
            with self._lock:
                self._current, self._current_id = None, None
        logger.info("task %s ended here", order.id)

    def leave(self, reason: RunnerEnd) -> None:
        """Say that the runner goes, then stop the task it has, if any."""
        with self._lock:
            self._leaving.set()
            task = self._current
        if task is not None:
            task.expect_interruption()
        self._say_terminated(reason, "the runner was told to leave")
        if task is not None:
            task.interrupt()

    def _say_terminated(self, reason: RunnerEnd, detail: str) -> None:
        """The runner's last event; what waits before it is told first. Waits a little for it to be taken."""
        if self._parts is None:
            return
        with self._lock:
            task_id = self._current_id
        event = RunnerTerminatedEvent(
            timestamp=self._parts.clock(),
            uuid=self._parts.runner_id,
            reason=reason,
            stopped_tasks=[task_id] if task_id else [],
            detail=detail,
        )
        delivery = self._parts.reports.event(EventType.TASK_RUNNER_TERMINATED, event)
        if task_id is None:
            delivery.wait(_LAST_WORDS_S)

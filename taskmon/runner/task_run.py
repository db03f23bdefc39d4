"""One task on this machine, from the order to its end: fetch, run, store, tell."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from taskmon.core.errors import TaskmonError
from taskmon.core.lifecycle import Status
from taskmon.core.notices import ObserverEvent, ObserverMessage
from taskmon.core.runner_protocol import EventType, TaskEvent, TaskOrder
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE, SYSTEM_METRICS_FILE
from taskmon.core.task import OperationName
from taskmon.runner.control import StoppedEarlyError, StopReason, TaskControl
from taskmon.runner.environment import Environment, find_environment
from taskmon.runner.execution import Execution, Outcome
from taskmon.runner.file_tracker import FileTracker
from taskmon.runner.guarding import Guard
from taskmon.runner.job import Job, read_job
from taskmon.runner.messages import MessageListener
from taskmon.runner.output_watch import OutputWatch
from taskmon.runner.packing import OutputPacker, PackedArchive, pack_into
from taskmon.runner.report_journal import Journal
from taskmon.runner.reporting import Delivery, ReportQueue
from taskmon.runner.service_link import ServiceLink
from taskmon.runner.store import TaskStore
from taskmon.runner.unpacking import unpack
from taskmon.runner.usage import UsageSampler
from taskmon.runner.workspace import DISK_RESERVE, Workspace, disk_failure

logger = logging.getLogger(__name__)

_DONE_WAIT_S: Final = 2.0
LEAVING_UPLOAD_S: Final = 20.0
"""How long a runner that has to leave tries to store what there is."""
_FULL_DISK: Final = 1024 * 1024
"""A command that fails with less than this free (bytes) has most likely failed because of it."""
_ENDINGS: Final = {StopReason.KILLED: Status.KILLED, StopReason.TTL_EXCEEDED: Status.TTL_EXCEEDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerParts:
    """What every task of one runner shares. `clock` gives the present time, aware, in UTC."""

    runner_id: str
    work_dir: Path
    link: ServiceLink
    reports: ReportQueue
    guard: Guard
    clock: Callable[[], datetime]
    kill_grace_s: float
    message_block_s: int


class TaskRun:
    """Carries out one order. `run()` returns when the service has taken every report about it."""

    def __init__(self, parts: RunnerParts, order: TaskOrder) -> None:
        self._parts = parts
        self._order = order
        self._reports = parts.reports
        self.control = TaskControl()
        self._leave_by: float | None = None
        self._observers: list[ObserverMessage] = []
        self._watch: OutputWatch | None = None

    def interrupt(self) -> None:
        """The runner has to leave: stop the commands, store what there is, soon."""
        self.expect_interruption()
        self.control.stop(StopReason.INTERRUPTED)

    def run(self) -> None:
        """Do everything, to the end. Expected failures become the task's; only bugs are raised."""
        workspace: Workspace | None = None
        listener = MessageListener(
            self._parts.link,
            self._parts.runner_id,
            self._order.id,
            block_s=self._parts.message_block_s,
            on_kill=lambda: self.control.stop(StopReason.KILLED),
            on_done=self._given_up,
            on_observer=self._observe,
        )
        finished: Delivery | None = None
        try:
            workspace = Workspace(self._parts.work_dir, self._order.id)
            finished = self._carry_out(workspace)
        except StoppedEarlyError as stop:
            finished = self._tell_stopped_early(stop.reason)
        except OSError as error:
            finished = self._tell_failure(disk_failure(error, workspace), workspace)
        except TaskmonError as error:
            finished = self._tell_failure(error, workspace)
        finally:
            self._reports.unblock(self._order.id)
            self._reports.flush(self._time_left())
            self._reports.keep_in(None)
            listener.end(_DONE_WAIT_S)
        if finished is not None and finished.wait(0) and workspace is not None:
            workspace.remove()

    def expect_interruption(self) -> None:
        """The runner is about to say that it leaves: a service that is then done with the task is no surprise."""
        self._leave_by = time.monotonic() + self._parts.kill_grace_s + LEAVING_UPLOAD_S

    def _given_up(self) -> None:
        """The service is done with the task. If our commands still run, it has given this machine up."""
        if self._leave_by is None:
            self.control.stop(StopReason.GIVEN_UP)

    def _time_left(self) -> float | None:
        return None if self._leave_by is None else max(1.0, self._leave_by - time.monotonic())

    def _carry_out(self, workspace: Workspace) -> Delivery | None:
        """The report of the end, once the outputs are stored."""
        workspace.prepare()
        self._reports.keep_in(Journal(workspace.folder, self._parts.runner_id))
        job = read_job(self._order)
        if job.submitted is not None:
            waited_s = (self._parts.clock() - job.submitted).total_seconds()
            self._metric("queue_time_seconds", max(0.0, waited_s))
        environment = self._find_environment(job)
        self._fetch_inputs(job, workspace)
        outcome = self._compute(job, workspace, environment)
        if outcome.stopped is StopReason.GIVEN_UP:
            raise StoppedEarlyError(outcome.stopped)
        return self._store_outputs(job, workspace, _new_status(outcome))

    def _find_environment(self, job: Job) -> Environment:
        with self._operation(OperationName.DOWNLOAD_CONTAINER, {"image_uri": job.image}) as result:
            environment = find_environment(job.image)
            environment.check([command.words[0] for command in job.commands])
            result |= {"source": "local-filesystem", "size_bytes": 0}
        self._metric("container_image_download_seconds", 0.0)
        self._metric("container_image_size_bytes", 0)
        return environment

    def _fetch_inputs(self, job: Job, workspace: Workspace) -> None:
        store = TaskStore(self._parts.link, job, self.control.pause)
        began = time.monotonic()
        with self._operation(OperationName.DOWNLOAD_INPUT):
            zipped = store.fetch_inputs(workspace.archive, self.control.check)
        self._metric("input_download_seconds", time.monotonic() - began)
        self._metric("input_zipped_size_bytes", zipped)
        began = time.monotonic()
        with self._operation(OperationName.UNCOMPRESS_INPUT):
            room = workspace.free_bytes() - DISK_RESERVE
            unpack(workspace.archive, workspace.inputs, room=room, check=self.control.check)
            store.fetch_resources(workspace, self.control.check)
            size = workspace.place_inputs(job.sim_dir)
        self._metric("input_decompression_seconds", time.monotonic() - began)
        self._metric("input_size_bytes", size)
        for name in (STDOUT_FILE, STDERR_FILE):
            (workspace.artifacts / name).write_bytes(b"")

    def _compute(self, job: Job, workspace: Workspace, environment: Environment) -> Outcome:
        """Run the commands, unless a stop was faster (StoppedEarlyError)."""
        execution = Execution(
            job,
            workspace,
            environment,
            control=self.control,
            reports=self._reports,
            guard=self._parts.guard,
            sampler=UsageSampler(workspace.artifacts / SYSTEM_METRICS_FILE, self._parts.clock),
            kill_grace_s=self._parts.kill_grace_s,
        )
        self.control.begin_commands()
        watch = self._watching(workspace)
        with closing(FileTracker(self._parts.link, self._order.id, workspace.artifacts)), watch:
            self._event(EventType.TASK_WORK_STARTED)
            outcome = execution.run()
        _check_disk(outcome, workspace)
        if outcome.stopped is StopReason.GIVEN_UP:
            return outcome
        if not self.control.interrupted:
            self._event(EventType.TASK_WORK_FINISHED)
        self._metric("computation_seconds", outcome.seconds)
        return outcome

    def _watching(self, workspace: Workspace) -> OutputWatch:
        watch = self._watch = OutputWatch(
            workspace.artifacts,
            on_stalled=lambda: self._event(EventType.TASK_OUTPUT_STALLED),
            on_observed=self._tell_observed,
        )
        for message in self._observers:
            watch.observe(message)
        return watch

    def _store_outputs(self, job: Job, workspace: Workspace, new_status: Status | None) -> Delivery | None:
        """Pack, upload and tell `new_status`; the report of it, None if the outputs could not be stored."""
        files, folders = workspace.outputs()
        self._metric("output_size_bytes", sum(file.size for file in files))
        self._metric("output_total_files", len(files))
        packed = self._packed_before(job, workspace, lambda: OutputPacker(files, folders))
        began = time.monotonic()
        try:
            with self._operation(OperationName.UPLOAD_OUTPUT):
                store = TaskStore(self._parts.link, job, self._pause_upload)
                zipped = store.store_outputs(lambda: PackedArchive(packed) if packed else OutputPacker(files, folders))
        except TaskmonError as error:
            logger.error("the outputs of task %s are not stored: %s", self._order.id, error)
            if not self.control.interrupted:
                self._event(EventType.TASK_OUTPUT_UPLOAD_FAILED, error=str(error))
            return None
        self._metric("output_zipped_size_bytes", zipped)
        self._metric("output_upload_seconds", time.monotonic() - began)
        told = None if self.control.interrupted else new_status
        return self._event(EventType.TASK_OUTPUT_UPLOADED, new_status=told)

    def _packed_before(self, job: Job, workspace: Workspace, packer: Callable[[], OutputPacker]) -> Path | None:
        """The whole archive on the disk, if that was asked for and there is time and room for it."""
        if job.streamed or self.control.interrupted:
            return None
        began = time.monotonic()
        try:
            with self._operation(OperationName.COMPRESS_OUTPUT):
                pack_into(workspace.packed, packer())
        except OSError as error:
            logger.warning("the outputs are packed while they are sent: %s", error)
            return None
        self._metric("output_compression_seconds", time.monotonic() - began)
        return workspace.packed

    def _pause_upload(self, seconds: float) -> None:
        """Wait before another try; a runner that has to leave does not try for ever."""
        if self._leave_by is not None and time.monotonic() + seconds > self._leave_by:
            raise TaskmonError("The runner had to leave before the outputs could be stored.")
        time.sleep(seconds)

    def _tell_stopped_early(self, reason: StopReason) -> Delivery | None:
        if reason is StopReason.KILLED:
            return self._event(EventType.TASK_KILLED)
        if reason is StopReason.GIVEN_UP:
            # Nothing is told and nothing deleted: another machine may have the task and its folder by now.
            logger.warning("task %s was given to somebody else while this runner was away", self._order.id)
        return None

    def _tell_failure(self, error: TaskmonError, workspace: Workspace | None) -> Delivery | None:
        """Something outside the simulator broke: say so, and store what there is."""
        logger.error("task %s cannot be run to its end: %s", self._order.id, error)
        if self.control.interrupted or self.control.reason is StopReason.GIVEN_UP:
            return None
        cause = "".join(traceback.format_exception(error))
        told = self._event(EventType.TASK_EXECUTION_FAILED, error=str(error), cause=cause)
        if workspace is None or not workspace.artifacts.is_dir():
            return told
        try:
            with (workspace.artifacts / STDERR_FILE).open("a", encoding="utf-8") as stderr:
                stderr.write(f"taskmon: {error}\n")
            job = read_job(self._order)
        except (OSError, TaskmonError) as trouble:
            logger.info("nothing is stored for task %s: %s", self._order.id, trouble)
            return told
        return self._store_outputs(job, workspace, None)

    def _observe(self, message: ObserverMessage) -> None:
        """A user wants to hear of something in the outputs."""
        self._observers.append(message)
        if self._watch is not None:
            self._watch.observe(message)

    def _tell_observed(self, observer_id: str, captured: object) -> None:
        extra = {"captured": captured}
        now = self._parts.clock()
        self._reports.observed(
            ObserverEvent(timestamp=now, id=self._order.id, observer_id=observer_id, extra_params=extra)
        )

    def _event(
        self, kind: EventType, *, new_status: str | None = None, error: str | None = None, cause: str | None = None
    ) -> Delivery:
        event = TaskEvent(
            timestamp=self._parts.clock(),
            id=self._order.id,
            machine_id=self._parts.runner_id,
            new_status=new_status,
            error_message=error,
            traceback=cause,
        )
        return self._reports.event(kind, event)

    def _metric(self, name: str, value: float) -> None:
        self._reports.metric(self._order.id, name, value)

    @contextmanager
    def _operation(
        self, name: OperationName, attributes: dict[str, object] | None = None
    ) -> Iterator[dict[str, object]]:
        """Report a step around the block; what the block puts into the dictionary is told at its end."""
        start = self._reports.start_operation(self._order.id, name, attributes or {})
        began = time.monotonic()
        result: dict[str, object] = {}
        try:
            yield result
        finally:
            result["execution_time_s"] = time.monotonic() - began
            self._reports.end_operation(self._order.id, start, result)


def _check_disk(outcome: Outcome, workspace: Workspace) -> None:
    """Raise TaskmonError if the commands ended, or were ended, because the disk was full."""
    failed = bool(outcome.exit_code) and outcome.stopped is None
    if outcome.stopped is StopReason.DISK_FULL or (failed and workspace.free_bytes() < _FULL_DISK):
        raise TaskmonError(
            "The disk of this machine ran full while the simulator was writing.",
            "Make room on it, then run the task again.",
        )


def _new_status(outcome: Outcome) -> Status | None:
    if outcome.stopped is not None:
        return _ENDINGS.get(outcome.stopped)
    return Status.FAILED if outcome.exit_code else Status.SUCCESS

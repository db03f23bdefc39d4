"""Running a task's commands: one after the other, without a shell, each in a session of its own.

Their output goes straight from the process into `stdout.txt` and `stderr.txt`, so that nothing stands between a
printed line and the reader, whatever its length and bytes.
"""

from __future__ import annotations

import logging
import math
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from taskmon.core.errors import TaskmonError
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.task import OperationName
from taskmon.runner.control import StopReason, TaskControl
from taskmon.runner.descendants import orphans, start_child
from taskmon.runner.environment import Environment, live_output_words, mpi_words
from taskmon.runner.error_line import error_line
from taskmon.runner.guard import MARK_VARIABLE, find_processes, group_lives, known_as, stop_processes
from taskmon.runner.guarding import Guard
from taskmon.runner.job import CommandLine, Job
from taskmon.runner.reporting import ReportQueue
from taskmon.runner.usage import UsageSampler
from taskmon.runner.workspace import Workspace

logger = logging.getLogger(__name__)

TASK_VARIABLE: Final = "TASKMON_TASK_ID"
"""Environment variable that tells a command which task it belongs to."""
DISK_FLOOR: Final = 48 * 1024 * 1024
"""With less than this free on the disk (bytes) commands are stopped, so that the rest of the computer can go on."""
_DISK_LOOK_S: Final = 0.5
_NOT_STARTED: Final = 126
"""The exit code told for a command that never ran, as shells have it."""
_SEPARATOR: Final = "-" * 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the commands ended: the exit code of the last one that ran (a signal counts 128 more), and why it was
    stopped, if it was. `seconds` is the time from the start of the first to the end of the last."""

    exit_code: int
    stopped: StopReason | None
    seconds: float


class Execution:
    """The commands of one task. Whatever they leave running is ended with `sweep()`."""

    def __init__(
        self,
        job: Job,
        workspace: Workspace,
        environment: Environment,
        *,
        control: TaskControl,
        reports: ReportQueue,
        guard: Guard,
        sampler: UsageSampler,
        kill_grace_s: float,
    ) -> None:
        self._job = job
        self._artifacts = workspace.artifacts
        self._free_bytes = workspace.free_bytes
        self._folder = workspace.command_folder(job.subfolder)
        self._environment = environment
        self._control = control
        self._reports = reports
        self._guard = guard
        self._sampler = sampler
        self._kill_grace_s = kill_grace_s
        self._mark = uuid.uuid4().hex
        self._orphans: set[str] = set()

    def run(self) -> Outcome:
        """Run the commands until one fails or the task has to stop. Raises TaskmonError if one cannot be started."""
        began = time.monotonic()
        lifetime_s = self._job.time_to_live_s
        deadline = began + lifetime_s if lifetime_s else None
        self._guard.watch_mark(self._mark)
        exit_code = 0
        try:
            for index, command in enumerate(self._job.commands):
                if exit_code or self._control.reason is not None:
                    break
                exit_code = self._run_command(index, command, deadline)
        finally:
            self.sweep()
        return Outcome(exit_code, self._control.end_commands(), time.monotonic() - began)

    def sweep(self) -> None:
        """End every process that carries the task's mark or was left to us, and wait until it is gone."""
        nothing_left = orphans() == set()
        if not nothing_left and not stop_processes(self._find_left, self._kill_grace_s):
            logger.error("processes of task %s could not be ended", self._job.task_id)
        self._guard.forget_mark(self._mark)
        for name in self._orphans:
            self._guard.forget_orphan(name)

    def _find_left(self) -> set[int]:
        return find_processes([self._mark], roots=self._note_orphans())

    def _note_orphans(self) -> set[str]:
        """The names of what the commands have left to us; the guard hears of each."""
        found = {name for pid in orphans() or () if (name := known_as(pid)) is not None}
        for name in found - self._orphans:
            self._guard.watch_orphan(name)
            logger.info("process %s has left its parent and ends with the task", name.partition(".")[0])
        self._orphans |= found
        return found

    def _run_command(self, index: int, command: CommandLine, deadline: float | None) -> int:
        parallel = mpi_words(command.mpi) if command.mpi else []
        words = self._environment.translate(command.words)
        argv = [*live_output_words(), *parallel, *self._environment.locate(words[0], self._folder), *words[1:]]
        shown = " ".join([*(["mpirun", *parallel[1:]] if parallel else []), *command.words])
        operation = self._reports.start_operation(
            self._job.task_id,
            OperationName.EXEC_COMMAND,
            {"command": shown, "container_command": subprocess.list2cmdline(argv)},
        )
        began = time.monotonic()
        logger.info("command %d: %s", index + 1, shown)
        exit_code, said = _NOT_STARTED, ""
        try:
            exit_code, said = self._run_process(index, argv, command, deadline)
        finally:
            attributes: dict[str, Any] = {"exit_code": exit_code, "execution_time_s": time.monotonic() - began}
            attributes |= {"error_line": said} if said else {}
            self._reports.end_operation(self._job.task_id, operation, attributes)
        return exit_code

    def _run_process(
        self, index: int, argv: Sequence[str], command: CommandLine, deadline: float | None
    ) -> tuple[int, str]:
        """The exit code, and what the command wrote last about an error of its own."""
        extra = {**command.env, TASK_VARIABLE: self._job.task_id, MARK_VARIABLE: self._mark}
        with (
            (self._artifacts / STDOUT_FILE).open("ab", buffering=0) as stdout,
            (self._artifacts / STDERR_FILE).open("ab", buffering=0) as stderr,
            tempfile.TemporaryFile() as stdin,
        ):
            stdin.write("".join(f"{prompt}\n" for prompt in command.prompts).encode())
            stdin.seek(0)
            for stream in (stdout, stderr):
                stream.write(self._heading(command, {**self._environment.variables, **command.env}))
            outputs = [(self._artifacts / STDERR_FILE, stderr.tell()), (self._artifacts / STDOUT_FILE, stdout.tell())]
            process = self._start(argv, extra, stdin, stdout, stderr)
            self._guard.watch_group(process.pid)
            try:
                with self._sampler.watch(index, process.pid):
                    self._wait(process, deadline)
            finally:
                self._stop(process)
                self._guard.forget_group(process.pid)
            said = error_line(outputs) if process.returncode else ""
            for path, stream in ((STDOUT_FILE, stdout), (STDERR_FILE, stderr)):
                stream.write(_ending(self._artifacts / path))
        code = process.returncode
        return (128 - code if code < 0 else code), said

    def _start(
        self, argv: Sequence[str], extra: Mapping[str, str], stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        try:
            return start_child(
                argv,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=self._folder,
                env=self._environment.process_variables(extra),
                start_new_session=True,
            )
        except OSError as error:
            title = f"The command could not be started: {error.strerror or error} ({argv[0]})."
            raise TaskmonError(title, "Check the program and the inputs.") from error

    def _wait(self, process: subprocess.Popen[bytes], deadline: float | None) -> None:
        """Until the process has ended, or the task has to stop."""

        def tell_end() -> None:
            process.wait()
            self._control.notify()

        threading.Thread(target=tell_end, name="command", daemon=True).start()
        while process.poll() is None and self._control.reason is None:
            left = math.inf if deadline is None else deadline - time.monotonic()
            if left <= 0:
                self._control.stop(StopReason.TTL_EXCEEDED)
                return
            if self._free_bytes() < DISK_FLOOR:
                self._control.stop(StopReason.DISK_FULL)
                return
            self._note_orphans()
            self._control.wait(min(left, _DISK_LOOK_S))

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        """End the process and its group, if they still live; descendants elsewhere may serve the next command."""
        if process.returncode is not None and not group_lives(process.pid):
            return
        stop_processes(lambda: find_processes((), (process.pid,)), self._kill_grace_s)
        process.wait()

    def _heading(self, command: CommandLine, variables: Mapping[str, str]) -> bytes:
        folder = self._folder.relative_to(self._artifacts.resolve().parent)
        lines = (f"# COMMAND: {list(command.words)}", f"# WORKING DIRECTORY: {folder}", f"# ENV: {dict(variables)}", "")
        return "".join(f"{line}\n" for line in lines).encode(errors="replace")


def _ending(path: Path) -> bytes:
    """The line that closes a command's stream, on a line of its own."""
    try:
        with path.open("rb") as file:
            broken = _last_byte(file) not in (b"\n", b"")
    except FileNotFoundError:
        broken = False  # the command has cleaned up more than its own files
    return f"{chr(10) if broken else ''}{_SEPARATOR}\n".encode()


def _last_byte(file: IO[bytes]) -> bytes:
    if file.seek(0, 2) == 0:
        return b""
    file.seek(-1, 2)
    return file.read(1)

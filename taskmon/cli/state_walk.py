"""The stories behind `taskmon demo states`: real small tasks that reach every state by its real cause."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.client.submission import submit_folder
from taskmon.client.task_request import build_request
from taskmon.core.errors import ServiceFailedError, TaskmonError
from taskmon.core.lifecycle import Status, facts
from taskmon.core.machine import LOCAL_MACHINE_TYPE, MachineGroupRequest, Provider
from taskmon.core.task import TASK_NAME, TaskDetail
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

PATIENCE_S: Final = 90.0
_LOOK_S: Final = 0.1

_FILES: Final = {
    "work.py": """\
import os, time
for step in range(20):
    print(f"step {step}  residual: {2.0 ** -step:.3e}", flush=True)
    time.sleep(0.1)
for number in range(6):
    with open(f"field-{number}.bin", "wb") as file:
        file.write(os.urandom(8_000_000))
""",
    "endless.py": """\
import itertools, time
for step in itertools.count():
    print(f"step {step}  residual: {1 / (step + 1):.3e}", flush=True)
    time.sleep(0.1)
""",
    "stubborn.py": """\
import itertools, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for step in itertools.count():
    print(f"step {step}  and no wish to end", flush=True)
    time.sleep(0.1)
""",
    "fail.py": 'import sys\nprint("Error: the mesh has a cell of negative volume", file=sys.stderr)\nsys.exit(3)\n',
}
_ON_THE_WAY: Final = {
    Status.PENDING_INPUT: "it was submitted, and its files were on their way",
    Status.SUBMITTED: "its files had arrived",
    Status.STARTED: "a machine had taken it",
    Status.COMPUTATION_STARTED: "its command was started",
    Status.COMPUTATION_ENDED: "its command had ended",
}
_ENDLESS: Final = "python3 -u endless.py"


@dataclass(frozen=True, slots=True)
class Reached:
    """A state that was reached for the first time: by which task, on which way, and what was done for it."""

    status: Status
    task: TaskDetail
    deed: str

    @property
    def path(self) -> str:
        """The states of the task up to this one."""
        states = [entry.status for entry in self.task.status_history]
        return " → ".join(facts(status).alias for status in states[: states.index(self.status) + 1])


class StateWalk:
    """Plays the stories one after the other on a service with `--chaos`. `tell` hears of every state once.

    `restart` starts the service anew with a budget of so many machine hours.
    """

    def __init__(
        self,
        client: ServiceClient,
        place: Path,
        tell: Callable[[Reached], None],
        restart: Callable[[float], Awaitable[None]],
    ) -> None:
        self._client = client
        self._folder = place / "case"
        self._tell = tell
        self._restart = restart
        self.reached: dict[Status, Reached] = {}

    async def play(self) -> None:
        """All stories. One that fails does not keep the others from being told; its error is raised at the end."""
        await asyncio.to_thread(self._write_files)
        failures: list[TaskmonError] = []
        for story in (
            self._success, self._failure, self._kill, self._time_limit, self._missing_program, self._killed_runner,
            self._reclaimed, self._ended_group, self._group_time_limit, self._used_up_budget,
        ):  # fmt: skip
            try:
                await story()
            except TaskmonError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _write_files(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, text in _FILES.items():
            (self._folder / name).write_text(text, encoding="utf-8")

    # The stories -----------------------------------------------------------------------------------------------

    async def _success(self) -> None:
        task_id = await self._submit("runs to its end", "python3 -u work.py")
        await self._see(task_id, Status.SUCCESS, "it was submitted and left alone")

    async def _failure(self) -> None:
        task_id = await self._submit("fails", "python3 fail.py")
        await self._see(task_id, Status.FAILED, "its command returned exit code 3")

    async def _kill(self) -> None:
        task_id = await self._submit("is killed", "python3 -u stubborn.py")
        await self._see(task_id, Status.COMPUTATION_STARTED)
        await asyncio.sleep(1.0)
        await self._client.kill(task_id)
        await self._see(task_id, Status.PENDING_KILL, "it was killed, and its program ignores being asked to end")
        await self._see(task_id, Status.KILLED, "it was killed, after a few seconds by force")

    async def _time_limit(self) -> None:
        task_id = await self._submit("takes too long", _ENDLESS, time_to_live_s=2.0)
        await self._see(task_id, Status.TTL_EXCEEDED, "it was submitted with a time to live of 2 s")

    async def _missing_program(self) -> None:
        task_id = await self._submit("lacks its program", "no-such-simulator case.cfg")
        await self._see(task_id, Status.EXECUTER_FAILED, "its program is not installed")

    async def _killed_runner(self) -> None:
        task_id = await self._submit("loses its runner", _ENDLESS)
        await self._see(task_id, Status.COMPUTATION_STARTED)
        await asyncio.sleep(1.0)
        killed = await self._client.kill_runner(task_id)
        await self._see(task_id, Status.EXECUTER_TERMINATED, f"its runner, process {killed.pid}, was killed (kill -9)")

    async def _reclaimed(self) -> None:
        group = await self._group("spot machines", spot=True)
        task_id = await self._submit("gives way", _ENDLESS, group)
        await self._see(task_id, Status.COMPUTATION_STARTED)
        await asyncio.sleep(1.0)
        await self._client.reclaim(wanted=True)
        await self._see(task_id, Status.SPOT_INSTANCE_PREEMPTED, "the person took the computer back from spot machines")
        await self._client.reclaim(wanted=False)
        await self._client.terminate_machine_group(group)

    async def _ended_group(self) -> None:
        group = await self._group("ended by hand")
        running = await self._submit("ends with its machine", _ENDLESS, group)
        waiting = await self._submit("waits in vain", _ENDLESS, group)
        await self._see(running, Status.COMPUTATION_STARTED)
        await asyncio.sleep(1.0)
        await self._client.terminate_machine_group(group)
        await self._see(running, Status.EXECUTER_TERMINATED_BY_USER, "its machine group was terminated")
        await self._see(waiting, Status.ZOMBIE, "its machine group was terminated while it waited")

    async def _group_time_limit(self) -> None:
        group = await self._group("short-lived", auto_terminate_ts=datetime.now(UTC) + timedelta(seconds=7))
        task_id = await self._submit("outlives its group", _ENDLESS, group)
        await self._see(
            task_id, Status.EXECUTER_TERMINATED_TTL_EXCEEDED, "its machine group had a time limit of a few seconds"
        )

    async def _used_up_budget(self) -> None:
        task_id = await self._submit("costs too much", _ENDLESS)
        await self._see(task_id, Status.COMPUTATION_STARTED)
        await asyncio.sleep(1.0)
        hours = 0.0001
        await self._restart(hours)
        deed = f"the service was started again with a budget of {hours:g} machine hours"
        await self._see(task_id, Status.EXECUTER_TERMINATED_CREDITS_EXHAUSTED, deed)

    # What they are made of -------------------------------------------------------------------------------------

    async def _group(self, name: str, *, spot: bool = False, auto_terminate_ts: datetime | None = None) -> str:
        group = await self._client.create_machine_group(
            MachineGroupRequest(
                name=name,
                provider_id=Provider.LOCAL,
                machine_type=LOCAL_MACHINE_TYPE,
                num_vms=1,
                spot=spot,
                auto_terminate_ts=auto_terminate_ts,
            )
        )
        await self._client.start_machine_group(group.id or "")
        return group.id or ""

    async def _submit(
        self, name: str, command: str, group: str | None = None, *, time_to_live_s: float | None = None
    ) -> str:
        if group is None:
            group = next(found.id or "" for found in await self._client.machine_groups() if found.started)
        simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
        request = build_request(simulator, [command], group, project="states", ttl_seconds=time_to_live_s)
        submitted = await submit_folder(self._client, self._folder, request, metadata={TASK_NAME: name})
        return submitted.id

    async def _see(self, task_id: str, wanted: Status, deed: str = "") -> None:
        """Wait until the task is, or was, in `wanted`, for which `deed` was done; everything on the way is told too."""
        task = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while task is None or not (task.is_terminated or wanted in _visited(task)):
                    with contextlib.suppress(TaskmonError):  # a service that is starting again is waited for
                        task = await self._client.task(task_id)
                        self._note(task, wanted, deed)
                    await asyncio.sleep(_LOOK_S)
        if task is None or wanted not in _visited(task):
            now = "unknown" if task is None else facts(task.status).alias
            raise ServiceFailedError(
                f"Task {task_id} did not come to {facts(wanted).alias} within {PATIENCE_S:.0f} s; it is {now}."
            )

    def _note(self, task: TaskDetail, wanted: Status, deed: str) -> None:
        for status in _visited(task):
            if status not in self.reached:
                self.reached[status] = Reached(status, task, (status is wanted and deed) or _ON_THE_WAY[status])
                self._tell(self.reached[status])


def _visited(task: TaskDetail) -> list[Status]:
    return [entry.status for entry in task.status_history]


def missing(reached: Iterable[Status]) -> list[str]:
    """The names of the states that are not among `reached`."""
    seen = set(reached)
    return [facts(status).alias for status in Status if status not in seen]

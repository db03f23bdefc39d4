"""Which task goes to which machine, and what becomes of tasks whose machine or group ends."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import IllegalTransitionError, NotFoundError, RefusedError
from taskmon.core.lifecycle import Cause, Status
from taskmon.core.machine import MachineGroupStatus, MachineGroupType
from taskmon.core.runner_protocol import SIMULATOR, TaskOrder
from taskmon.service.task_rows import STORAGE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.core.runner_protocol import RunnerRegistration
    from taskmon.service.database import Database
    from taskmon.service.group_repository import GroupRecord, GroupRepository
    from taskmon.service.machine_repository import MachineRepository
    from taskmon.service.machines.provider import MachineProvider
    from taskmon.service.task_repository import TaskRepository

BUCKET: Final = "objects"
"""The first segment of a signed URL's path and of a task folder; runners drop it."""

BUSY_GRAIN: Final = timedelta(seconds=10)
"""How exactly the moment is kept at which a group last had work: every look would be a write to the disk."""

ELASTIC_REST: Final = timedelta(seconds=30)
"""How long an elastic group keeps machines that have nothing to do."""

_log = logging.getLogger(__name__)


class Scheduler:
    """Hands queued tasks to machines and ends what must end. Every method is one transaction."""

    def __init__(
        self,
        *,
        database: Database,
        tasks: TaskRepository,
        groups: GroupRepository,
        machines: MachineRepository,
        provider: MachineProvider,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._groups = groups
        self._machines = machines
        self._provider = provider
        self._clock = clock
        self._closed = False
        self._paused: set[str] = set()

    def close(self) -> None:
        """From now on no task is handed out: the service is about to leave, and idle runners with it."""
        self._closed = True

    def register(self, registration: RunnerRegistration) -> str:
        """A new machine; its id. Raises NotFoundError for an unknown group, RefusedError unless it is started."""
        group = self._groups.record(registration.machine_group_id)
        if group.status is not MachineGroupStatus.STARTED:
            raise RefusedError(f"The machine group “{group.name}” is not started.", "Start it first.", status_code=409)
        if group.id in self._paused:
            raise RefusedError(f"The machine group “{group.name}” rests.", "Try again later.", status_code=409)
        with self._database.transaction():
            machine = self._machines.register(registration, self._clock())
            self._provider.note_registered(group.id, registration.host_name, machine)
        return machine

    def take(self, machine_id: str) -> TaskOrder | None:
        """The next task for the machine, which thereby has it; None if there is none.

        A machine that holds a task gets no other. If it asks again before it has done anything for that task, the
        first answer was lost on the way, and it gets the same one. Raises NotFoundError for a machine that is gone.
        """
        machine = self._machines.find(machine_id)
        if machine is None or not machine.alive:
            raise NotFoundError("This machine is not part of a machine group any more.", "Register again.")
        if self._closed:
            return None
        held = self._tasks.unfinished_of_machine(machine_id)
        if held:
            return self._order(held[0]) if self._untouched(held[0]) else None
        task_id = self._tasks.next_in_queue(machine.group_id)
        if task_id is None:
            return None
        with self._database.transaction():
            now = self._clock()
            self._tasks.assign(task_id, machine_id, self._machines.executer(machine_id))
            self._tasks.record(task_id, Cause.PICKED_UP, at=now, machine=machine_id)
            self._machines.set_current_task(machine_id, task_id)
            self._groups.note_work(machine.group_id, now)
        return self._order(task_id)

    def _untouched(self, task_id: str) -> bool:
        detail = self._tasks.detail(task_id)
        measured = self._database.value("SELECT metrics_json FROM tasks WHERE task_id = ?", task_id) != "{}"
        return detail.status is Status.STARTED and not measured and not detail.status_history[-1].operations

    def _order(self, task_id: str) -> TaskOrder:
        row = self._database.row("SELECT * FROM tasks WHERE task_id = ?", task_id)
        assert row is not None
        limit = row["time_to_live_seconds"]
        return TaskOrder(
            id=task_id,
            project_id=row["project_id"],
            task_dir=f"{BUCKET}/{row['storage_path']}",
            container_image=row["container_image"],
            simulator=SIMULATOR,
            extra_params=row["extra_params_json"],
            storage_region=STORAGE_REGION,
            submitted_timestamp=row["input_submit_time"],
            input_resources=row["input_resources_json"],
            stream_zip="t" if row["stream_zip"] else "f",
            compress_with=row["compress_with"],
            time_to_live_seconds="" if limit is None else repr(limit),
        )

    def kill(self, task_id: str, detail: str | None = None) -> None:
        """Stop a task: at once while it waits, else by way of its machine. Nothing happens to one that has ended."""
        try:
            self._tasks.record(task_id, Cause.USER_KILL, at=self._clock(), detail=detail)
        except IllegalTransitionError:
            _log.info("Nothing to kill: task %s", task_id)

    def lose_machine(
        self, machine_id: str, cause: Cause, detail: str | None = None, at: datetime | None = None
    ) -> None:
        """The machine is gone, since `at` or now. Its task ends by `cause`, or is queued again if it asked for that."""
        at = at or self._clock()
        with self._database.transaction():
            for task_id in self._tasks.unfinished_of_machine(machine_id):
                self._end_on_machine(task_id, cause, detail, at)
            self._machines.end(machine_id, at)

    def _end_on_machine(self, task_id: str, cause: Cause, detail: str | None, at: datetime) -> None:
        self._tasks.record(task_id, cause, at=at, detail=detail)
        if not self._tasks.task(task_id).is_terminated:
            self._tasks.record(task_id, Cause.RESUBMIT_ON_PREEMPTION, at=self._clock())

    def give_up(self, machine_id: str, detail: str) -> None:
        """The machine has not been heard of for too long: its task is not its own any more, and its runner is ended."""
        _log.warning("Machine %s is given up: %s", machine_id, detail)
        self.lose_machine(machine_id, Cause.RUNNER_LOST, detail)
        self._provider.give_up(machine_id)

    def pause_group(self, group_id: str, cause: Cause, detail: str) -> None:
        """Take the group's machines away; tasks on them end by `cause`, queued ones wait. Twice is no error."""
        if group_id in self._paused:
            return
        self._paused.add(group_id)
        _log.info("Group %s rests: %s", group_id, detail)
        with self._database.transaction():
            for machine in self._machines.living(group_id):
                self.lose_machine(machine.uuid, cause, detail)
        self._provider.stop(group_id)

    def resume_group(self, group_id: str) -> None:
        """Give a paused group its machines back."""
        if group_id in self._paused:
            self._paused.discard(group_id)
            group = self._groups.record(group_id)
            if group.managed and _is_started(group):
                self._provider.start(group_id, group.name, group.machine_count)

    def start_group(self, group_id: str) -> None:
        """Bring up the group's machines. Raises NotFoundError, or RefusedError if the group has been terminated."""
        group = self._groups.record(group_id)
        if group.status is MachineGroupStatus.TERMINATED:
            raise RefusedError(
                f"The machine group “{group.name}” has been terminated.", "Create a new one.", status_code=409
            )
        if group.status is not MachineGroupStatus.STARTED:
            self._groups.set_status(group_id, MachineGroupStatus.STARTED, self._clock())
        if group.managed and group_id not in self._paused:
            self._provider.start(group_id, group.name, group.machine_count)

    def end_group(self, group_id: str, cause: Cause = Cause.GROUP_TERMINATED) -> None:
        """End the group with everything queued or running on it. Ending it twice is no error. Raises NotFoundError."""
        group = self._groups.record(group_id)
        if group.status is MachineGroupStatus.TERMINATED:
            return
        now = self._clock()
        with self._database.transaction():
            for task_id in self._tasks.unfinished_of_group(group_id):
                self._tasks.record(task_id, cause, at=now)
            for machine in self._machines.living(group_id):
                self._machines.end(machine.uuid, now)
            self._groups.set_status(group_id, MachineGroupStatus.TERMINATED, now)
        self._provider.stop(group_id)

    def tidy(self, silence_s: float) -> None:
        """What time alone decides: groups past their limits, and machines not heard of for `silence_s` seconds."""
        now = self._clock()
        for group in self._groups.living():
            if group.auto_terminate is not None and group.auto_terminate <= now:
                self.end_group(group.id, Cause.GROUP_TIME_LIMIT)
            elif self._tasks.count_live(group.id):
                if now - group.busy_at > BUSY_GRAIN:
                    self._groups.note_work(group.id, now)
                self._grow(group)
            elif group.status is MachineGroupStatus.STARTED and _idle_too_long(group, now):
                self.end_group(group.id)
            elif now - group.busy_at > ELASTIC_REST:
                self._shrink(group, now)
        for machine_id in self._machines.silent_since(now - timedelta(seconds=silence_s)):
            self.give_up(machine_id, f"Its machine was silent for more than {silence_s:.0f} s.")

    def _grow(self, group: GroupRecord) -> None:
        """One machine per task, as far as an elastic group may grow."""
        wanted = min(self._tasks.count_live(group.id), group.most_machines)
        rests = group.id in self._paused or not _is_started(group)
        if group.kind is MachineGroupType.ELASTIC and group.machine_count < wanted and not rests:
            self._groups.set_machine_count(group.id, wanted)
            self._provider.start(group.id, group.name, wanted)

    def _shrink(self, group: GroupRecord, now: datetime) -> None:
        """An elastic group that has had nothing to do for a while goes back to its smallest size."""
        if group.kind is MachineGroupType.ELASTIC and group.machine_count > group.least_machines and _is_started(group):
            self._groups.set_machine_count(group.id, group.least_machines)
            for machine_id in self._provider.shrink(group.id, group.name, group.least_machines):
                self._machines.end(machine_id, now)


def _is_started(group: GroupRecord) -> bool:
    return group.status is MachineGroupStatus.STARTED


def _idle_too_long(group: GroupRecord, now: datetime) -> bool:
    return group.max_idle_time is not None and (now - group.busy_at).total_seconds() > group.max_idle_time

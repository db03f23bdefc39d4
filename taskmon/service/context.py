"""The parts of the service, put together once and handed to every endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request

from taskmon.core.simulators import Simulator
from taskmon.service.bell import Bell
from taskmon.service.budget import Budget
from taskmon.service.data_folder import DataFolder
from taskmon.service.database import Database
from taskmon.service.gate import Visits
from taskmon.service.group_repository import GroupRepository
from taskmon.service.leases import Leases
from taskmon.service.machine_repository import MachineRepository
from taskmon.service.machines.computer import Computer, this_computer
from taskmon.service.machines.provider import MachineProvider
from taskmon.service.mailboxes import Mailboxes
from taskmon.service.notice_repository import NoticeRepository
from taskmon.service.notices import Notifier
from taskmon.service.private_files import read_or_create_secret
from taskmon.service.project_repository import ProjectRepository
from taskmon.service.runner_reports import RunnerReports
from taskmon.service.scheduler import Scheduler
from taskmon.service.signed_urls import UrlSigner
from taskmon.service.spot import SpotKeeper
from taskmon.service.storage import Storage
from taskmon.service.task_files import TaskFileReader
from taskmon.service.task_messages import TaskMessages
from taskmon.service.task_repository import TaskRepository
from taskmon.service.transfers import Transfers
from taskmon.service.work_folders import WorkFolders

Clock = Callable[[], datetime]

LEASE_S: Final = 60.0
"""How long a machine may be silent, in seconds: three times what a runner lets pass between two words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything an endpoint may call. `local_only`: every client is on this computer.

    A machine that is not heard of for `lease_seconds` is given up.
    """

    data: DataFolder
    api_key: str = field(repr=False)
    clock: Clock
    computer: Computer
    simulators: Sequence[Simulator]
    extensions: bool
    local_only: bool
    lease_seconds: float
    bell: Bell
    visits: Visits
    database: Database
    projects: ProjectRepository
    groups: GroupRepository
    machines: MachineRepository
    tasks: TaskRepository
    storage: Storage
    signer: UrlSigner
    files: TaskFileReader
    provider: MachineProvider
    scheduler: Scheduler
    reports: RunnerReports
    messages: TaskMessages
    mailboxes: Mailboxes
    notices: NoticeRepository
    notifier: Notifier
    transfers: Transfers
    spot: SpotKeeper
    budget: Budget
    leases: Leases
    work_folders: WorkFolders

    def close(self) -> None:
        """Let everyone go who waits, and close the database."""
        self.bell.close()
        self.database.close()


def build_service(
    data: DataFolder,
    *,
    database: Database,
    clock: Clock,
    provider: MachineProvider,
    simulators: Sequence[Simulator] = (),
    extensions: bool = True,
    local_only: bool = True,
    lease_seconds: float = LEASE_S,
    budget_hours: float | None = None,
) -> Service:
    """Put a service together over a data folder that exists; `provider` keeps the machines."""
    bell = Bell()
    database.on_commit(bell.ring)
    core = _core(database, provider, clock)
    storage = Storage(data.storage, data.incoming)
    storage.discard_drafts()
    core.projects.ensure(None, clock())
    notices = NoticeRepository(database)
    return Service(
        data=data,
        api_key=read_or_create_secret(data.api_key),
        clock=clock,
        simulators=simulators,
        extensions=extensions,
        local_only=local_only,
        lease_seconds=lease_seconds,
        bell=bell,
        visits=Visits(),
        database=database,
        storage=storage,
        signer=UrlSigner(read_or_create_secret(data.signing_secret), clock),
        files=TaskFileReader(data, storage, core.tasks, bell),
        provider=provider,
        messages=TaskMessages(core.tasks, notices, bell),
        mailboxes=Mailboxes(bell),
        notices=notices,
        notifier=Notifier(notices, core.tasks, storage, clock),
        transfers=Transfers(storage, clock),
        spot=SpotKeeper(database=database, groups=core.groups, scheduler=core.scheduler, clock=clock),
        budget=Budget(database, core.tasks, core.groups, core.scheduler, hours=budget_hours),
        leases=Leases(database, core.tasks, core.scheduler),
        work_folders=WorkFolders(data, core.tasks, provider),
        **core._asdict(),
    )


class _Core(NamedTuple):
    """The parts that keep tasks and machines."""

    computer: Computer
    projects: ProjectRepository
    groups: GroupRepository
    machines: MachineRepository
    tasks: TaskRepository
    scheduler: Scheduler
    reports: RunnerReports


def _core(database: Database, provider: MachineProvider, clock: Clock) -> _Core:
    computer = this_computer()
    tasks, machines = TaskRepository(database), MachineRepository(database)
    groups = GroupRepository(database, computer)
    scheduler = Scheduler(
        database=database, tasks=tasks, groups=groups, machines=machines, provider=provider, clock=clock
    )
    reports = RunnerReports(database=database, tasks=tasks, machines=machines, scheduler=scheduler, clock=clock)
    return _Core(computer, ProjectRepository(database), groups, machines, tasks, scheduler, reports)


async def service_of(request: Request) -> Service:
    """The service that an endpoint works for."""
    service: Service = request.app.state.service
    return service


ServiceParts = Annotated[Service, Depends(service_of)]

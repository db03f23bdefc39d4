"""The service as a program: one per data folder, found by its handshake file, stopped in order."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from taskmon import __version__
from taskmon.core.errors import RefusedError, TaskmonError
from taskmon.core.extensions import Faults
from taskmon.core.lifecycle import Cause
from taskmon.core.machine import LOCAL_MACHINE_TYPE, OWN_GROUP, MachineGroupRequest, MachineGroupStatus, Provider
from taskmon.core.plain_text import one_line
from taskmon.core.simulators import Simulator
from taskmon.core.units import count_text
from taskmon.service.answers import database_sentence
from taskmon.service.context import LEASE_S, Service, build_service
from taskmon.service.data_folder import DataFolder
from taskmon.service.database import Database
from taskmon.service.handshake import FolderLock, Handshake
from taskmon.service.housekeeping import TIDY_S, Housekeeper
from taskmon.service.listening import is_loopback, listen, service_url
from taskmon.service.machines.local import LocalProvider, RunnerLaunch
from taskmon.service.request_timeouts import BODY_S, HEAD_S
from taskmon.service.stun import address_service
from taskmon.service.web_server import WebServer, web_server

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_ALREADY_RUNNING: Final = 3

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_LOG_BYTES: Final = 2_000_000

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """What the program is told. `port` 0: the one used last if it is free, else any.

    `runner_command` starts a runner (arguments are appended); `machines` is the size of the first group, by default
    one machine per two cores. With `idle_exit_seconds` the service ends after that long without client and live task.
    A machine that is silent for `lease_seconds` is given up; with `budget_hours` machines stop after that many hours
    of work. With `faults` its answers are spoiled on purpose. `head_seconds` and `body_seconds` are how long it waits
    for the head of a request, and for more of its body.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    idle_exit_seconds: float | None = None
    extensions: bool = True
    machines: int | None = None
    runner_command: tuple[str, ...]
    simulators: Sequence[Simulator] = ()
    lease_seconds: float = field(default_factory=lambda: float(os.environ.get("TASKMON_LEASE_S", LEASE_S)))
    budget_hours: float | None = None
    faults: Faults | None = None
    head_seconds: float = HEAD_S
    body_seconds: float = BODY_S
    clock: Callable[[], datetime] = utc_now


def serve(options: ServiceOptions) -> int:
    """Run until told to stop; the exit code. One JSON line on standard output says that the service is ready.

    0 in order, 3 if the folder already has a service, 1 if it cannot start; standard error says why.
    """
    os.umask(0o077)
    data = DataFolder(options.data_dir.expanduser().absolute())
    try:
        data.create()
    except RefusedError as error:
        return _complain(str(error), EXIT_FAILED)
    except OSError as error:
        return _complain(f"The data folder {data.root} cannot be used: {error.strerror}.", EXIT_FAILED)
    try:
        lock = FolderLock(data)
    except RefusedError as error:
        return _complain(str(error), EXIT_ALREADY_RUNNING)
    except OSError as error:
        return _complain(f"The data folder {data.root} cannot be used: {error.strerror}.", EXIT_FAILED)
    try:
        log = _log_to(data.log)
    except OSError as error:
        lock.release()
        return _complain(f"The data folder {data.root} cannot be written: {error.strerror}.", EXIT_FAILED)
    try:
        return _serve(options, data, lock)
    finally:
        lock.release()
        logging.getLogger().removeHandler(log)
        log.close()


def _serve(options: ServiceOptions, data: DataFolder, lock: FolderLock) -> int:
    try:
        asyncio.run(_run(options, data, lock))
    except TaskmonError as error:
        return _complain(str(error), EXIT_FAILED)
    except (sqlite3.OperationalError, OSError) as error:
        _log.error("The service cannot go on: %s", error)
        reason = database_sentence(error) if isinstance(error, sqlite3.Error) else str(error)
        return _complain(f"The data folder {data.root} cannot be used: {reason}", EXIT_FAILED)
    except Exception:  # noqa: BLE001 (the top of the program: said, logged, and over)
        _log.exception("The service ends because of a mistake of its own")
        return _complain(f"The task service failed. {data.log} says more.", EXIT_FAILED)
    return EXIT_OK


def _complain(sentence: str, exit_code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return exit_code


def _log_to(path: Path) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=3, encoding="utf-8")
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a log that cannot be written, on a full disk, is nobody's concern
    return handler


class _Lines(logging.Formatter):
    """One line per message, whatever the names in it: nobody forges a line or paints the terminal of who reads it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))


async def _run(options: ServiceOptions, data: DataFolder, lock: FolderLock) -> None:
    told = _told_to_stop()
    database = Database(data.database)
    try:
        listener, port = listen(options.host, options.port, data.port)
    except BaseException:
        database.close()
        raise
    url = service_url(options.host, port)
    if not is_loopback(options.host):
        warning = (
            f"This service can be reached from other computers, at {options.host}, port {port}: whoever has its key"
        )
        _log.warning("%s runs programs as you", warning)
        sys.stderr.write(f"{warning} runs programs as you. Without --host it listens on this computer only.\n")
    provider = LocalProvider(database, data)
    service = _service(options, data, database, provider)
    server = web_server(service, options.host, options.faults, options.head_seconds, options.body_seconds)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.until_ready(serving)
        _open_machines(service, provider, options, url)
        async with address_service(options.host, port):
            _announce(service, url, lock)
            serving.add_done_callback(lambda _: told.set())
            await _until_told(service, told, options.idle_exit_seconds)
    finally:
        await _leave(service, server, serving, provider)


def _service(options: ServiceOptions, data: DataFolder, database: Database, provider: LocalProvider) -> Service:
    return build_service(
        data,
        database=database,
        clock=options.clock,
        provider=provider,
        simulators=options.simulators,
        extensions=options.extensions,
        local_only=options.host in _LOOPBACK,
        lease_seconds=options.lease_seconds,
        budget_hours=options.budget_hours,
    )


def _open_machines(service: Service, provider: LocalProvider, options: ServiceOptions, url: str) -> None:
    """Adopt the runners of before, and start those of the groups that shall run."""
    provider.open(
        RunnerLaunch(command=options.runner_command, url=url, api_key=service.api_key),
        on_lost=lambda machine: service.scheduler.lose_machine(
            machine, Cause.RUNNER_LOST, "Its runner ended without a word."
        ),
        machine_of=service.machines.living_of_host,
    )
    service.spot.count_as_own(lambda: [os.getpid(), *(runner.pid for runner in provider.list())])
    _start_groups(service, options)


def _start_groups(service: Service, options: ServiceOptions) -> None:
    """The first group on the first start; on a later one the groups that were running before."""
    service.machines.note_all_seen(service.clock())
    if not service.groups.any_ever():
        count = options.machines if options.machines is not None else max(1, (os.cpu_count() or 1) // 2)
        first = MachineGroupRequest(
            name=OWN_GROUP, provider_id=Provider.LOCAL, machine_type=LOCAL_MACHINE_TYPE, num_vms=count
        )
        service.scheduler.start_group(service.groups.add(first, service.clock()))
        return
    living = service.groups.living()
    kept = next((group.machine_count for group in living if group.name == OWN_GROUP), None)
    if kept is not None and options.machines not in (None, kept):
        sys.stderr.write(
            f"The group {OWN_GROUP} keeps its {count_text(kept, 'machine')}: --machines is for a new data folder."
            " Another group adds to them: taskmon machines new NAME --count N.\n"
        )
    started = [group.id for group in living if group.status is MachineGroupStatus.STARTED]
    for group_id in started:
        service.scheduler.start_group(group_id)
    for group_id in {runner.group_id for runner in service.provider.list()}.difference(started):
        service.provider.stop(group_id)


def _announce(service: Service, url: str, lock: FolderLock) -> None:
    handshake = Handshake(
        url=url,
        api_key=service.api_key,
        pid=os.getpid(),
        started_at=service.clock().isoformat(timespec="microseconds"),
        version=__version__,
    )
    lock.publish(handshake)
    sys.stdout.write(f"{handshake.ready_line()}\n")
    sys.stdout.flush()
    _log.info("Ready at %s", url)


def _told_to_stop() -> asyncio.Event:
    """Set when the process is asked to end by SIGTERM or SIGINT."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _until_told(service: Service, told: asyncio.Event, idle_exit_seconds: float | None) -> None:
    """Keep house until told to stop, or until nobody has needed the service for long enough."""
    housekeeper = Housekeeper(service)
    pause = min(TIDY_S, service.lease_seconds / 8)
    if idle_exit_seconds is not None:
        pause = min(pause, max(0.05, idle_exit_seconds / 4))
    while not told.is_set():
        housekeeper.tick()
        service.notifier.look()
        unused = idle_exit_seconds is not None and service.visits.quiet_seconds() >= idle_exit_seconds
        if unused and not service.tasks.count_live():
            _log.info("Nobody has needed the service for %s seconds: it ends", idle_exit_seconds)
            return
        try:
            async with asyncio.timeout(pause):
                await told.wait()
        except TimeoutError:
            continue


async def _leave(service: Service, server: WebServer, serving: asyncio.Task[None], provider: LocalProvider) -> None:
    """End in order: nobody waits any more, runners without a task go too, the last answers are sent."""
    # Nothing is handed out from here on: a runner that is told to leave because it is idle must stay idle.
    service.scheduler.close()
    service.bell.close()
    await provider.close(stop_runners=not service.tasks.count_live())
    await service.notifier.close()
    await service.transfers.close()
    server.should_exit = True
    await asyncio.gather(serving, return_exceptions=True)
    service.close()
    _log.info("Stopped")

"""Machines on this computer: one detached runner process each, watched, and replaced when it ends unasked."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from taskmon.service.machines.process import (
    created_at,
    find_runners,
    is_alive,
    signal_process,
    start_detached,
    wait_for_exit,
)
from taskmon.service.machines.provider import RunnerProcess
from taskmon.service.machines.runner_records import RunnerRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.service.data_folder import DataFolder
    from taskmon.service.database import Database

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 60.0
STEADY_S: Final = 30.0
"""A runner that lived this long did not fail at once: its replacement starts without a long pause."""

STOP_GRACE_S: Final = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerLaunch:
    """How a runner is started: `command` without arguments, and where the service answers."""

    command: Sequence[str]
    url: str
    api_key: str = field(repr=False)


class LocalProvider:
    """Runs the machines of groups as processes of this computer. `open()` must come before `start()`.

    `on_lost` hears the id of a machine whose process ended although nobody stopped it.
    """

    def __init__(self, database: Database, data: DataFolder) -> None:
        self._records = RunnerRecords(database)
        self._data = data
        self._launch: RunnerLaunch | None = None
        self._on_lost: Callable[[str], None] = lambda machine: None
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._kept_for: dict[str, str] = {}
        self._stoppers: set[asyncio.Task[None]] = set()

    def open(
        self,
        launch: RunnerLaunch,
        on_lost: Callable[[str], None],
        machine_of: Callable[[str, str], str | None] = lambda group, host: None,
    ) -> None:
        """From now on runners can be started and are watched.

        Runners of this folder that a service before this one started but did not live to record are adopted;
        `machine_of` names the living machine of a group and host name. A runner of a group that is not in the
        database, as after somebody removed the database, is ended.
        """
        self._launch = launch
        self._on_lost = on_lost
        for found in find_runners(self._data.work):
            kept = self._records.find(found.name)
            if kept is not None and kept.pid == found.pid:
                self._records.put(replace(found, machine=kept.machine))
                continue
            if kept is not None and is_alive(kept.pid, kept.pid_created):
                _log.warning("The runner %s runs twice: process %d is ended", found.name, found.pid)
                self._end_soon(found)
                continue
            if not self._records.has_group(found.group_id):
                _log.warning("The runner %s is of no group known here: process %d is ended", found.name, found.pid)
                self._end_soon(found)
                continue
            _log.info("Adopted the runner %s, process %d", found.name, found.pid)
            self._records.put(replace(found, machine=machine_of(found.group_id, found.name)))

    def start(self, group_id: str, group_name: str, count: int) -> None:
        for number in range(1, count + 1):
            name = f"{group_name}-{number}"
            if name not in self._keepers:
                self._kept_for[name] = group_id
                self._keepers[name] = asyncio.create_task(self._keep_alive_forever(name, group_id))

    def shrink(self, group_id: str, group_name: str, count: int) -> list[str]:
        kept = {f"{group_name}-{number}" for number in range(1, count + 1)}
        for name in [name for name, group in self._kept_for.items() if group == group_id and name not in kept]:
            self._cancel(name)
        surplus = [runner for runner in self._records.list(group_id) if runner.name not in kept]
        for runner in surplus:
            self._forget(runner.name)
            self._end_soon(runner)
        return [runner.machine for runner in surplus if runner.machine is not None]

    def stop(self, group_id: str) -> None:
        for name in [name for name, group in self._kept_for.items() if group == group_id]:
            self._cancel(name)
        for runner in self._records.list(group_id):
            self._forget(runner.name)
            self._end_soon(runner)

    def give_up(self, machine: str) -> None:
        for runner in self._records.list():
            if runner.machine == machine:
                signal_process(runner.pid, runner.pid_created, signal.SIGKILL)

    def list(self, group_id: str | None = None) -> list[RunnerProcess]:
        return [runner for runner in self._records.list(group_id) if is_alive(runner.pid, runner.pid_created)]

    def note_registered(self, group_id: str, host_name: str, machine: str) -> None:
        runner = self._records.find(host_name)
        if runner is None or runner.group_id != group_id:
            return
        if runner.machine is not None:
            self._on_lost(runner.machine)
        self._records.note_machine(host_name, machine)

    async def close(self, *, stop_runners: bool) -> None:
        """Stop watching. Without `stop_runners` the processes go on, for a later service to find."""
        for name in list(self._keepers):
            self._cancel(name)
        if stop_runners:
            for runner in self._records.list():
                self._records.remove(runner.name)
                self._end_soon(runner)
        await asyncio.gather(*self._stoppers, return_exceptions=True)

    def _end_soon(self, runner: RunnerProcess) -> None:
        async def end() -> None:
            await _end(runner)
            if runner.machine is not None:
                self._on_lost(runner.machine)

        stopper = asyncio.create_task(end())
        self._stoppers.add(stopper)
        stopper.add_done_callback(self._stoppers.discard)

    def _cancel(self, name: str) -> None:
        self._kept_for.pop(name, None)
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            keeper.cancel()

    def _forget(self, name: str) -> None:
        self._cancel(name)
        self._records.remove(name)

    async def _keep_alive_forever(self, name: str, group_id: str) -> None:
        """Adopt the runner of that name if it lives, else start it; start it again whenever it ends."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_S
        while True:
            began = loop.time()
            try:
                runner = self._records.find(name) or self._launched(name, group_id)
                if runner is not None:
                    await wait_for_exit(runner.pid, runner.pid_created)
                    self._lost(name)
            except sqlite3.Error as error:
                _log.error("The database cannot say or keep what became of runner %s: %s", name, error)
            pause = FIRST_PAUSE_S if loop.time() - began > STEADY_S else min(2 * pause, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    def _lost(self, name: str) -> None:
        runner = self._records.find(name)
        self._records.remove(name)
        if runner is not None and runner.machine is not None:
            _log.warning("The runner %s (process %d) has ended", name, runner.pid)
            self._on_lost(runner.machine)

    def _launched(self, name: str, group_id: str) -> RunnerProcess | None:
        assert self._launch is not None
        arguments = ["--work-dir", str(self._data.work), "--machine-group-id", group_id, "--host-name", name]
        arguments += ["--handshake", str(self._data.handshake)]
        environment = {**os.environ, "API_URL": self._launch.url, "USER_API_KEY": self._launch.api_key}
        try:
            self._data.create()  # somebody may have tidied up too well
            pid = start_detached([*self._launch.command, *arguments], environment, self._data.runner_log(name))
        except OSError as error:
            _log.error("The runner %s cannot be started: %s", name, error)
            return None
        runner = RunnerProcess(name=name, group_id=group_id, pid=pid, pid_created=created_at(pid))
        try:
            self._records.put(runner)
        except sqlite3.Error:  # nobody would know it: with the next of its name each would take the other's work away
            self._end_soon(runner)
            raise
        return runner


async def _end(runner: RunnerProcess) -> None:
    """Ask the process to end, and make it end if it does not; the kernel then ends what it started."""
    signal_process(runner.pid, runner.pid_created, signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_GRACE_S):
            await wait_for_exit(runner.pid, runner.pid_created)
    except TimeoutError:
        signal_process(runner.pid, runner.pid_created, signal.SIGKILL)
        await wait_for_exit(runner.pid, runner.pid_created)

"""The machines of this computer as processes, while the database cannot keep what was started."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from taskmon.service.data_folder import DataFolder
from taskmon.service.database import Database
from taskmon.service.machines.local import LocalProvider, RunnerLaunch
from taskmon.service.machines.process import find_runners
from tests.waiting import until_async

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(Database(tmp_path / "db")) as database:
        database.execute("PRAGMA foreign_keys = OFF")  # a group more or less makes no difference here
        yield database


@pytest.fixture
async def provider(tmp_path: Path, database: Database) -> AsyncIterator[LocalProvider]:
    data = DataFolder(tmp_path)
    data.create()
    provider = LocalProvider(database, data)
    provider.open(RunnerLaunch(command=SLEEPER, url="http://127.0.0.1:9", api_key="key"), on_lost=lambda machine: None)
    yield provider
    await provider.close(stop_runners=True)
    for runner in find_runners(data.work):
        psutil.Process(runner.pid).send_signal(signal.SIGKILL)


async def test_a_runner_that_cannot_be_written_down_does_not_live_on_beside_the_next(
    provider: LocalProvider, database: Database, tmp_path: Path
) -> None:
    work = DataFolder(tmp_path).work
    database.execute("CREATE TRIGGER refuse BEFORE INSERT ON runners BEGIN SELECT raise(ABORT, 'no room'); END")
    provider.start("group", "here", 1)
    await until_async((work / "runner-here-1.log").exists)
    database.execute("DROP TRIGGER refuse")

    await until_async(lambda: bool(provider.list()))

    [kept] = provider.list()
    await until_async(lambda: [runner.pid for runner in find_runners(work)] == [kept.pid])

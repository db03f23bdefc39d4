"""What is left of lost tasks and runners can be read for a while, and goes in time."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskmon.service.housekeeping import FOLDERS_EVERY_S, Housekeeper
from taskmon.service.machines.provider import RunnerProcess
from taskmon.service.work_folders import RETENTION, WorkFolders
from tests.service.fake_runner import FakeRunner
from tests.service.house import a_house
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.house import House


async def _lost(house: House) -> str:
    await house.queue()
    runner = await FakeRunner.register(house)
    task_id = await runner.compute()
    (house.live_folder(task_id) / "stdout.txt").write_bytes(b"half\n")
    await runner.leave("interrupted")
    return task_id


async def test_the_log_of_a_lost_task_is_kept_for_its_time(house: House, runner: FakeRunner) -> None:
    await runner.leave("interrupted")
    task_id = await _lost(house)
    await house.queue()
    running = await (await FakeRunner.register(house)).compute()
    house.live_folder(running)
    folders = house.service.work_folders

    house.clock.now += timedelta(hours=1)
    assert folders.delete_due(folders.old(house.clock()), house.clock()) == 0
    assert (await house.client.get(f"/taskmon/tasks/{task_id}/files/stdout.txt")).content == b"half\n"

    house.clock.now += RETENTION
    assert folders.delete_due(folders.old(house.clock()), house.clock()) == 1
    assert not (house.service.data.work / task_id).exists()
    assert (house.service.data.work / running).exists(), "a running task keeps its folder, however old"


async def test_a_disk_that_gets_full_takes_them_early(house: House, runner: FakeRunner) -> None:
    await runner.leave("interrupted")
    task_id = await _lost(house)
    house.clock.now += timedelta(hours=1)
    thirsty = WorkFolders(house.service.data, house.service.tasks, house.provider, low_disk=1 << 60)
    assert thirsty.delete_due(thirsty.old(house.clock()), house.clock()) == 1
    assert not (house.service.data.work / task_id).exists()


def _sweep(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a housekeeper does once a minute."""
    keeper = Housekeeper(house.service)
    monkeypatch.setattr("taskmon.service.housekeeping.FOLDERS_EVERY_S", 0.0)
    keeper.tick()
    monkeypatch.setattr("taskmon.service.housekeeping.FOLDERS_EVERY_S", FOLDERS_EVERY_S)


async def test_what_nobody_knows_any_more_goes_in_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    data = house.service.data
    stray = data.work / ("b" * 25)
    (stray / "output").mkdir(parents=True)
    gone, living = data.runner_log("my group-1"), data.runner_log("lab-1")
    everything = [stray, gone, living, gone.with_name(f"{gone.name}.1")]
    for log in everything[1:]:
        log.write_text("registered\n")
    runner = RunnerProcess(name="lab-1", group_id=house.group, pid=os.getpid(), pid_created=0.0)
    monkeypatch.setattr(house.provider, "list", lambda group_id=None: [runner])

    def last_written(age: timedelta) -> None:
        moment = (house.clock() - age).timestamp()
        for path in everything:
            os.utime(path, (moment, moment))

    last_written(RETENTION - timedelta(minutes=1))
    folders = house.service.work_folders
    assert folders.delete_due(folders.old(house.clock()), house.clock()) == 0
    last_written(RETENTION + timedelta(minutes=1))
    _sweep(house, monkeypatch)
    await until_async(lambda: list(data.work.iterdir()) == [living])


async def test_machines_and_submissions_of_long_ago_are_forgotten(
    house: House, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await _lost(house)
    key = {"Idempotency-Key": "0123456789"}
    request = {"simulator": "arbitrary_commands", "resource_pool": house.group, "container_image": "x"}
    await house.json("POST", "/tasks/submit", json=request, headers=key, expect=202)
    count = {table: f"SELECT count(*) FROM {table}" for table in ("machines", "submissions")}
    before = {table: house.service.database.value(sql) for table, sql in count.items()}
    _sweep(house, monkeypatch)
    assert {table: house.service.database.value(sql) for table, sql in count.items()} == before
    assert before["machines"] == 2 and before["submissions"] == 1

    house.clock.now += RETENTION + timedelta(minutes=1)
    house.service.machines.note_seen(runner.uuid, house.clock())
    house.service.machines.keep_seen()
    _sweep(house, monkeypatch)
    assert house.service.database.rows("SELECT uuid FROM machines")[0]["uuid"] == runner.uuid
    assert {table: house.service.database.value(sql) for table, sql in count.items()} == {
        "machines": 1,
        "submissions": 0,
    }
    assert (await house.detail(task_id))["executer"]["vm_name"], "the task knows where it ran"


@contextlib.contextmanager
def _as_nobody(folder: Path) -> Iterator[None]:
    """Root may delete everything: the block is somebody else, who owns `folder`."""
    if os.geteuid():
        yield
        return
    os.chown(folder, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_folders_that_cannot_be_written_are_deleted_too() -> None:
    place = Path(tempfile.mkdtemp())
    try:
        with _as_nobody(place):
            async with a_house(place / "data") as house:
                task_id = await _lost(house)
                results = house.live_folder(task_id) / "results" / "deep"
                results.mkdir(parents=True)
                (results / "mesh").touch()
                (results.parent / "link").symlink_to(place)
                results.chmod(0o500)
                results.parent.chmod(0o500)
                place.chmod(0o750)
                house.clock.now += RETENTION + timedelta(minutes=1)
                folders = house.service.work_folders
                assert folders.delete_due(folders.old(house.clock()), house.clock()) == 1
                assert not (house.service.data.work / task_id).exists()
                assert place.stat().st_mode & 0o777 == 0o750, "what a link leads to is none of ours"
    finally:
        shutil.rmtree(place)


async def test_a_work_folder_that_is_gone_is_no_end_of_housekeeping(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(house.service.data.work)
    _sweep(house, monkeypatch)

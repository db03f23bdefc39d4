"""What is left of lost tasks can be read for a while, and goes in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from taskmon.service.work_folders import RETENTION, WorkFolders
from tests.service.fake_runner import FakeRunner

if TYPE_CHECKING:
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
    thirsty = WorkFolders(house.service.data, house.service.tasks, low_disk=1 << 60)
    assert thirsty.delete_due(thirsty.old(house.clock()), house.clock()) == 1
    assert not (house.service.data.work / task_id).exists()

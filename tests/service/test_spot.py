"""When spot groups give way to other programs, and when they come back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from taskmon.service.load_meter import LoadMeter
from tests.service.house import a_house
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.house import House

BURN = "import time\nend = time.process_time() + 20\nwhile time.process_time() < end: pass\n"


def _burned(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with open(f"/proc/{process.pid}/stat", "rb") as file:
        ticks = sum(int(word) for word in file.read().rpartition(b")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK") >= seconds


def test_only_the_load_of_others_counts() -> None:
    own: list[int] = [os.getpid()]
    burner = subprocess.Popen([sys.executable, "-c", BURN])
    stranger = LoadMeter(list)
    ours = LoadMeter(lambda: own)
    began = time.monotonic()
    try:
        until(lambda: _burned(burner, 0.6), 30)
        elapsed_s = time.monotonic() - began
        everything, others = stranger.read(), ours.read()
        assert everything >= 0.5 / elapsed_s
        assert others <= everything - 0.4 / elapsed_s
    finally:
        burner.kill()
        burner.wait()


async def test_a_reclaimed_computer_comes_back_by_itself_after_the_time_given(house: House) -> None:
    request = {"provider_id": "LOCAL", "machine_type": "local", "num_vms": 1, "spot": True}
    group = (await house.json("POST", "/compute/group", json=request, expect=201))["id"]
    await house.json("POST", f"/compute/group/start?machine_group_id={group}")
    state = await house.json("POST", "/taskmon/reclaim?for_s=600")
    assert state["reclaimed"] is True
    assert house.provider.stopped == [group]
    started = len(house.provider.started)
    house.clock.now += timedelta(seconds=601)
    house.service.spot.tick()
    assert (await house.json("GET", "/taskmon/reclaim"))["reclaimed"] is False
    house.service.spot.tick()
    assert len(house.provider.started) == started + 1


@pytest.mark.parametrize(("setting", "gives_way"), [("", True), ("on-request", False)])
async def test_a_demonstration_does_not_depend_on_battery_or_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, gives_way: bool
) -> None:
    monkeypatch.setenv("TASKMON_SPOT", setting)
    monkeypatch.setattr("taskmon.service.spot.on_battery", lambda: True)
    async with a_house(tmp_path / "data") as house:
        request = {"provider_id": "LOCAL", "machine_type": "local", "num_vms": 1, "spot": True}
        group = (await house.json("POST", "/compute/group", json=request, expect=201))["id"]
        await house.json("POST", f"/compute/group/start?machine_group_id={group}")
        house.service.spot.tick()
        assert (house.provider.stopped == [group]) is gives_way
        await house.json("POST", "/taskmon/reclaim")
        assert house.provider.stopped == [group], "on request it always does"


async def test_cloud_groups_are_not_spot_here(house: House) -> None:
    request = {"provider_id": "GCP", "machine_type": "c2-standard-4", "num_vms": 1, "spot": True}
    assert (await house.json("POST", "/compute/group", json=request, expect=201))["spot"] is False

"""Faults on purpose: what `taskmon serve --chaos` does to an answer, and that nobody gets it without asking."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from taskmon.cli.arguments import parse
from taskmon.core.extensions import Faults
from taskmon.service.chaos import Chaos
from tests.service.fake_runner import FakeRunner
from tests.service.house import House, a_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def spoiled(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path / "data", chaos=Chaos(Faults(), chance=lambda: 0.0)) as opened:
        yield opened


async def _switch(house: House, **faults: float) -> None:
    assert await house.json("PUT", "/taskmon/faults", json=faults)


async def test_a_service_without_chaos_offers_no_faults_and_does_not_load_them(house: House) -> None:
    await house.json("GET", "/taskmon/faults", expect=404)
    assert "faults" not in (await house.json("GET", "/taskmon/capabilities"))["extensions"]
    program = "import taskmon.service.server, sys; print('taskmon.service.chaos' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


async def test_a_service_with_chaos_says_so(spoiled: House) -> None:
    assert "faults" in (await spoiled.json("GET", "/taskmon/capabilities"))["extensions"]
    assert await spoiled.json("GET", "/taskmon/faults") == {
        "delay_s": 0.0, "lost": 0.0, "half": 0.0, "busy": 0.0, "broken": 0.0,
    }  # fmt: skip


async def test_refusals_come_in_the_form_of_real_ones_and_carry_nothing_out(spoiled: House) -> None:
    task_id = await spoiled.queue()
    await _switch(spoiled, busy=1)
    answer = await spoiled.client.post(f"/tasks/{task_id}/kill")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    await _switch(spoiled, broken=1)
    assert (await spoiled.client.post(f"/tasks/{task_id}/kill")).status_code == 500
    await _switch(spoiled)
    assert await spoiled.status(task_id) == "submitted"


async def test_a_lost_answer_was_carried_out_and_half_an_answer_breaks_off(spoiled: House) -> None:
    task_id = await spoiled.queue()
    await _switch(spoiled, lost=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await spoiled.client.post(f"/tasks/{task_id}/kill")
    await _switch(spoiled, half=1)
    got = bytearray()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        async with spoiled.client.stream("GET", f"/tasks/{task_id}") as answer:
            whole = int(answer.headers["content-length"])
            async for chunk in answer.aiter_bytes():
                got += chunk
    assert 0 < len(got) < whole
    await _switch(spoiled)
    assert await spoiled.status(task_id) == "killed"


async def test_runners_hear_no_faults(spoiled: House) -> None:
    task_id = await spoiled.queue()
    await _switch(spoiled, broken=1)
    runner = await FakeRunner.register(spoiled)
    await runner.compute()
    await _switch(spoiled)
    assert await spoiled.status(task_id) == "computation-started"


@pytest.mark.parametrize(
    "wrong", [{"lost": 1.5}, {"lost": 0.6, "half": 0.6}, {"delay_s": -1}, {"delay_s": 1e9}, {"lost": "x"}]
)
async def test_faults_that_make_no_sense_are_refused(spoiled: House, wrong: dict[str, object]) -> None:
    await spoiled.json("PUT", "/taskmon/faults", json=wrong, expect=422)


async def test_no_runner_is_killed_where_there_is_none(spoiled: House) -> None:
    await spoiled.json("POST", "/taskmon/faults/kill-runner", expect=404)


def test_the_command_line_says_which_faults() -> None:
    assert parse(["serve"]).chaos is None
    assert parse(["serve", "--chaos"]).chaos == Faults()
    assert parse(["serve", "--chaos", "delay=2,lost=0.25"]).chaos == Faults(delay_s=2, lost=0.25)
    for wrong in ("lost", "lost=much", "rain=1"):
        with pytest.raises(SystemExit):
            parse(["serve", "--chaos", wrong])

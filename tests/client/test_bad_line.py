"""Submitting and killing over a line that fails at every moment, once: one task, whole inputs, the right state."""

from __future__ import annotations

import asyncio
import zipfile
from typing import TYPE_CHECKING

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.submission import resubmit, submit_folder
from taskmon.client.task_request import build_request
from taskmon.core.extensions import Faults
from taskmon.service.chaos import Chaos
from tests.service.house import SIMULATORS, House, a_house

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from taskmon.core.task import TaskRequest

FAULTS = {"lost": Faults(lost=0.5), "half": Faults(half=0.5), "busy": Faults(busy=0.5), "broken": Faults(broken=0.5)}
REQUESTS = 7
"""What submitting asks of the service: what it offers, task, note, address, upload, queue; and none of them."""


def one_fault_at(moment: int) -> Callable[[], float]:
    """Chance that strikes exactly once."""

    def numbers() -> Iterator[float]:
        yield from [0.9] * moment
        yield 0.0
        while True:
            yield 0.9

    line = numbers()
    return lambda: next(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "case"
    place.mkdir()
    (place / "input.txt").write_text("1 2 3\n" * 1000)
    return place


def a_request(house: House) -> TaskRequest:
    return build_request(SIMULATORS[0], ["true"], house.group)


def a_client(house: House) -> ServiceClient:
    return ServiceClient(house.url, house.service.api_key)


async def _submitted_over(place: Path, folder: Path, faults: Faults, moment: int) -> None:
    chaos = Chaos(faults, one_fault_at(moment))
    async with a_house(place / f"at {moment}", chaos=chaos) as house:
        async with a_client(house) as client:
            made = await submit_folder(client, folder, a_request(house), metadata={"task_name": "wing"})
        [(count,)] = house.service.database.rows("SELECT count(*) FROM tasks")
        assert count == 1, f"{faults} at {moment}"
        task = house.service.tasks.detail(made.id)
        assert [entry.status for entry in task.status_history] == ["pending-input", "submitted"]
        assert task.task_metadata == {"task_name": "wing"}
        with zipfile.ZipFile(house.service.storage.locate(f"{made.id}/input.zip")) as archive:
            assert archive.read("sim_dir/input.txt") == b"1 2 3\n" * 1000
        assert not list(house.service.data.incoming.iterdir())


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_submission_survives_one_fault_at_any_moment_and_is_one_task(
    tmp_path: Path, folder: Path, kind: str
) -> None:
    await asyncio.gather(*(_submitted_over(tmp_path, folder, FAULTS[kind], moment) for moment in range(REQUESTS)))


async def test_an_upload_whose_answer_was_lost_is_not_sent_again(tmp_path: Path, folder: Path) -> None:
    chaos = Chaos(FAULTS["lost"], one_fault_at(4))
    sent: list[int] = []
    async with a_house(tmp_path / "data", chaos=chaos) as house, a_client(house) as client:
        await submit_folder(
            client, folder, a_request(house), metadata={"n": "x"}, on_progress=lambda done: sent.append(done.sent)
        )
    assert sent.count(6000) == 1, "the whole folder travelled once"


async def test_running_again_over_a_line_that_fails_once_is_one_task(tmp_path: Path, folder: Path) -> None:
    for moment in range(5):
        chaos = Chaos(Faults())
        async with a_house(tmp_path / f"data {moment}", chaos=chaos) as house:
            async with a_client(house) as client:
                first = await submit_folder(client, folder, a_request(house))
                parent = await client.task(first.id)
                chaos.set_faults(FAULTS["lost"])
                chaos.chance = one_fault_at(moment)
                again = await resubmit(client, parent)
                assert (await client.task_status(again.id)).status == "submitted"
            [(count,)] = house.service.database.rows("SELECT count(*) FROM tasks")
            assert count == 2


@pytest.mark.parametrize("kind", ["lost", "half"])
async def test_a_kill_whose_answer_was_lost_is_a_kill(tmp_path: Path, folder: Path, kind: str) -> None:
    chaos = Chaos(Faults())
    async with a_house(tmp_path / "data", chaos=chaos) as house, a_client(house) as client:
        made = await submit_folder(client, folder, a_request(house))
        chaos.set_faults(FAULTS[kind])
        chaos.chance = one_fault_at(0)
        assert (await client.kill(made.id)).status == "killed"
        assert (await house.status(made.id)) == "killed"

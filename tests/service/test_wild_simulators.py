"""Simulators that behave badly: each ends in the right state, nothing is lost or left, the runner stays small."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from taskmon.client.download import download_outputs
from taskmon.core.lifecycle import Status
from tests.journeys.story import started, wait_for
from tests.service import wild_simulators
from tests.service.real_engine import RealEngine, a_folder
from tests.waiting import until, until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskDetail

pytestmark = pytest.mark.journey

RUNNER_MAY_GROW_BY = 100_000_000
"""Bytes, over everything that this file makes it do: a log of 60 MB, 5,000 files."""
_MARK = "TASKMON_TASK_ID"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    place = tmp_path_factory.mktemp("wild") / "service"
    with started(RealEngine(place, environment={"TASKMON_KILL_GRACE_S": "0.5"})) as running:
        yield running


@pytest.fixture
async def client(engine: RealEngine) -> AsyncIterator[ServiceClient]:
    async with engine.client() as client:
        yield client


def peak_memory(engine: RealEngine) -> int:
    """The most that the runner ever had resident, in bytes."""
    [runner] = until(engine.runners)
    status = Path(f"/proc/{runner.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def ends(engine: RealEngine, client: ServiceClient, place: Path, script: str, words: str = "") -> TaskDetail:
    """The task of a simulator that succeeds."""
    submitted = await engine.submit(a_folder(place, wild_py=script), f"python3 wild.py {words}")
    return await wait_for(client, submitted.id, Status.SUCCESS)


async def assert_whole(client: ServiceClient, task: TaskDetail, place: Path) -> Path:
    """Everything that the simulator has written arrives; the folder that it is in."""
    outputs = await download_outputs(client, task, place / "outputs")
    sums = json.loads((outputs / "sums.json").read_text())
    found = {name: hashlib.sha256((outputs / name).read_bytes()).hexdigest() for name in sums if name != "stdout"}
    assert found == {name: told for name, told in sums.items() if name != "stdout"}
    if "stdout" in sums:
        log = (outputs / "stdout.txt").read_bytes()
        _, _, said = log.partition(b"\n\n")
        said = said.rpartition(b"-" * 80)[0]
        assert sums["stdout"] in {hashlib.sha256(text).hexdigest() for text in (said, said.removesuffix(b"\n"))}
    return outputs


def assert_nothing_left(engine: RealEngine, task: TaskDetail) -> None:
    """Neither a process of the task nor its work folder."""
    left = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            forgetful = process.info["cmdline"] == ["sleep", "600"]
            ours = process.cwd().startswith(str(engine.data_dir))
            if (forgetful and ours) or process.environ().get(_MARK) == task.task_id:
                left.append(process)
        except psutil.Error:
            continue
    assert [process for process in left if process.status() != psutil.STATUS_ZOMBIE] == []
    until(lambda: not (engine.data_dir / "work" / task.task_id).exists())


async def test_thousands_of_files_arrive(engine: RealEngine, client: ServiceClient, tmp_path: Path) -> None:
    before = peak_memory(engine)
    task = await ends(engine, client, tmp_path, wild_simulators.MANY_FILES, "5000")
    assert len((await client.task_files(task.task_id)).files) > 5000
    await assert_whole(client, task, tmp_path)
    assert_nothing_left(engine, task)
    assert peak_memory(engine) - before < RUNNER_MAY_GROW_BY


async def test_a_flood_of_log_arrives_byte_by_byte(engine: RealEngine, client: ServiceClient, tmp_path: Path) -> None:
    before = peak_memory(engine)
    task = await ends(engine, client, tmp_path, wild_simulators.LOUD, "60_000_000")
    await assert_whole(client, task, tmp_path)
    assert_nothing_left(engine, task)
    assert peak_memory(engine) - before < RUNNER_MAY_GROW_BY


async def test_a_log_of_bytes_without_a_last_newline_arrives_unchanged(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    task = await ends(engine, client, tmp_path, wild_simulators.BINARY)
    outputs = await assert_whole(client, task, tmp_path)
    assert b"\x00\x01\x02\n" in (outputs / "stderr.txt").read_bytes()


async def test_names_of_every_kind_arrive_and_nothing_from_outside(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    task = await ends(engine, client, tmp_path, wild_simulators.ODD_NAMES)
    outputs = await assert_whole(client, task, tmp_path)
    names = {path.name for path in outputs.iterdir()}
    assert not names & {"pipe", "socket", "to-etc", "to-passwd", "to-above", "loop", "dangling", "device"}
    assert_nothing_left(engine, task)


async def test_everything_that_a_simulator_leaves_running_ends_with_it(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    task = await ends(engine, client, tmp_path, wild_simulators.BREEDING, "go")
    assert_nothing_left(engine, task)
    await assert_whole(client, task, tmp_path)


async def test_a_kill_ends_a_whole_family_that_ignores_being_asked(
    engine: RealEngine, client: ServiceClient, tmp_path: Path
) -> None:
    submitted = await engine.submit(a_folder(tmp_path, wild_py=wild_simulators.BREEDING), "python3 wild.py stay")
    log = engine.data_dir / "work" / submitted.id / "output" / "artifacts" / "stdout.txt"
    await until_async(lambda: log.exists() and b"\nready" in log.read_bytes(), 30)
    await client.kill(submitted.id)
    task = await wait_for(client, submitted.id, Status.KILLED)
    assert_nothing_left(engine, task)
    await assert_whole(client, task, tmp_path)

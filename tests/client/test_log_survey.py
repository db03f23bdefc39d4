"""One search through the logs of many tasks, against the real service: ended, running here or elsewhere, not begun."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.log_follower import LogFollower
from taskmon.client.log_search import LinePattern
from taskmon.client.log_survey import search_task
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.lifecycle import Status
from taskmon.core.log_hits import KEPT, LogHits
from tests.journeys.story import Service, started, submit, wait_for
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from taskmon.core.task import Task

PRINT = """
import sys
for number in range(3000):
    print("step", number, "residual 1e-%d" % (number % 7))
print("a warning on stderr, residual 1e-3", file=sys.stderr)
"""
ENDLESS = (
    PRINT
    + """
import time
from pathlib import Path
sys.stdout.flush()
while not Path("stop").exists():
    print("still there", flush=True)
    time.sleep(0.02)
"""
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with started(Service(tmp_path / "service")) as running:
        yield running


@pytest.fixture
async def client(service: Service) -> AsyncIterator[ServiceClient]:
    async with service.client() as client:
        yield client


def elsewhere(service: Service) -> ServiceClient:
    """A client that cannot know that the service is on this computer."""
    return ServiceClient(service.url.replace("127.0.0.1", "localhost"), service.api_key)


def case(folder: Path, script: str) -> Path:
    folder.mkdir()
    (folder / "work.py").write_text(script)
    return folder


def word(text: str) -> LinePattern:
    return LinePattern(text, regex=True, case_sensitive=True)


async def found_in(
    client: ServiceClient, task: Task, pattern: str, copies: Path, *paths: str, patience_s: float = 20.0
) -> list[LogHits]:
    results = search_task(
        client, task, paths or ("stdout.txt", "stderr.txt"), word(pattern), copies, patience_s=patience_s
    )
    async with aclosing(results):
        return [found async for found in results]


async def test_every_hit_is_counted_and_the_first_are_shown(
    client: ServiceClient, service: Service, tmp_path: Path
) -> None:
    ended = await submit(client, case(tmp_path / "one", PRINT), ["python3 work.py"])
    task = await wait_for(client, ended, Status.SUCCESS)
    told = await found_in(client, task, r"residual 1e-3", tmp_path / "copies")
    last = told[-1]
    assert last.finished
    assert not last.failed
    assert last.count == 3000 // 7 + 1 + 1  # 429 lines of stdout, one of stderr
    assert len(last.first) == KEPT
    hit = last.first[0]
    assert (hit.path, hit.text[slice(*hit.spans[0])]) == ("stdout.txt", "residual 1e-3")
    assert hit.text.endswith("step 3 residual 1e-3")
    again = LogFollower(client, task, "stdout.txt", tmp_path / "copies")
    assert again.spool.lines(hit.line, 1)[0].raw.endswith(b"step 3 residual 1e-3")
    again.close()
    only = await found_in(client, task, "warning", tmp_path / "copies", "stderr.txt")
    assert [hit.path for hit in only[-1].first] == ["stderr.txt"]
    assert (await found_in(client, task, "nowhere", tmp_path / "copies"))[-1] == LogHits(
        finished=True, searched_bytes=last.searched_bytes
    )
    missing = await found_in(client, task, "x", tmp_path / "copies", "gone.txt")
    assert "left no such output" in missing[-1].note


async def test_a_running_task_is_searched_as_far_as_it_is_written(
    client: ServiceClient, service: Service, tmp_path: Path
) -> None:
    running = await submit(client, case(tmp_path / "one", ENDLESS), ["python3 work.py"])
    waiting = await submit(client, case(tmp_path / "two", PRINT), ["python3 work.py"])
    task = await wait_for(client, running, Status.COMPUTATION_STARTED)
    log = service.data_dir / "work" / running / "output" / "artifacts" / "stdout.txt"
    await until_async(lambda: b"still there" in log.read_bytes(), 30, "it has written")
    here = await found_in(client, task, r"step 2\d\d\d ", tmp_path / "copies")
    assert here[-1].count == 1000
    async with elsewhere(service) as far:
        there = await found_in(far, task, r"step 2\d\d\d ", tmp_path / "copies")
        assert there[-1].count == 1000
        assert (tmp_path / "copies" / running).exists()
    queued = await found_in(client, await client.task(waiting), "step", tmp_path / "copies")
    assert queued == [LogHits(finished=True, note="It has not started; there is no log yet.")]
    (log.parent / "stop").touch()


async def test_two_followers_elsewhere_share_one_copy_without_a_repeat(service: Service, tmp_path: Path) -> None:
    async with elsewhere(service) as far:
        task_id = await submit(far, case(tmp_path / "one", ENDLESS), ["python3 work.py"])
        task = await wait_for(far, task_id, Status.COMPUTATION_STARTED)
        log = service.data_dir / "work" / task_id / "output" / "artifacts" / "stdout.txt"
        pair = [LogFollower(far, task, "stdout.txt", tmp_path / "copies") for _ in range(2)]

        async def follow(follower: LogFollower) -> None:
            async with aclosing(follower.states()) as states:
                async for _ in states:
                    pass

        first, second = (asyncio.create_task(follow(follower)) for follower in pair)
        await until_async(lambda: all(follower.spool.size > 60_000 for follower in pair), 30, "both see it grow")
        first.cancel()  # the one that writes leaves; the other goes on
        before = pair[1].spool.size
        await until_async(lambda: pair[1].spool.size > before + 200, 30, "the other goes on")
        (log.parent / "stop").touch()
        await asyncio.wait_for(second, 30)
        pair[1].spool.copy_to(tmp_path / "told")
        whole = LogFollower(far, await far.task(task_id), "stdout.txt", tmp_path / "fresh")
        await asyncio.wait_for(follow(whole), 30)
        whole.spool.copy_to(tmp_path / "whole")
        assert (tmp_path / "told").read_bytes() == (tmp_path / "whole").read_bytes()
        for follower in (*pair, whole):
            follower.close()


async def test_a_log_that_cannot_be_reached_is_given_up_with_a_sentence(
    client: ServiceClient, service: Service, tmp_path: Path
) -> None:
    ended = await submit(client, case(tmp_path / "one", PRINT), ["python3 work.py"])
    task = await wait_for(client, ended, Status.SUCCESS)
    service.stop()
    with pytest.raises(ConnectionFailedError, match="Nothing came of this log for 1 second"):
        await found_in(client, task, "step", tmp_path / "copies", patience_s=1.0)

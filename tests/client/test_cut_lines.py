"""A log by lines and out of the stored outputs, over connections that are cut anywhere: nothing lost, nothing twice."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from taskmon.client import live_lines
from taskmon.client.live_files import follow_file
from taskmon.client.log_follower import LogFollower
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.lifecycle import Status
from tests.builders import a_task
from tests.client.fake_service import FakeService, a_zip

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from taskmon.client.api import ServiceClient

LINES = some.lists(some.sampled_from(["step", "", "residual 1e-3", "größe"]), max_size=30)


def ended(service: FakeService, content: bytes) -> None:
    service.stored["t/output.zip"] = a_zip({"artifacts/stdout.txt": content}, zipfile.ZIP_STORED)
    service.put(a_task(task_id="t", status=Status.SUCCESS))


class Machine:
    """What a running task's machine tells by lines: at each connection the history, then some lines, then it is cut."""

    def __init__(self, service: FakeService, lines: list[str], cuts: list[tuple[int, int]]) -> None:
        self.service, self.lines, self.cuts = service, lines, cuts
        self.written = 0

    async def tail(
        self, _client: ServiceClient, _task_id: str, _path: str, count: int, *, follow: bool
    ) -> AsyncGenerator[list[str]]:
        assert follow
        before, after = self.cuts.pop(0) if self.cuts else (len(self.lines), 0)
        self.written = min(len(self.lines), self.written + before)
        yield self.lines[max(0, self.written - count) : self.written]
        more = self.lines[self.written : self.written + after]
        self.written += len(more)
        if more:
            yield more
        if self.written == len(self.lines):
            ended(self.service, "".join(f"{line}\n" for line in self.lines).encode())
            return
        raise ConnectionFailedError("cut", "")


async def read_to_the_end(client: ServiceClient, copies: Path) -> bytes:
    """What a follower's copy holds when it has ended."""
    follower = LogFollower(client, await client.task("t"), "stdout.txt", copies, sleep=no_sleep)
    async with aclosing(follower.states()) as states:
        async for _ in states:
            pass
    try:
        follower.spool.copy_to(copies / "told")
        return (copies / "told").read_bytes()
    finally:
        follower.close()


async def no_sleep(seconds: float) -> None:
    assert seconds >= 0


async def told(client: ServiceClient, offset: int = 0) -> bytes:
    async with aclosing(follow_file(client, "t", "stdout.txt", offset, sleep=no_sleep)) as pieces:
        return b"".join([piece async for piece in pieces])


@settings(max_examples=80, deadline=None)
@given(
    content=some.binary(min_size=60, max_size=300),
    offset=some.integers(0, 320),
    cuts=some.lists(some.integers(0, 120), min_size=1, max_size=6),
    chunk=some.integers(1, 40),
)
async def test_stored_outputs_over_cut_connections(content: bytes, offset: int, cuts: list[int], chunk: int) -> None:
    service = FakeService(feed=False, files=False)
    service.chunk = chunk
    service.cut_streams_after.extend(cuts)
    ended(service, content)
    async with service.client() as client:
        assert await told(client, offset) == content[offset:]


@settings(max_examples=120, deadline=None)
@given(
    lines=LINES,
    cuts=some.lists(some.tuples(some.integers(0, 12), some.integers(0, 5)), max_size=6),
    stored_cuts=some.lists(some.integers(0, 200), max_size=4),
    chunk=some.integers(1, 40),
)
async def test_lines_of_a_running_task_over_cut_connections(
    lines: list[str], cuts: list[tuple[int, int]], stored_cuts: list[int], chunk: int
) -> None:
    service = FakeService(feed=False, files=False)
    service.chunk = chunk
    service.put(a_task(task_id="t", status=Status.COMPUTATION_STARTED))
    machine = Machine(service, lines, cuts)
    service.cut_streams_after.extend(stored_cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_lines, "tail", machine.tail)
        async with service.client() as client:
            assert await told(client) == "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("content", [b"one\xff\ntwo\nend", b"".join(b"%d\n" % number for number in range(30_000))])
async def test_a_copy_that_came_by_lines_is_not_gone_on_with_as_if_it_were_the_file(
    tmp_path: Path, content: bytes
) -> None:
    """A broken byte, a last line without its end and a history that begins later make it longer or shorter."""
    service = FakeService(feed=False, files=False)
    service.chunk = 1 << 16
    service.put(a_task(task_id="t", status=Status.COMPUTATION_STARTED))

    async def tail(
        _client: ServiceClient, _task_id: str, _path: str, count: int, *, follow: bool
    ) -> AsyncGenerator[list[str]]:
        lines = content.decode(errors="replace").split("\n")
        yield (lines if lines[-1] else lines[:-1])[-count:]
        ended(service, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_lines, "tail", tail)
        async with service.client() as client:
            first = await read_to_the_end(client, tmp_path)
            assert first != content
            assert first.count(b"[taskmon: ") == (len(content) > 1000)
            assert await read_to_the_end(client, tmp_path) == content
            requests = len(service.requests)
            assert await read_to_the_end(client, tmp_path) == content
            assert len(service.requests) - requests < 8


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=some.binary(min_size=60, max_size=400),
    leaving=some.lists(some.integers(1, 12), max_size=4),
    cuts=some.lists(some.integers(0, 150), max_size=4),
    chunk=some.integers(5, 60),
    files=some.booleans(),
)
async def test_a_copy_is_the_file_however_often_following_was_left_or_cut(
    tmp_path: Path, content: bytes, leaving: list[int], cuts: list[int], chunk: int, files: bool
) -> None:
    """By ranges of the stored outputs, and by the extension for files."""
    service = FakeService(feed=files, files=files)
    service.chunk = chunk
    service.cut_streams_after.extend(cuts)
    service.live["stdout.txt"] = content
    ended(service, content)
    copies = Path(tempfile.mkdtemp(dir=tmp_path))
    async with service.client() as client:
        for states_seen in leaving:
            follower = LogFollower(client, await client.task("t"), "stdout.txt", copies, sleep=no_sleep)
            async with aclosing(follower.states()) as states:
                async for _ in states:
                    states_seen -= 1
                    if not states_seen:
                        break
            follower.close()
        told = await read_to_the_end(client, copies)
    assert hashlib.sha256(told).hexdigest() == hashlib.sha256(content).hexdigest()


async def test_a_copy_with_a_gap_is_fetched_anew(tmp_path: Path) -> None:
    service = FakeService()
    service.live["stdout.txt"] = b"first attempt\n"
    service.put(a_task(task_id="t"))

    def write_anew(_request: object) -> None:
        if len(service.requests) > 3:
            service.live["stdout.txt"] = b"second\n"
            service.advance("t", Status.SUCCESS)

    service.after_request = write_anew
    async with service.client() as client:
        assert b"[taskmon: the file was cut or written anew" in await read_to_the_end(client, tmp_path)
        assert await read_to_the_end(client, tmp_path) == b"second\n"

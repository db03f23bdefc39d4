"""A log is saved whole or not at all: stopped, refused and put away it leaves what was there before."""

from __future__ import annotations

import asyncio
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from taskmon.client.log_spool import LogSpool
from taskmon.core.errors import InvalidInputError
from taskmon.core.log_source import LineList
from taskmon.gui.controllers.log_saving import save_everything, save_shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[LogSpool]:
    """50 MB of a log, larger than some steps of saving."""
    with (tmp_path / "log").open("wb") as file:
        for number in range(50):
            file.write((b"\x1b[32mline\x1b[0m %06d " % number + b"x" * 83 + b"\n") * 10_000)
    opened = LogSpool(tmp_path / "log")
    yield opened
    opened.close()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: writing fails from `size` bytes on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_all_bytes_are_saved_and_the_way_is_told(spool: LogSpool, tmp_path: Path) -> None:
    told: list[float] = []
    assert await save_everything(spool, tmp_path / "copy", told.append) == spool.size
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "log").read_bytes()
    assert told == sorted(told)
    assert len(told) > 4
    assert told[-1] == 1.0


async def test_what_is_shown_is_saved_as_it_is_read(tmp_path: Path) -> None:
    lines = LineList([b"\x1b[31mred\x1b[0m", b"10%\r50%\r100%", "µ".encode()] * 3000)
    assert await save_shown(lines, tmp_path / "seen", lambda _part: None) == 9000
    assert (tmp_path / "seen").read_text() == "red\n100%\nµ\n" * 3000


async def test_a_stopped_saving_leaves_what_was_there(spool: LogSpool, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.write_text("from last week")
    begun = asyncio.Event()
    saving = asyncio.create_task(save_everything(spool, target, lambda _part: begun.set()))
    await asyncio.wait_for(begun.wait(), 10)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert target.read_text() == "from last week"
    assert files(tmp_path) == ["copy", "log"]


async def test_a_full_disk_is_a_sentence_and_leaves_nothing(spool: LogSpool, tmp_path: Path) -> None:
    with no_file_larger_than(10_000_000), pytest.raises(InvalidInputError, match="could not be saved") as told:
        await save_everything(spool, tmp_path / "copy", lambda _part: None)
    assert "make room" in str(told.value)
    assert files(tmp_path) == ["log"]
    with pytest.raises(InvalidInputError, match="could not be saved: No such file or directory"):
        await save_everything(spool, tmp_path / "nowhere" / "copy", lambda _part: None)


async def test_a_log_that_is_put_away_meanwhile_is_not_saved_in_part(spool: LogSpool, tmp_path: Path) -> None:
    await spool.count_lines()
    with pytest.raises(InvalidInputError, match="put away"):
        await save_shown(spool, tmp_path / "seen", lambda _part: spool.close())
    assert files(tmp_path) == ["log"]

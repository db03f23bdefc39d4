"""Old logs go, and the oldest of too many; never one that somebody reads or writes."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, cast

import pytest

from taskmon.client.log_follower import LogFollower
from taskmon.client.log_merge import MergedLog
from taskmon.client.log_spool import LogSpool
from taskmon.client.spool_lock import SpoolLock, is_held
from taskmon.client.spool_pruning import KEPT_S, prune_now_and_then, prune_spools
from tests.builders import NOON, a_task

if TYPE_CHECKING:
    from pathlib import Path

    from taskmon.client.api import ServiceClient

NOW = NOON.timestamp()
DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def a_spool(folder: Path, name: str, days: float, size: int = 100) -> Path:
    """A spool that was used so many days ago."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_what_nobody_used_for_a_month_goes_with_its_folders(folder: Path) -> None:
    a_spool(folder, "old/0/stdout.txt", 31)
    a_spool(folder, "old/0/.stdout.txt.lock", 31)  # its owner is gone
    a_spool(folder, "old/0/.stdout+stderr.order", 31)
    a_spool(folder, "new/0/stdout.txt", 29)
    assert prune_spools(folder, NOW) == 100
    assert left(folder) == {"new", "new/0", "new/0/stdout.txt"}


def test_of_too_much_the_ones_unused_for_longest_go(folder: Path) -> None:
    for number in range(5):
        a_spool(folder, f"{number}/0/stdout.txt", number, size=1000)
    assert prune_spools(folder, NOW, kept_bytes=2500) == 3000
    assert {path.parts[-3] for path in folder.rglob("stdout.txt")} == {"0", "1"}


def test_a_spool_that_is_read_or_written_stays_however_old(folder: Path) -> None:
    read, written, merged = (a_spool(folder, f"{name}/0/stdout.txt", 99) for name in ("read", "written", "merged"))
    reader, lock = LogSpool(read, ours=True), SpoolLock(written)
    assert lock.claim()
    both = MergedLog(merged.with_name("stdout+stderr"), [])
    assert prune_spools(folder, NOW, kept_bytes=0) == 100
    assert {path.parts[-3] for path in folder.rglob("stdout.txt")} == {"read", "written"}
    assert reader.line(0) == b"x" * 100
    reader.close()
    lock.release()
    both.close()
    prune_spools(folder, NOW, kept_bytes=0)
    assert left(folder) == set()


def test_a_file_that_waits_for_its_first_byte_keeps_its_lock(folder: Path) -> None:
    lock = SpoolLock(folder / "task" / "0" / "stderr.txt")
    assert lock.claim()
    prune_spools(folder, NOW)
    assert not SpoolLock(folder / "task" / "0" / "stderr.txt").claim()
    lock.release()
    prune_spools(folder, NOW)
    assert left(folder) == set()


def test_a_lock_that_was_thrown_away_meanwhile_gives_no_right(folder: Path) -> None:
    spool = a_spool(folder, "t/0/stdout.txt", 0)
    first = SpoolLock(spool)
    assert first.claim()
    first.discard()
    second, third = SpoolLock(spool), SpoolLock(spool)
    assert second.claim()
    assert not third.claim()
    second.release()


def test_links_and_odd_names_do_no_harm(folder: Path, tmp_path: Path) -> None:
    elsewhere = a_spool(tmp_path / "elsewhere", "file", 99)
    a_spool(folder, "t/0/.hidden", 99)
    a_spool(folder, "t/0/" + "ä" * 120, 99)
    (folder / "t" / "0" / "link").symlink_to(elsewhere)
    (folder / "linked").symlink_to(elsewhere.parent)
    assert prune_spools(folder, NOW) == 200
    assert elsewhere.exists()
    assert prune_spools(tmp_path / "not there", NOW) == 0


@pytest.mark.parametrize("name", [".lock", ".order", ".lines", "..lock"])
def test_a_name_that_is_nearly_that_of_a_lock_is_a_spool(folder: Path, name: str) -> None:
    a_spool(folder, f"old/0/{name}", 99)
    a_spool(folder, f"new/0/{name}", 1)
    prune_spools(folder, NOW)
    prune_spools(folder, NOW)
    assert not (folder / "old").exists()


def test_a_spool_that_is_being_thrown_away_is_not_begun_to_be_read(folder: Path) -> None:
    path = a_spool(folder, "t/0/stdout.txt", 99)
    remover = os.open(path, os.O_RDONLY)
    assert not is_held(remover)  # from here on it is the remover's
    spool = LogSpool(path, ours=True)
    assert spool.size == 0
    path.unlink()
    os.close(remover)
    spool.append(b"anew\n")
    assert spool.line(0) == b"anew"
    spool.close()


def test_every_path_of_a_task_gets_a_copy_of_its_own(tmp_path: Path) -> None:
    paths = ("a/b", "a%2Fb", ".lock", "%2Elock", "stdout.txt", "x" * 250, "x" * 251, "ü/" * 100)
    followers = [LogFollower(cast("ServiceClient", None), a_task(), path, tmp_path) for path in paths]
    names = {follower.spool.path.name for follower in followers}
    assert len(names) == len(paths)
    assert "stdout.txt" in names
    assert not any(name.startswith(".") for name in names)
    for follower in followers:
        follower.spool.append(b"line\n")
        follower.close()


async def test_the_folder_is_looked_at_again_and_again(folder: Path) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            assert not (folder / "t").exists()
        if len(slept) == 3:
            raise asyncio.CancelledError
        a_spool(folder, "t/0/stdout.txt", KEPT_S / DAY + 1)

    with pytest.raises(asyncio.CancelledError):
        await prune_now_and_then(folder, lambda: NOON, sleep)
    assert left(folder) == set()
    assert slept[0] >= 60

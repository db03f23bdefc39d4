"""The last known list on disk."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from taskmon.client.list_cache import ListCache
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task, TaskMetrics
from tests.builders import NOON, a_task, some_tasks


def read(cache: ListCache) -> list[Task]:
    known = cache.load()
    return [] if known is None else [task for page in known.pages for task in page]


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = ListCache(tmp_path / "lists", "This computer")
    tasks = [
        *some_tasks(450),
        a_task(status=Status("of-the-future"), name="wing – 12", metrics=TaskMetrics(computation_seconds=1.5)),
    ]
    cache.save(tasks, NOON)
    known = cache.load()
    assert known is not None
    assert (known.seen_at, known.count) == (NOON, 451)
    pages = list(known.pages)
    assert [len(page) for page in pages] == [200, 200, 51]
    assert [task for page in pages for task in page] == tasks


def test_every_connection_has_its_own_list_for_its_owners_eyes_only(tmp_path: Path) -> None:
    here, there = ListCache(tmp_path, "This computer"), ListCache(tmp_path, "https://api.inductiva.ai")
    here.save(some_tasks(1), NOON)
    assert there.load() is None
    there.save([], NOON)
    assert read(there) == []
    assert len(read(here)) == 1
    assert stat.S_IMODE(here.path.stat().st_mode) == 0o600


def test_a_new_list_replaces_the_old_one_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = ListCache(tmp_path, "x")
    cache.save(some_tasks(3), NOON)
    cache.save(some_tasks(2), NOON)
    assert len(read(cache)) == 2
    assert [path.name for path in tmp_path.iterdir()] == [cache.path.name]


def test_a_list_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    cache = ListCache(tmp_path, "x")
    cache.save(some_tasks(3), NOON)
    bad = replace(a_task(), task_metadata={"what": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        cache.save([bad], NOON)
    assert len(read(cache)) == 3
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:20],
        lambda content: content[:60],
        lambda content: b"SQLite format 3\x00" + content,
        lambda content: content[:40] + b"\xff" + content[41:],
        lambda content: content[:-1],
        lambda content: content[:15] + b"\xff" * 8 + content[23:],
    ],
)
def test_a_damaged_list_is_set_aside_and_never_fatal(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    cache = ListCache(tmp_path, "x")
    cache.save(some_tasks(300), NOON)
    cache.path.write_bytes(harm(cache.path.read_bytes()))
    assert len(read(cache)) in (0, 200)
    assert not cache.path.exists()
    assert cache.path.with_suffix(".damaged").exists()
    cache.save(some_tasks(1), NOON)
    assert len(read(cache)) == 1


def test_what_was_set_aside_before_is_in_nobodys_way(tmp_path: Path) -> None:
    cache = ListCache(tmp_path, "x")
    (cache.path.with_suffix(".damaged") / "of somebody").mkdir(parents=True)
    cache.path.write_bytes(b"no list")
    assert cache.load() is None
    assert not cache.path.exists()
    assert cache.path.with_suffix(".damaged-2").read_bytes() == b"no list"
    assert (cache.path.with_suffix(".damaged") / "of somebody").exists()
    (cache.path / "something").mkdir(parents=True)
    cache.save(some_tasks(2), NOON)
    assert len(read(cache)) == 2
    assert (cache.path.with_suffix(".damaged-3") / "something").exists()


def test_lists_that_nobody_uses_any_more_go(tmp_path: Path) -> None:
    mine, looked_at, forgotten = (ListCache(tmp_path, name) for name in ("mine", "looked at", "forgotten"))
    for cache in (mine, looked_at, forgotten):
        cache.save(some_tasks(1), NOON)
    half, foreign = tmp_path / f"{forgotten.path.name}.x.part", tmp_path / "notes.txt"
    half.write_bytes(b"half")
    foreign.write_bytes(b"of somebody")
    long_ago = time.time() - 40 * 86400
    for path in (looked_at.path, forgotten.path, half, foreign):
        os.utime(path, (long_ago, long_ago))
    assert looked_at.load() is not None
    mine.save(some_tasks(2), NOON)
    assert set(tmp_path.iterdir()) == {mine.path, looked_at.path, foreign}


def test_a_list_in_a_folder_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ListCache(tmp_path, "x")
    cache.save(some_tasks(3), NOON)

    def read_only(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("taskmon.client.list_cache.os.utime", read_only)
    assert len(read(cache)) == 3


def test_a_list_of_a_hundred_thousand_tasks_stays_small(tmp_path: Path) -> None:
    cache = ListCache(tmp_path, "x")
    cache.save(some_tasks(2000), NOON)
    assert cache.path.stat().st_size / 2000 < 120

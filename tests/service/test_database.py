"""The database keeps its word when something breaks in the middle."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from taskmon.service.database import RESERVE_BYTES, SCHEMA_VERSION, Database
from tests.service.real_engine import fill_disk, small_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_listeners_hear_of_a_change_once_it_is_kept(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        heard: list[int] = []
        database.on_commit(lambda: heard.append(database.value("SELECT last FROM change_counter")))
        with database.transaction(), database.transaction():
            database.execute("UPDATE change_counter SET last = 7")
            assert heard == []
        assert heard == [7]


def test_a_commit_that_fails_leaves_the_database_usable(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        heard: list[None] = []
        database.on_commit(lambda: heard.append(None))
        database.execute("PRAGMA defer_foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError), database.transaction():
            database.execute("PRAGMA defer_foreign_keys = ON")
            database.insert("runners", {"name": "x", "group_id": "none", "pid": 1, "pid_created": 0.0})
        assert heard == []
        with database.transaction():
            database.execute("UPDATE change_counter SET last = 1")
        assert heard == [None]
        assert database.rows("SELECT * FROM runners") == []


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        assert database.value("PRAGMA journal_mode") == "wal"
        assert database.value("PRAGMA synchronous") == 2


def test_no_file_is_mapped_into_memory(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        database.keep_reserve()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["db", "db-wal"]


def test_a_database_keeps_its_identity(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        identity = database.identity
    with closing(Database(tmp_path / "db")) as database:
        assert database.identity == identity
    with closing(Database(tmp_path / "other")) as database:
        assert database.identity != identity


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    first = resources.files("taskmon.service").joinpath("schema.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "db")) as old:
        old.executescript(f"{first} INSERT INTO meta VALUES ('database_id', 'abc'); PRAGMA user_version = 1;")
    for _ in range(2):
        with closing(Database(tmp_path / "db")) as database:
            assert database.identity == "abc"
            assert database.rows("SELECT kind, least_machines FROM machine_groups") == []
            assert database.value("PRAGMA user_version") == SCHEMA_VERSION


def test_what_happens_is_written_down_on_a_disk_without_a_free_byte(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=96m") as disk:
        for start in range(2):
            with closing(Database(disk / "db")) as database:
                database.keep_reserve()
                for number in range(300):
                    fill_disk(disk / f"filler-{number}")  # whoever filled it takes at once what becomes free
                    with database.transaction():
                        database.remember(f"event {start} {number}", "x" * 1000)
                for filler in disk.glob("filler-*"):
                    filler.unlink()
                assert database.value("SELECT count(*) FROM meta WHERE key LIKE 'event%'") == 300 * (start + 1)
                assert database.value("PRAGMA integrity_check") == "ok"


def test_a_reserve_that_was_used_is_filled_again(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db")) as database:
        sizes = []
        for number in range(5):
            database.keep_reserve()
            assert database.value("PRAGMA freelist_count") * 4096 >= RESERVE_BYTES // 2
            sizes.append((tmp_path / "db").stat().st_size)
            with database.transaction():
                for line in range(1000):
                    database.remember(f"{number} {line}", "x" * 500)
        assert sizes[-1] < 5 * 1_000_000 + 2 * RESERVE_BYTES, "what is free is used"
        database.execute("CREATE TABLE reserve (filling BLOB)")  # a service that was killed meanwhile
        database.keep_reserve()
        assert database.value("SELECT count(*) FROM sqlite_master WHERE name = 'reserve'") == 0

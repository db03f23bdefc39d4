"""The one SQLite connection of the service, and of anybody: every commit on disk, short calls on the loop."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_STEPS: Final = ("schema.sql", "schema_2.sql", "schema_3.sql")
"""What makes version 1 out of nothing, version 2 out of version 1, and so on."""
SCHEMA_VERSION: Final = len(_STEPS)

BUSY_S: Final = 2.0
"""How long the start waits for another program that has the database open."""
_PRAGMAS: Final = (
    # Without this SQLite maps a file, -shm, into memory: a full disk that has no page for it ends the whole process.
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "cache_size = -16000",
)

RESERVE_BYTES: Final = 4 << 20
"""What can still be written once the disk is full: the ends of a thousand tasks."""
_RESERVE_ROOM: Final = 16
"""The reserve is taken while at least so many times its size are free."""

SqlValue = str | int | float | None
"""What a column can hold."""


def time_text(moment: datetime) -> str:
    """`moment` (aware) as the database keeps it: UTC, six fractional digits, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse_time(text: str | None) -> datetime | None:
    """The aware moment of a stored time; None stays None."""
    return None if text is None else datetime.fromisoformat(text)


class Database:
    """Transactions nest: the outermost commits, and only then the listeners of `on_commit` hear of it.

    Not for use from several threads, and no transaction may stay open across an await.
    """

    def __init__(self, path: Path) -> None:
        """Opens `path`, making it (0600) if needed. Raises InvalidInputError if a newer taskmon wrote it."""
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        self._connection.row_factory = sqlite3.Row
        self._depth = 0
        self._listeners: list[Callable[[], None]] = []
        self._path = path
        for pragma in (*_PRAGMAS, f"journal_size_limit = {RESERVE_BYTES}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._bring_up_to_date(path)

    def _bring_up_to_date(self, path: Path) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._connection.close()
            raise InvalidInputError(
                f"The task database {path} was written by a newer taskmon.",
                "Update taskmon, or use another data folder.",
            )
        for number, name in enumerate(_STEPS[version:], version + 1):
            step = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
            self._connection.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
        if version == 0:
            self.execute("INSERT INTO meta VALUES ('database_id', ?)", secrets.token_hex(6))

    def keep_reserve(self) -> None:
        """Have free pages in the file, and a journal to write them by, for the day the disk is full.

        What has happened can then still be written down. Room that is kept beside the database, to be given back on
        that day, would go to whoever filled the disk. Cheap unless half of the reserve is used up.
        """
        self.execute("DROP TABLE IF EXISTS reserve")
        if not self._lengthen_journal():
            return
        if self.value("PRAGMA freelist_count") * self.value("PRAGMA page_size") < RESERVE_BYTES // 2:
            with self.transaction():
                self.execute("CREATE TABLE reserve (filling BLOB)")
                self.execute("INSERT INTO reserve VALUES (zeroblob(?))", RESERVE_BYTES)
            # Not in the same transaction: pages that were never written would have no place on the disk.
            self.execute("DROP TABLE reserve")

    def _lengthen_journal(self) -> bool:
        """Give the journal, which begins anew with every start, its length; False if there is no room for a reserve.

        SQLite writes over what is there, and reads nothing but what it wrote.
        """
        journal = self._path.with_name(f"{self._path.name}-wal")
        try:
            if shutil.disk_usage(journal.parent).free < _RESERVE_ROOM * RESERVE_BYTES:
                return False
            if journal.stat().st_size < RESERVE_BYTES and hasattr(os, "posix_fallocate"):
                with journal.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            return False
        return True

    @property
    def identity(self) -> str:
        """A random text made with this database, so that a cursor into another one is recognised."""
        return str(self.value("SELECT value FROM meta WHERE key = 'database_id'"))

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit of something new."""
        self._listeners.append(listener)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it."""
        if self._depth:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A commit that failed, on a full disk, may have ended the transaction by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0
        for listener in self._listeners:
            listener()

    def remember(self, key: str, value: str) -> None:
        """Keep a text of the service itself under `key`."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value
        )

    def forget(self, key: str) -> None:
        """Drop the text kept under `key`."""
        self.execute("DELETE FROM meta WHERE key = ?", key)

    def remembered(self, key: str) -> str | None:
        """The text kept under `key`."""
        found: str | None = self.value("SELECT value FROM meta WHERE key = ?", key)
        return found

    def execute(self, sql: str, *parameters: SqlValue) -> int:
        """Run one statement; the number of rows it touched."""
        return self._connection.execute(sql, parameters).rowcount

    def insert(self, table: str, values: dict[str, SqlValue]) -> None:
        """Add one row. Table and column names are written in our code, never taken from a request."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 (names come from our code only)
        self._connection.execute(sql, list(values.values()))

    def rows(self, sql: str, parameters: Sequence[SqlValue] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: SqlValue) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, *parameters: SqlValue) -> Any:
        """The first column of the first row; None if there is no row."""
        row = self.row(sql, *parameters)
        return None if row is None else row[0]

    def close(self) -> None:
        self._connection.close()

"""The reports of one task on disk: one JSON line per report and per answer, so that they outlive their runner."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from taskmon.core.runner_protocol import ReportKind

logger = logging.getLogger(__name__)

JOURNAL_FILE: Final = "reports.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something to tell the service. `created` is in seconds since the epoch; `start` numbers the report that began
    the operation which this one ends. `operation_id` is how the runner itself calls the operation."""

    number: int
    kind: ReportKind
    path: str
    body: dict[str, Any]
    created: float
    start: int | None = None
    task_id: str = ""
    operation_id: str = ""


@dataclass(frozen=True, slots=True)
class _Owner:
    runner_id: str


@dataclass(frozen=True, slots=True)
class _Settled:
    number: int
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    owner: _Owner | None = None
    report: Report | None = None
    settled: _Settled | None = None


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a dead runner had not told: its unsettled reports in order, and the operations it knew by report number."""

    path: Path
    runner_id: str
    reports: tuple[Report, ...]
    operation_ids: dict[int, str | None]


class Journal:
    """Appends to one task's journal. A disk that cannot be written costs the journal, never the report.

    The file is locked while its runner lives: the kernel knows better than any record whether a process is still there.
    """

    def __init__(self, folder: Path, runner_id: str) -> None:
        self._lock = threading.Lock()
        self._file = _opened(folder / JOURNAL_FILE)
        self._append(_Line(owner=_Owner(runner_id)))

    def add(self, report: Report) -> None:
        """Keep a report that waits to be sent."""
        self._append(_Line(report=report))

    def settle(self, number: int, operation_id: str | None) -> None:
        """The report was taken or refused."""
        self._append(_Line(settled=_Settled(number, operation_id)))

    def close(self) -> None:
        """The runner is done with the task: what is still in the journal is for the next one to tell."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _append(self, line: _Line) -> None:
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.write(msgspec.json.encode(line) + b"\n")
            except OSError as error:
                logger.warning("a report is not kept on disk: %s", error)


def _opened(path: Path) -> IO[bytes] | None:
    try:
        file = path.open("ab", buffering=0)
    except OSError as error:
        logger.warning("reports are not kept on disk: %s", error)
        return None
    with contextlib.suppress(OSError):  # a disk without locks keeps reports all the same
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def find_leftovers(work_dir: Path) -> Iterator[Leftover]:
    """The journals of dead runners that still hold something to tell; finished ones are removed."""
    for path in sorted(work_dir.glob(f"*/{JOURNAL_FILE}")):
        leftover = _read(path)
        if leftover is None:
            continue
        if leftover.reports:
            yield leftover
        else:
            path.unlink(missing_ok=True)


def _read(path: Path) -> Leftover | None:
    """None if the journal's runner lives, or if it cannot be read."""
    owner: _Owner | None = None
    reports: dict[int, Report] = {}
    operation_ids: dict[int, str | None] = {}
    try:
        if _in_use(path):
            return None
        for text in path.read_bytes().splitlines():
            line = msgspec.json.decode(text, type=_Line)
            owner = line.owner or owner
            if line.report is not None:
                reports[line.report.number] = line.report
            if line.settled is not None:
                reports.pop(line.settled.number, None)
                operation_ids[line.settled.number] = line.settled.operation_id
    except msgspec.MsgspecError:
        pass  # the last line of a runner that died while writing it
    except OSError as error:
        logger.warning("cannot read %s: %s", path, error)
        return None
    if owner is None:
        return None
    return Leftover(path, owner.runner_id, tuple(reports.values()), operation_ids)


def _in_use(path: Path) -> bool:
    """Whether the runner that writes it lives."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

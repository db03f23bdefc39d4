"""What the embedded service offers beyond the Inductiva Web API, under `/taskmon/`.

A client asks `GET /taskmon/capabilities`; a 404 means that the service has none of these, and the client does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from taskmon.core.task import Task

FILE_STATE_HEADER: Final = "x-taskmon-file-state"
"""Answer header of a file read: `growing` while the task may still write it, else `complete`."""

BEAT: Final = b"\n"
"""What a service sends now and then before an answer that it waits with: JSON may begin with it, and it says “I am
here, and nothing has changed”."""


class Extension(StrEnum):
    CHANGES = "changes"
    TASK_FILES = "task-files"
    RECLAIM = "reclaim"
    SUBMIT_ONCE = "submit-once"
    LEASES = "leases"
    FAULTS = "faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`data_dir` is the service's folder when it runs on this computer under the same user, else None."""

    service: str
    version: str
    extensions: list[str]
    data_dir: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Tasks that changed after a cursor, oldest change first, each once in its present form.

    `more` says that another call with `cursor` answers at once. A cursor of another database is refused with 410.
    """

    cursor: str
    tasks: list[Task]
    removed: list[str]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A file of a task, by its path below the task's output folder. Size in bytes, None where nobody tells it."""

    path: str
    size: int | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFiles:
    """`complete` is False while the task may still write."""

    files: list[TaskFile]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Whether a task is bound to the life of a client; one that has ended is not."""

    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The faults that a service puts into its answers on purpose (`taskmon serve --chaos`).

    Every answer waits for `delay_s` seconds. The others are shares of the answers from 0 to 1: `lost` ones never come
    although the request was carried out, `half` ones break off in the middle, `busy` ones refuse with 429 and
    `broken` ones with 500, both without carrying anything out.
    """

    delay_s: float = 0.0
    lost: float = 0.0
    half: float = 0.0
    busy: float = 0.0
    broken: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KilledRunner:
    """The runner that was killed on purpose: its name and the process it was, and the task it had."""

    name: str
    pid: int
    task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """Whether the person at this computer has taken it back from its spot groups, and until when (None: for good)."""

    reclaimed: bool
    until: datetime | None = None

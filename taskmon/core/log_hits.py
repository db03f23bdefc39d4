"""What a search through the logs of several tasks finds, task by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEPT: Final = 20
"""Hits of a task that are shown; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A matching line (from 0) of the file `path`; `spans` are the matches (start, end) in `text`, its shown part."""

    path: str
    line: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHits:
    """What was found in the logs of one task so far: `count` matching lines, the first of them, bytes looked at.

    `note` is a sentence about what could not be searched, or was not there; `failed` says that it was a fault.
    """

    count: int = 0
    first: tuple[Hit, ...] = ()
    searched_bytes: int = 0
    finished: bool = False
    note: str = ""
    failed: bool = False

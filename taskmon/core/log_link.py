"""Links to a line of a task's file: `taskmon://task/ID/file#L123`. Lines count from 1, as people do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

_LINK: Final = re.compile(r"taskmon://task/(?P<task>[^/#\s]+)(?:/(?P<file>[^#\s]+))?(?:#L(?P<line>[1-9]\d{0,11}))?")


@dataclass(frozen=True, slots=True)
class LogLink:
    """`line` counts from 0; None: the link names a file only. An empty `path` names the task only."""

    task_id: str
    path: str = ""
    line: int | None = None

    def __str__(self) -> str:
        file = f"/{quote(self.path)}" if self.path else ""
        place = f"#L{self.line + 1}" if self.line is not None else ""
        return f"taskmon://task/{quote(self.task_id, safe='')}{file}{place}"


def parse_link(text: str) -> LogLink | None:
    """What a link names; None for a text that is no such link."""
    match = _LINK.fullmatch(text.strip())
    if match is None:
        return None
    line = int(match["line"]) - 1 if match["line"] else None
    return LogLink(unquote(match["task"]), unquote(match["file"] or ""), line)

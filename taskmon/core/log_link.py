"""Links to a line of a task's file: `taskmon://task/ID/file#L123`. Lines count from 1, as people do.

Links come from mails, chats and web pages: nothing in one is believed beyond naming a task, a file below its outputs
and a line.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from taskmon.core.errors import InvalidInputError

SCHEME: Final = "taskmon:"
_LINK: Final = re.compile(r"taskmon://task/(?P<task>[^/#\s]+)(?:/(?P<file>[^#\s]+))?(?:#L(?P<line>[1-9]\d{0,11}))?")
_LONGEST: Final = 8192
_LONGEST_ID: Final = 128
_LONGEST_SHOWN: Final = 80
_EXAMPLE: Final = "A link reads taskmon://task/ID, or taskmon://task/ID/stdout.txt#L123."


class LogLink(NamedTuple):
    """`line` counts from 0; None: the link names a file only. An empty `path` names the task only."""

    task_id: str
    path: str = ""
    line: int | None = None

    def __str__(self) -> str:
        file = f"/{quote(self.path)}" if self.path else ""
        place = f"#L{self.line + 1}" if self.line is not None else ""
        return f"taskmon://task/{quote(self.task_id, safe='')}{file}{place}"


def looks_like_link(text: str) -> bool:
    """Whether a text is meant as a link of ours, be it a good one or not."""
    return text.strip().lower().startswith(SCHEME)


def parse_link(text: str) -> LogLink | None:
    """What a link names; None for a text that is no such link, or names something outside a task's outputs."""
    match = _LINK.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    line = int(match["line"]) - 1 if match["line"] else None
    task_id, path = unquote(match["task"]), unquote(match["file"] or "")
    return LogLink(task_id, path, line) if _is_id(task_id) and _is_inside(path) else None


def link_of(text: str) -> LogLink:
    """What a link names. Raises InvalidInputError, in a sentence, for a text that is no such link."""
    link = parse_link(text)
    if link is None:
        shown = "".join(letter if letter.isprintable() else "�" for letter in text.strip()[:_LONGEST_SHOWN])
        raise InvalidInputError(f"“{shown}” is not a link to a task's log.", _EXAMPLE)
    return link


def _is_id(task_id: str) -> bool:
    return (
        0 < len(task_id) <= _LONGEST_ID
        and task_id.isprintable()
        and not set(task_id) & set("/\\")
        and task_id[0] != "."
    )


def _is_inside(path: str) -> bool:
    """Whether a path stays below the folder that it is read in."""
    if not path:
        return True
    parts = path.split("/")
    return path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(parts)

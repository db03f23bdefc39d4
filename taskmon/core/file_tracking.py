"""What a client and the file tracker of a running task say to each other over their direct connection.

Source: the file-tracker protocol of the Inductiva Web API. Each question has a connection of its own with one data
channel: one JSON text there, one or (when following) many back. The two find each other by letters through the
service, in a mailbox per task and name; the tracker's name is the task's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

CHANNEL: Final = "file_transfer"
"""The name of the data channel."""


class FileQuestion(StrEnum):
    """`ls`: names, nested. `tail`: last lines, then more of them when following. `top`: the machine's processes."""

    LIST = "ls"
    TAIL = "tail"
    TOP = "top"
    LAST_MODIFIED_FILE = "last_modified_file"


class AnswerStatus(StrEnum):
    """`error`: the file is not there, or no text. `invalid`: the question was not understood."""

    SUCCESS = "success"
    ERROR = "error"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
    """`type` is a FileQuestion; the `args` of `tail` are `filename`, `lines` (a number) and `wait` (for the file)."""

    type: str
    follow: bool = False
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """`message` is what was asked for, or a sentence that says why there is none."""

    status: AnswerStatus
    message: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A registration (`sender_id` alone), or an offer or answer with its session description."""

    sender_id: str
    receiver_id: str | None = None
    type: str | None = None
    sdp: str | None = None

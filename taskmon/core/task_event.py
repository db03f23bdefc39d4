"""What may happen to a task that somebody who looks elsewhere wants to hear of."""

from __future__ import annotations

from enum import StrEnum


class TaskEvent(StrEnum):
    """The most serious first; the values stand in the settings."""

    FAILED = "failed"
    SILENT = "silent"
    DONE = "done"

"""What a user wants to be told about a task, and the little programs, observers, that look out for it on the machine.

Source: the models EventCreate and EventInfo of the Inductiva Web API and the observer messages of its task-runner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class TriggerKind(StrEnum):
    TASK_OUTPUT_UPLOADED = "task_output_uploaded"
    TASK_FAILED = "task_failed"
    TASK_STARTED = "task_started"
    FILE_EXISTS = "file_exists_observer"
    FILE_REGEX = "file_regex_observer"

    @property
    def observed(self) -> bool:
        """Whether the task's machine has to look out for it."""
        return self in (TriggerKind.FILE_EXISTS, TriggerKind.FILE_REGEX)


class ActionType(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRequest:
    """`trigger_type` is `task`, `observer` or `machine_group`; which other fields count depends on it."""

    trigger_type: str
    trigger: str
    task_id: str | None = None
    file_path: str | None = None
    regex: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAction:
    """A message to `email_address`, or a POST to `webhook_url`."""

    action_type: ActionType
    email_address: str | None = None
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequest:
    trigger: TriggerRequest
    action: NoticeAction


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverMessage:
    """What a runner is asked to look out for while it works on the task; travels as JSON text inside a JSON text."""

    observer_id: str
    observer_type: TriggerKind
    task_id: str
    file_path: str | None = None
    regex: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverEvent:
    """The inside of an ObserverTriggered event; `extra_params["captured"]` holds what the regular expression found."""

    timestamp: datetime
    id: str
    observer_id: str
    elapsed_time_s: float | None = None
    extra_params: dict[str, Any] | None = None

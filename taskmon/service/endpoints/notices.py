"""Events: what a user wants to be told about a task."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import re2
from fastapi import APIRouter
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.core.notices import ActionType, NoticeAction, NoticeRequest, TriggerKind, TriggerRequest
from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter()

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_ADDRESS: Final = 2083


def _kind(trigger: TriggerRequest) -> TriggerKind:
    """Raises InvalidInputError for what this service cannot look out for."""
    try:
        kind = TriggerKind(trigger.trigger)
    except ValueError:
        raise InvalidInputError(
            f"This service does not look out for “{trigger.trigger}”.", "It can for states and files of tasks."
        ) from None
    if trigger.trigger_type != ("observer" if kind.observed else "task") or trigger.task_id is None:
        raise InvalidInputError("The event names no task, or its trigger_type does not fit.", "Correct it.")
    if kind.observed and not trigger.file_path:
        raise InvalidInputError("An observer needs the file_path to look at.", "Name a file of the task.")
    if kind is TriggerKind.FILE_REGEX:
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(trigger.regex or "", options)
        except re2.error as error:
            raise InvalidInputError(f"The regular expression cannot be used: {error}.", "Correct it.") from None
        if not trigger.regex:
            raise InvalidInputError("The observer has no regular expression.", "Give it one.")
    return kind


def _check(action: NoticeAction) -> None:
    if action.action_type is ActionType.EMAIL and not _ADDRESS.fullmatch(action.email_address or ""):
        raise InvalidInputError("That is no e-mail address.", "Correct email_address.")
    if action.action_type is ActionType.WEBHOOK:
        address = action.webhook_url or ""
        if urlsplit(address).scheme not in ("http", "https") or len(address) > _LONGEST_ADDRESS:
            raise InvalidInputError("webhook_url is no web address.", "Write it like https://example.org/hook.")


@router.post("/events/", status_code=201)
async def create_event(request: NoticeRequest, service: ServiceParts) -> Response:
    kind = _kind(request.trigger)
    _check(request.action)
    task = service.tasks.task(request.trigger.task_id or "")
    return JsonAnswer(service.notices.add(kind, task.task_id, request), status_code=201)


@router.get("/events/")
async def events(
    service: ServiceParts,
    trigger_type: str | None = None,
    task_id: str | None = None,
    task_trigger: str | None = None,
    machine_group_id: int | None = None,
    machine_group_trigger: str | None = None,
    observer_id: str | None = None,
    observer_trigger: str | None = None,
) -> Response:
    """The events that have not happened yet, oldest first. There are none about machine groups."""
    if machine_group_id is not None or machine_group_trigger is not None:
        return JsonAnswer([])

    def fits(event: dict[str, Any], kind: TriggerKind) -> bool:
        return (
            trigger_type in (None, event["trigger"]["trigger_type"])
            and observer_id in (None, event["trigger"].get("observer_id"))
            and task_trigger in (None, kind)
            and observer_trigger in (None, kind)
        )

    found = [(notice.described(), notice.kind) for notice in service.notices.wanted(task_id)]
    return JsonAnswer([event for event, kind in found if fits(event, kind)])


@router.get("/events/{event_id}")
async def event(event_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(service.notices.get(event_id).described())


@router.delete("/events/{event_id}", status_code=204)
async def delete_event(event_id: str, service: ServiceParts) -> Response:
    service.notices.remove(event_id)
    return Response(status_code=204)

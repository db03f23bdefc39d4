"""How a client and the file-tracker of a task find each other: letters by way of the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskConnection:
    """A letter: who sends it to whom, and a session description of the given type."""

    sender_id: str
    receiver_id: str | None = None
    type: str | None = None
    sdp: str | None = None


@router.post("/tasks/{task_id}/register")
async def register(task_id: str, letter: TaskConnection, service: ServiceParts) -> Response:
    """A mailbox needs no opening. What came before its owner did is kept: a client may be faster than the runner."""
    service.tasks.task(task_id)
    return JsonAnswer(NOTHING)


@router.post("/tasks/{task_id}/offer")
async def offer(task_id: str, letter: TaskConnection, service: ServiceParts) -> Response:
    service.tasks.task(task_id)
    if letter.receiver_id is None:
        raise InvalidInputError("The offer names no receiver.", "Send it with a receiver_id.")
    content: dict[str, Any] = {
        "sender_id": letter.sender_id,
        "receiver_id": letter.receiver_id,
        "type": letter.type,
        "sdp": letter.sdp,
    }
    service.mailboxes.put(task_id, letter.receiver_id, content)
    return JsonAnswer(NOTHING)


@router.get("/tasks/{task_id}/message")
async def message(
    request: Request,
    task_id: str,
    client: str,
    service: ServiceParts,
    block_s: Annotated[int, Query(ge=0, le=60)] = 30,
) -> Response:
    """The next letter for `client`; 204 if none came in time or the task has ended meanwhile."""
    service.tasks.task(task_id)

    def look() -> dict[str, Any] | bool | None:
        letter = service.mailboxes.take(task_id, client)
        return letter or (False if service.tasks.has_ended(task_id) else None)

    letter = await service.bell.wait_for(look, block_s, request.is_disconnected)
    return JsonAnswer(letter) if letter else Response(status_code=204)

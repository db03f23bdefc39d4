"""“Give me my computer back”: an extension by which the person at this computer stops and releases its spot groups."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.core.extensions import Reclaim
from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter(prefix="/taskmon/reclaim")


@router.get("", response_model=Reclaim)
async def state(service: ServiceParts) -> Response:
    return JsonAnswer(service.spot.state())


@router.post("", response_model=Reclaim)
async def reclaim(service: ServiceParts, for_s: Annotated[float | None, Query(gt=0, le=31_536_000)] = None) -> Response:
    """Spot groups give way at once, for `for_s` seconds or until the computer is given back."""
    return JsonAnswer(service.spot.reclaim(for_s))


@router.delete("", response_model=Reclaim)
async def release(service: ServiceParts) -> Response:
    """The computer may be used again."""
    return JsonAnswer(service.spot.release())

"""Whether client and service fit. No key needed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from taskmon import __version__
from taskmon.core.user import CONTRACT_VERSION, VersionCheck
from taskmon.service.answers import JsonAnswer

router = APIRouter()


@router.get("/version-check", response_model=VersionCheck)
async def check_version(client_version: str) -> Response:
    """Every client is welcome: the service keeps to one contract."""
    return JsonAnswer(VersionCheck(is_valid=True, client_version=client_version, server_version=CONTRACT_VERSION))


@router.get("/version")
async def version() -> Response:
    return JsonAnswer({"version": CONTRACT_VERSION, "taskmon": __version__})

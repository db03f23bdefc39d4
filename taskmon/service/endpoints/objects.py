"""The stored objects behind their signed URLs. No key: the signature is the permission."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from taskmon.core.errors import NotFoundError
from taskmon.service.byte_ranges import answer_file
from taskmon.service.context import ServiceParts
from taskmon.service.scheduler import BUCKET

router = APIRouter()

STORED_LENGTH_HEADER = "x-goog-stored-content-length"
"""Runners read from it that a streamed archive arrived whole."""


@router.get(f"/{BUCKET}/{{path:path}}")
@router.head(f"/{BUCKET}/{{path:path}}")
async def download(path: str, request: Request, service: ServiceParts) -> Response:
    service.signer.check("download", path, request.query_params)
    target = service.storage.existing(path)
    if not target.is_file():
        raise NotFoundError(f"“{path}” is a folder.", "Ask for the objects in it.")
    return answer_file(target, request.headers, head=request.method == "HEAD", extra={})


@router.put(f"/{BUCKET}/{{path:path}}")
async def upload(path: str, request: Request, service: ServiceParts) -> Response:
    service.signer.check("upload", path, request.query_params)
    runner = request.query_params.get("runner", "")
    check = partial(service.tasks.check_holder, path, runner) if runner else None
    announced = request.headers.get("content-length", "")
    expected = int(announced) if announced.isdigit() else None
    size = await service.storage.receive(path, request.stream(), expected, check)
    return Response(status_code=200, headers={STORED_LENGTH_HEADER: str(size)})

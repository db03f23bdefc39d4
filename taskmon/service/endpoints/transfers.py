"""The user's storage as a whole, what it costs, and files that come from or go to an address of the user's."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.context import ServiceParts
from taskmon.service.scheduler import BUCKET
from taskmon.service.task_rows import STORAGE_REGION
from taskmon.service.transfers import MultipartExport, StorageOperation

router = APIRouter()

_BUCKET: Final[dict[str, Any]] = {
    "provider_id": "LOCAL",
    "name": BUCKET,
    "region": STORAGE_REGION,
    "is_internal": True,
}


@router.get("/storage/cost")
async def cost() -> Response:
    return JsonAnswer({"estimated_monthly_cost": 0.0, "currency": "USD"})


@router.get("/storage/default_bucket")
async def default_bucket() -> Response:
    return JsonAnswer(_BUCKET)


@router.get("/storage/list_buckets")
async def buckets() -> Response:
    """There is one storage, that of this computer."""
    return JsonAnswer([_BUCKET])


@router.post("/storage/input_remote")
async def fetch(url: Annotated[str, Query(min_length=1)], path: str, service: ServiceParts) -> Response:
    """The service fetches `url` into `path`; the listing shows the file once it has come whole."""
    await service.transfers.fetch(url, path)
    return JsonAnswer(NOTHING)


@router.post("/storage/export_multipart")
async def export(wish: MultipartExport, service: ServiceParts) -> Response:
    return JsonAnswer({"operation_id": service.transfers.export(wish).id})


@router.get("/storage/operations/{operation_id}", response_model=StorageOperation)
async def operation(operation_id: str, service: ServiceParts) -> Response:
    return JsonAnswer(service.transfers.operation(operation_id))

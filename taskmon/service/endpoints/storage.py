"""The user's stored files and the insides of stored archives."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from taskmon.core.errors import InvalidInputError
from taskmon.core.runner_protocol import RUNNER_HEADER
from taskmon.core.storage import StorageContents, StorageFile, ZipArchive, ZipFileRange
from taskmon.service.answers import NOTHING, JsonAnswer
from taskmon.service.archive import list_members, member_range
from taskmon.service.context import Service, ServiceParts
from taskmon.service.task_rows import STORAGE_REGION

router = APIRouter()


class StorageOrder(StrEnum):
    SIZE = "size"
    CREATION_TIME = "creation_time"
    NAME = "name"


@router.get("/storage/signed-urls", response_model=list[str])
async def signed_urls(
    request: Request,
    operation: Literal["upload", "download"],
    paths: Annotated[list[str], Query()],
    service: ServiceParts,
) -> Response:
    """One URL per path for uploads; for downloads one per object at or below each path."""
    if operation == "upload":
        for path in paths:
            service.storage.locate(path)
        wanted = paths
    else:
        wanted = [found for path in paths for found in await asyncio.to_thread(service.storage.objects_below, path)]
    origin = f"{request.url.scheme}://{request.url.netloc}"
    runner = request.headers.get(RUNNER_HEADER, "") if operation == "upload" else ""
    for path in wanted if runner else []:
        service.tasks.check_holder(path, runner)
    return JsonAnswer([service.signer.url(origin, operation, path, runner) for path in wanted])


@router.get("/storage/contents", response_model=StorageContents)
async def contents(
    service: ServiceParts,
    path: str = "/",
    recursive: bool = False,
    sort_by: StorageOrder = StorageOrder.CREATION_TIME,
    order: Literal["asc", "desc"] = "desc",
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=1000)] = 10,
    path_filter: str | None = None,
) -> Response:
    found = await asyncio.to_thread(service.storage.contents, path, recursive=recursive)
    if path_filter:
        found = [file for file in found if path_filter in file.name]

    def rank(file: StorageFile) -> tuple[float, str]:
        if sort_by is StorageOrder.SIZE:
            return file.size_bytes or 0, file.name
        if sort_by is StorageOrder.NAME:
            return 0, file.name
        return file.creation_time.timestamp() if file.creation_time else 0, file.name

    found.sort(key=rank, reverse=order == "desc")
    shown = found[(page - 1) * per_page : page * per_page]
    return JsonAnswer(StorageContents(total_files=len(found), available_regions=[STORAGE_REGION], contents=shown))


@router.get("/storage/size", response_model=int)
async def size(service: ServiceParts) -> Response:
    return JsonAnswer(await asyncio.to_thread(service.storage.total_size))


@router.post("/storage/copy")
async def copy(source: str, target: str, service: ServiceParts) -> Response:
    await asyncio.to_thread(service.storage.copy, source, target)
    return JsonAnswer(NOTHING)


@router.delete("/storage/")
async def delete(service: ServiceParts, path: str | None = None) -> Response:
    if not (path or "").strip("/"):
        raise InvalidInputError("The whole storage cannot be deleted at once.", "Name a file or a folder.")
    await asyncio.to_thread(service.storage.delete, path or "")
    return JsonAnswer(NOTHING)


def _archive(service: Service, path: str) -> Path:
    found = service.storage.existing(path)
    if not found.is_file():
        raise InvalidInputError(f"“{path}” is a folder.", "Name an archive in it.")
    return found


@router.get("/storage/zip-contents", response_model=ZipArchive)
async def zip_contents(
    path: str, service: ServiceParts, zip_relative_path: str | None = None, recursive: bool = False
) -> Response:
    archive = _archive(service, path)
    return JsonAnswer(await asyncio.to_thread(list_members, archive, zip_relative_path or "", recursive=recursive))


@router.get("/storage/zip-file-range", response_model=ZipFileRange)
async def zip_file_range(
    path: str, filename: str, service: ServiceParts, zip_relative_path: str | None = None
) -> Response:
    archive = _archive(service, path)
    return JsonAnswer(await asyncio.to_thread(member_range, archive, zip_relative_path or "", filename))

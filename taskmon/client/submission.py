"""Makes tasks: submit a folder, run a task again. A task whose inputs do not arrive is not left behind."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.client.folder_scan import FolderScan, scan_in_thread
from taskmon.client.task_request import build_request, request_again
from taskmon.client.transfer import OnProgress, PacedProgress
from taskmon.client.upload import upload_folder
from taskmon.core.errors import (
    BusyError,
    ConnectionFailedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.extensions import Extension
from taskmon.core.lifecycle import Status
from taskmon.core.storage import INPUT_ARCHIVE
from taskmon.core.task import RESUBMITTED_FROM, SubmittedTask, Task, TaskRequest

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

__all__ = ["build_request", "request_again", "resubmit", "submit_folder"]

_log = logging.getLogger(__name__)
_KILL_S: Final = 10.0
_LATE_ANSWER_S: Final = 3.0
"""How long somebody who cancels waits for the answer to a submission that is under way."""
_CONFIRM_PAUSES_S: Final = (0.3, 1.0, 3.0)


async def submit_folder(
    client: ServiceClient,
    scan_or_folder: FolderScan | Path,
    request: TaskRequest,
    *,
    metadata: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> SubmittedTask:
    """Make a task from a folder and return once it is in the queue.

    If anything fails on the way, or this is cancelled, the task is killed before the error goes on.
    """
    scan = scan_or_folder
    if isinstance(scan, Path):
        scan = await scan_in_thread(scan)
    submitted = await _submit_once(client, request)
    try:
        await _note(client, submitted.id, metadata or {})
        if submitted.status == Status.PENDING_INPUT:
            url = await _upload_url(client, submitted, request)
            await upload_folder(client, url, scan, on_progress)
            await _confirm_inputs(client, submitted.id)
    except BaseException:
        await _kill_unfinished(client, submitted.id)
        raise
    return submitted


async def resubmit(
    client: ServiceClient,
    task: Task,
    *,
    machine_group_id: str | None = None,
    request: TaskRequest | None = None,
    metadata: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> SubmittedTask:
    """Run `task` again on the inputs it had; the new task notes its parent and keeps the notes it had.

    It is started as it was, on its own machine group unless another is given, or as `request` says; `metadata` is
    added to its notes. The inputs are copied inside the service; where it cannot, they travel through here.
    """
    if request is None:
        if not task.extra_params or not task.container_image:
            task = await client.task(task.task_id)
        request = request_again(task, machine_group_id)
    notes = {**(task.task_metadata or {}), **(metadata or {}), RESUBMITTED_FROM: task.task_id}
    submitted = await _submit_once(client, request)
    try:
        await _note(client, submitted.id, notes)
        if submitted.status == Status.PENDING_INPUT:
            await _reuse_inputs(client, task, submitted, request, on_progress)
            await _confirm_inputs(client, submitted.id)
    except BaseException:
        await _kill_unfinished(client, submitted.id)
        raise
    return submitted


async def _submit_once(client: ServiceClient, request: TaskRequest) -> SubmittedTask:
    """Make one task. If this is cancelled on the way, the answer is waited for a moment and the task killed."""
    making = asyncio.create_task(_make_once(client, request))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        try:
            async with asyncio.timeout(_LATE_ANSWER_S):
                made = await making
        except (TaskmonError, TimeoutError) as error:
            _log.info("a submission was cancelled without an answer: %r", error)
        else:
            await _kill_unfinished(client, made.id)
        raise


async def _make_once(client: ServiceClient, request: TaskRequest) -> SubmittedTask:
    """Make one task, also through a short interruption: a service that knows keys makes no second one of a repeat."""
    key, keeps_keys = uuid.uuid4().hex, await client.offers(Extension.SUBMIT_ONCE)
    for pause in _CONFIRM_PAUSES_S if keeps_keys else ():
        try:
            return await client.submit(request, key)
        except (ConnectionFailedError, BusyError) as error:
            _log.info("the answer to a submission is missing (%s); sent again", error)
            await asyncio.sleep(pause)
    return await client.submit(request, key if keeps_keys else "")


async def _note(client: ServiceClient, task_id: str, metadata: Mapping[str, str]) -> None:
    if not metadata:
        return
    try:
        await client.set_metadata(task_id, metadata)
    except (NotFoundError, RefusedError) as error:
        # A name is a comfort; a service that keeps none still runs the task.
        _log.warning("the service keeps no notes for %s: %s", task_id, error)


def _input_path(task_id: str, request: TaskRequest) -> str:
    return f"{(request.storage_path_prefix or '').strip('/')}/{task_id}/{INPUT_ARCHIVE}"


async def _upload_url(client: ServiceClient, submitted: SubmittedTask, request: TaskRequest) -> str:
    return await client.signed_url("upload", _input_path(submitted.id, request), submitted.storage_region)


async def _confirm_inputs(client: ServiceClient, task_id: str) -> None:
    """Say that the inputs are there, also through a short interruption: the upload was the expensive part."""
    for pause in _CONFIRM_PAUSES_S:
        try:
            await client.input_uploaded(task_id)
        except (ConnectionFailedError, BusyError) as error:
            _log.info("saying that the inputs of %s are there failed (%s); once more", task_id, error)
            await asyncio.sleep(pause)
            if await _has_inputs(client, task_id):
                return
        else:
            return
    await client.input_uploaded(task_id)


async def _has_inputs(client: ServiceClient, task_id: str) -> bool:
    """Whether only the answer was lost."""
    try:
        return (await client.task_status(task_id)).status != Status.PENDING_INPUT
    except (ConnectionFailedError, BusyError):
        return False


async def _reuse_inputs(
    client: ServiceClient, task: Task, submitted: SubmittedTask, request: TaskRequest, on_progress: OnProgress | None
) -> None:
    source = task.storage_input_path or f"{task.storage_path or task.task_id}/{INPUT_ARCHIVE}"
    target = _input_path(submitted.id, request).lstrip("/")
    try:
        await client.storage_copy(source, target)
    except (NotFoundError, RefusedError, ServiceFailedError) as error:
        _log.info("the service did not copy %s (%s); it travels through here", source, error)
        await _carry_inputs(client, task, source, await _upload_url(client, submitted, request), on_progress)


async def _carry_inputs(
    client: ServiceClient, task: Task, source: str, target_url: str, on_progress: OnProgress | None
) -> None:
    try:
        url = await client.signed_url("download", source, task.storage_region)
    except NotFoundError as error:
        raise NotFoundError(
            f"The inputs of {task.name} are no longer stored.", "Submit its folder again instead."
        ) from error
    async with client.download(url) as incoming:
        paced = PacedProgress(on_progress)

        async def counted() -> AsyncIterator[bytes]:
            sent = 0
            async for chunk in incoming.chunks:
                yield chunk
                sent += len(chunk)
                paced.tell(sent, incoming.size or 0)

        await client.upload(target_url, counted())
        paced.finish()


async def _kill_unfinished(client: ServiceClient, task_id: str) -> None:
    try:
        async with asyncio.timeout(_KILL_S):
            await client.kill(task_id)
    except (TaskmonError, TimeoutError) as error:
        _log.warning("the unfinished task %s could not be killed: %s", task_id, error)

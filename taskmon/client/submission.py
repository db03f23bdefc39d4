"""Makes tasks: submit a folder, run a task again. A task whose inputs do not arrive is not left behind."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from taskmon.client.folder_scan import FolderScan, scan_in_thread
from taskmon.client.retrying import PASSING, requested_pause
from taskmon.client.task_request import build_request, request_again
from taskmon.client.transfer import OnProgress, PacedProgress
from taskmon.client.upload import upload_folder
from taskmon.core.errors import (
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

OnMade = Callable[[str], Awaitable[None]]
"""Hears the id of a task that was made."""

_log = logging.getLogger(__name__)
_KILL_S: Final = 10.0
_LATE_ANSWER_S: Final = 3.0
"""How long somebody who cancels waits for the answer to a submission that is under way."""
_PAUSES_S: Final = (0.3, 1.0, 3.0)
_LONGEST_PAUSE_S: Final = 10.0

T = TypeVar("T")


async def submit_folder(
    client: ServiceClient,
    scan_or_folder: FolderScan | Path,
    request: TaskRequest,
    *,
    metadata: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
    on_made: OnMade | None = None,
) -> SubmittedTask:
    """Make a task from a folder and return once it is in the queue.

    `on_made` hears the id before the inputs are sent. If anything fails on the way, or this is cancelled, the task is
    killed before the error goes on.
    """
    scan = scan_or_folder
    if isinstance(scan, Path):
        scan = await scan_in_thread(scan)
    submitted = await _submit_once(client, request)
    try:
        await _tell_made(on_made, submitted)
        await _note(client, submitted.id, metadata or {})
        if submitted.status == Status.PENDING_INPUT:
            await _send_inputs(client, submitted, request, scan, on_progress)
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
    on_made: OnMade | None = None,
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
        await _tell_made(on_made, submitted)
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
    key = uuid.uuid4().hex
    if await _patiently(lambda: client.offers(Extension.SUBMIT_ONCE)):
        return await _patiently(lambda: client.submit(request, key))
    return await client.submit(request)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The answer to what may be asked again, also through a short interruption."""
    for pause in _PAUSES_S:
        try:
            return await call()
        except PASSING as error:
            if requested_pause(error) > _LONGEST_PAUSE_S:
                raise  # nobody asks sooner than the service wants, and whoever waits decides
            _log.info("interrupted (%s); asked again", error)
            await asyncio.sleep(max(pause, requested_pause(error)))
    return await call()


async def _tell_made(on_made: OnMade | None, submitted: SubmittedTask) -> None:
    if on_made is not None:
        await on_made(submitted.id)


async def _note(client: ServiceClient, task_id: str, metadata: Mapping[str, str]) -> None:
    if not metadata:
        return
    try:
        await _patiently(lambda: client.set_metadata(task_id, metadata))
    except (NotFoundError, RefusedError) as error:
        # A name is a comfort; a service that keeps none still runs the task.
        _log.warning("the service keeps no notes for %s: %s", task_id, error)


def _input_path(task_id: str, request: TaskRequest) -> str:
    return f"{(request.storage_path_prefix or '').strip('/')}/{task_id}/{INPUT_ARCHIVE}"


async def _upload_url(client: ServiceClient, submitted: SubmittedTask, request: TaskRequest) -> str:
    path = _input_path(submitted.id, request)
    return await _patiently(lambda: client.signed_url("upload", path, submitted.storage_region))


async def _send_inputs(
    client: ServiceClient,
    submitted: SubmittedTask,
    request: TaskRequest,
    scan: FolderScan,
    on_progress: OnProgress | None,
) -> None:
    """Upload the folder, once more after an interruption, unless only the answer was lost."""
    url = await _upload_url(client, submitted, request)
    interrupted = False

    async def send() -> None:
        nonlocal interrupted
        if not (interrupted and await _is_stored(client, submitted, request)):
            interrupted = True
            await upload_folder(client, url, scan, on_progress)

    await _patiently(send)


async def _is_stored(client: ServiceClient, submitted: SubmittedTask, request: TaskRequest) -> bool:
    """Whether the inputs are there, as far as this service is known to say so for files that are whole."""
    if not await client.offers(Extension.SUBMIT_ONCE):
        return False
    try:
        return bool(await client.signed_urls("download", [_input_path(submitted.id, request)]))
    except (NotFoundError, RefusedError):
        return False


async def _confirm_inputs(client: ServiceClient, task_id: str) -> None:
    """Say that the inputs are there. A service to which that was said before refuses to hear it again."""
    said = False

    async def confirm() -> None:
        nonlocal said
        if not (said and (await client.task_status(task_id)).status != Status.PENDING_INPUT):
            said = True
            await client.input_uploaded(task_id)

    await _patiently(confirm)


async def _reuse_inputs(
    client: ServiceClient, task: Task, submitted: SubmittedTask, request: TaskRequest, on_progress: OnProgress | None
) -> None:
    source = task.storage_input_path or f"{task.storage_path or task.task_id}/{INPUT_ARCHIVE}"
    target = _input_path(submitted.id, request).lstrip("/")
    try:
        await _patiently(lambda: client.storage_copy(source, target))
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

"""Brings outputs here: all of them unpacked into a fresh folder, or single files. Never over what is already there."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from io import BufferedWriter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from taskmon.client.archive_member import output_archive
from taskmon.client.fresh_files import safe_name, settle, workshop
from taskmon.client.task_file import read_file
from taskmon.client.transfer import OnProgress, PacedProgress
from taskmon.client.unpack import unpack
from taskmon.core.errors import ConnectionFailedError, NotFoundError
from taskmon.core.storage import OUTPUT_FOLDER
from taskmon.core.task import Task

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient


async def download_outputs(
    client: ServiceClient, task: Task, target: Path, *, on_progress: OnProgress | None = None
) -> Path:
    """Every output of `task`, unpacked into a new folder; its path is returned.

    The folder is `target` itself, or, if that is a folder already, one in it that is named after the task; a name
    that is taken gets a number. Nothing appears under the name before it is whole. Progress counts the bytes of the
    archive. Raises NotFoundError if the task has no outputs.
    """
    target = await asyncio.to_thread(_inside, target, task.name)
    url = await _outputs_url(client, task)
    async with workshop(target) as shop:
        archive = shop / "outputs.zip"
        await _fetch(client, url, archive, on_progress)
        await _unpack_in_thread(archive, shop / "unpacked")
        return await asyncio.to_thread(settle, shop / "unpacked", target)


async def download_file(client: ServiceClient, task: Task, name: str, target: Path) -> Path:
    """The output file `name` (its path below the output folder) as a new file; its path is returned.

    The file is `target` itself, or, if that is a folder, one in it of the same name; a name that is taken gets a
    number. Of a running task it is what has been written so far. Raises NotFoundError if there is no such file,
    RefusedError where the service gives files away only after the task has ended.
    """
    target = await asyncio.to_thread(_inside, target, PurePosixPath(name).name)
    async with workshop(target) as shop, aclosing(read_file(client, task, name)) as pieces:
        draft = shop / "file"
        with draft.open("xb") as sink:
            async for piece in pieces:
                await asyncio.to_thread(sink.write, piece)
        return await asyncio.to_thread(settle, draft, target)


async def _outputs_url(client: ServiceClient, task: Task) -> str:
    try:
        return await client.signed_url("download", output_archive(task), task.storage_region)
    except NotFoundError as error:
        when = "Its states tell how it ended." if task.is_terminated else "They are stored when it ends."
        raise NotFoundError(f"{task.name} has no stored outputs.", when) from error


async def _fetch(client: ServiceClient, url: str, archive: Path, on_progress: OnProgress | None) -> None:
    """The whole archive, going on where a cut connection left off for as long as that brings anything."""
    paced, failed_at = PacedProgress(on_progress), -1
    with archive.open("xb") as sink:
        while True:
            try:
                await _fetch_rest(client, url, sink, paced)
            except ConnectionFailedError:
                if sink.tell() == failed_at:
                    raise
                failed_at = sink.tell()
            else:
                paced.finish()
                return


async def _fetch_rest(client: ServiceClient, url: str, sink: BufferedWriter, paced: PacedProgress) -> None:
    async with client.download(url, first=sink.tell()) as incoming:
        if not incoming.partial:
            sink.seek(0)
        total = 0 if incoming.size is None else sink.tell() + incoming.size
        async for chunk in incoming.chunks:
            await asyncio.to_thread(sink.write, chunk)
            paced.tell(sink.tell(), total)
    sink.truncate()


async def _unpack_in_thread(archive: Path, folder: Path) -> None:
    """Unpack; a cancellation waits for the thread, so that it writes nothing after the clean-up."""
    stop = threading.Event()
    unpacking = asyncio.get_running_loop().run_in_executor(None, unpack, archive, folder, OUTPUT_FOLDER, stop)
    try:
        await asyncio.shield(unpacking)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.gather(unpacking, return_exceptions=True)
        raise


def _inside(target: Path, name: str) -> Path:
    """`target`, or a place for `name`, which comes from elsewhere, in it if it is a folder."""
    return target / safe_name(name, "outputs") if target.is_dir() else target

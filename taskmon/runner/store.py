"""Inputs out of the service's store, and outputs into it, by signed addresses.

While the service is away both wait for it; what the service refuses is an error in words.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from taskmon.core.errors import (
    ConnectionFailedError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.storage import INPUT_ARCHIVE, OUTPUT_ARCHIVE
from taskmon.runner.job import Job
from taskmon.runner.packing import OutputPacker, PackedArchive
from taskmon.runner.service_link import BackOff, ServiceLink
from taskmon.runner.unpacking import inner_path, unpack
from taskmon.runner.workspace import DISK_RESERVE, Workspace

logger = logging.getLogger(__name__)

_TRIES: Final = 5
"""How often a store that answers with an error is asked again."""
_STORED_LENGTH: Final = "x-goog-stored-content-length"

T = TypeVar("T")
Pause = Callable[[float], None]
"""Sleeps for so many seconds before the next try; raises when there is to be none."""


class TaskStore:
    """The stored files of one task, seen from the runner."""

    def __init__(self, link: ServiceLink, job: Job, pause: Pause) -> None:
        self._link = link
        self._job = job
        self._pause = pause

    def fetch_inputs(self, target: Path, check: Callable[[], None]) -> int:
        """Download the input archive; its size in bytes. Raises TaskmonError, OSError."""
        path = f"{self._job.storage_path}/{INPUT_ARCHIVE}"
        return self._again(lambda: self._fetch(self._signed("download", path)[0], target, check))

    def fetch_resources(self, workspace: Workspace, check: Callable[[], None]) -> int:
        """Add the task's remote inputs where the archive has none of that name; their size in bytes."""
        total = 0
        for resource in self._job.input_resources:
            for url in self._again(partial(self._signed, "download", resource)):
                total += self._fetch_resource(url, workspace, check)
        return total

    def _fetch_resource(self, url: str, workspace: Workspace, check: Callable[[], None]) -> int:
        # /<bucket>/<root folder>/<path>: the root folder is dropped, except around the outputs of another task.
        parts = inner_path(unquote(urlsplit(url).path).lstrip("/")).parts[1:]
        if len(parts) < 2:
            raise InvalidInputError(f"The remote input {'/'.join(parts)} is not a file in a folder.", "Name another.")
        folder = workspace.inputs / self._job.sim_dir
        whole = parts[-1] == OUTPUT_ARCHIVE
        target = folder.joinpath(*parts) if whole else folder.joinpath(*parts[1:])
        if target.exists():
            return 0
        target.parent.mkdir(parents=True, exist_ok=True)
        size = self._again(lambda: self._fetch(url, target, check))
        if whole:
            room = workspace.free_bytes() - DISK_RESERVE
            size = unpack(target, target.parent, room=room, check=check, inside="artifacts")
            target.unlink()
        return size

    def store_outputs(self, make_packer: Callable[[], OutputPacker | PackedArchive]) -> int:
        """Pack and upload the outputs; the archive's size in bytes. Raises TaskmonError.

        Every try packs anew, for a stream cannot be sent twice.
        """
        path = f"{self._job.storage_path}/{OUTPUT_ARCHIVE}"
        return self._again(lambda: self._store(self._signed("upload", path)[0], make_packer()))

    def _store(self, url: str, packer: OutputPacker | PackedArchive) -> int:
        answer = self._link.upload(url, packer)
        if not answer.is_success:
            raise _refusal(answer.status_code, "the outputs", answer.text)
        kept = answer.headers.get(_STORED_LENGTH)
        if kept is not None and kept != str(packer.sent):
            raise ServiceFailedError(f"The store kept {kept} of {packer.sent} bytes of the outputs.")
        return packer.sent

    def _signed(self, operation: str, path: str) -> list[str]:
        params = {"operation": operation, "paths": path}
        if self._job.storage_region:
            params["region"] = self._job.storage_region
        answer = self._link.call("GET", "/storage/signed-urls", params=params)
        if not answer.is_success:
            raise _refusal(answer.status_code, path, answer.text)
        try:
            urls = msgspec.json.decode(answer.content, type=list[str])
        except msgspec.MsgspecError as error:
            raise ServiceFailedError(f"The service gave no usable address for {path} ({error}).") from error
        if not urls:
            raise NotFoundError(f"There is nothing stored at {path}.", "Upload it, then run the task again.")
        return urls

    def _fetch(self, url: str, target: Path, check: Callable[[], None]) -> int:
        name = PurePosixPath(unquote(urlsplit(url).path)).name
        try:
            with self._link.download(url) as answer:
                if not answer.is_success:
                    raise _refusal(answer.status_code, name, answer.read().decode(errors="replace"))
                with target.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
                        check()
                    return file.tell()
        except httpx.TransportError as error:
            raise ConnectionFailedError(f"The download of {name} broke off ({error}).") from error

    def _again(self, action: Callable[[], T]) -> T:
        """The result of `action`; repeated without end while nothing answers, a few times when errors are answered."""
        back_off, failures = BackOff(), 0
        while True:
            try:
                return action()
            except ConnectionFailedError as error:
                logger.info("%s", error)
            except ServiceFailedError as error:
                logger.warning("%s", error)
                failures += 1
                if failures >= _TRIES:
                    raise
            self._pause(back_off.next_s())


def _refusal(status: int, what: str, text: str) -> TaskmonError:
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(f"There is nothing stored at {what}.", "Upload it, then run the task again.")
    detail = _sentence_in(text)
    sentence = f"The store answered {status} for {what}{': ' + detail if detail else ''}."
    if status >= 500 or status in (403, 408, 425, 429):
        return ServiceFailedError(sentence, "Run the task again later.")
    return RefusedError(sentence, "Run the task again later.", status)


def _sentence_in(text: str) -> str:
    """What a refusal says: the `detail` of the service's error form, else the beginning of the text itself."""
    try:
        told = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        told = text
    return str(told).strip().rstrip(".")[:300]

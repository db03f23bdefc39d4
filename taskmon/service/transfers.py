"""Files that the service itself fetches from, or sends to, an address that the user names.

Whoever has the key may run any command on this computer, so addresses of the own network are not refused: it would
protect nothing, and users do keep their meshes on such servers. Nothing of the user's goes with the request: no key,
no cookies, no credentials of the environment's files; and what comes is stored, never interpreted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from taskmon.core.errors import InvalidInputError, NotFoundError, TaskmonError
from taskmon.core.task import OperationStatus
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from taskmon.service.storage import Storage

KEPT_OPERATIONS: Final = 200
_ANSWER_S: Final = 30.0
_PIECE_BYTES: Final = 1024 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOperation:
    """Something that goes on in the storage. Source: the model of the same name of the Inductiva Web API."""

    id: str
    name: str
    status: OperationStatus
    attributes: dict[str, Any]
    start_time: datetime
    end_time: datetime | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPart:
    part_number: int
    part_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipartExport:
    """A stored file to be sent in parts of `parts_size` bytes, each to its address, and then confirmed."""

    path: str
    parts_size: int
    upload_parts: list[UploadPart]
    complete_multipart_url: str


class Transfers:
    """Fetches and sends in the background; remembers its exports until the service ends."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self._operations: dict[str, StorageOperation] = {}
        self._going: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether something is being fetched or sent."""
        return bool(self._going)

    async def fetch(self, url: str, path: str) -> None:
        """Begin to store what is at `url` as `path`; returns once the first bytes are there.

        Raises InvalidInputError for an address that cannot be used or does not answer with a file.
        """
        import httpx

        _check_address(url)
        self._storage.locate(path)
        stack = AsyncExitStack()
        try:
            client = await stack.enter_async_context(_client())
            answer = await stack.enter_async_context(client.stream("GET", url))
            if not answer.is_success:
                raise InvalidInputError(f"{url} answered {answer.status_code}.", "Check the address.")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            await stack.aclose()
            raise InvalidInputError(f"{url} cannot be reached: {error}.", "Check the address.") from error
        except BaseException:
            await stack.aclose()
            raise
        self._start(self._store(stack, answer, path))

    async def _store(self, stack: AsyncExitStack, answer: httpx.Response, path: str) -> None:
        import httpx

        announced = answer.headers.get("content-length", "")
        packed = "content-encoding" in answer.headers
        try:
            async with stack:
                expected = int(announced) if announced.isdigit() and not packed else None
                size = await self._storage.receive(path, answer.aiter_bytes(_PIECE_BYTES), expected)
            _log.info("Fetched %s (%d bytes)", path, size)
        except (httpx.HTTPError, TaskmonError) as error:
            _log.warning("%s could not be fetched: %s", path, error)

    def export(self, wish: MultipartExport) -> StorageOperation:
        """Begin to send a stored file. Raises NotFoundError, InvalidInputError."""
        source = self._storage.existing(wish.path)
        parts = sorted(wish.upload_parts, key=lambda part: part.part_number)
        for url in (wish.complete_multipart_url, *(part.part_url for part in parts)):
            _check_address(url)
        if not source.is_file() or wish.parts_size <= 0 or wish.parts_size * len(parts) < source.stat().st_size:
            raise InvalidInputError("The parts do not make up the file.", "Ask for as many as it needs.")
        operation = StorageOperation(
            id=new_uuid(),
            name="export",
            status=OperationStatus.RUNNING,
            attributes={"path": wish.path},
            start_time=self._clock(),
        )
        self._keep(operation)
        self._start(self._send(operation, source, wish, parts))
        return operation

    def operation(self, operation_id: str) -> StorageOperation:
        """Raises NotFoundError."""
        found = self._operations.get(operation_id)
        if found is None:
            raise NotFoundError(f"There is no storage operation “{operation_id}”.", "It may be too old to be known.")
        return found

    async def close(self) -> None:
        """Give up what is still going on; nothing half stays in the storage."""
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    def _keep(self, operation: StorageOperation) -> None:
        self._operations[operation.id] = operation
        while len(self._operations) > KEPT_OPERATIONS:
            del self._operations[next(iter(self._operations))]

    async def _send(
        self, operation: StorageOperation, source: Path, wish: MultipartExport, parts: Sequence[UploadPart]
    ) -> None:
        import httpx

        problem = None
        try:
            async with _client() as client:
                tags = []
                for index, part in enumerate(parts):
                    start = index * wish.parts_size
                    length = max(0, min(wish.parts_size, source.stat().st_size - start))
                    headers = {"content-length": str(length)}
                    answer = await client.put(part.part_url, content=_piece(source, start, length), headers=headers)
                    answer.raise_for_status()
                    tags.append((part.part_number, answer.headers.get("etag", "")))
                (await client.post(wish.complete_multipart_url, content=_completion(tags))).raise_for_status()
        except (httpx.HTTPError, OSError) as error:
            problem = f"{type(error).__name__}: {error}"
            _log.warning("%s could not be exported: %s", wish.path, problem)
        status = OperationStatus.FAILED if problem else OperationStatus.OK
        self._keep(replace(operation, status=status, end_time=self._clock(), error_message=problem))


def _client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=_ANSWER_S, follow_redirects=True, trust_env=False)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError(f"“{url[:200]}” is not a web address.", "Write it like https://example.org/mesh.msh.")


async def _piece(source: Path, start: int, length: int) -> AsyncIterator[bytes]:
    with source.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := await asyncio.to_thread(file.read, min(_PIECE_BYTES, length))):
            length -= len(chunk)
            yield chunk


def _completion(tags: Sequence[tuple[int, str]]) -> bytes:
    """What the stores of the S3 family want to hear at the end of an upload in parts."""
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>" for number, tag in tags)
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()

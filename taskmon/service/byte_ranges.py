"""Files, or a part of one, as an HTTP answer of exactly the promised length, even while somebody still writes to it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from taskmon.service.answers import problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import IO

    from starlette.types import Receive, Scope, Send

BINARY: Final = "application/octet-stream"
"""Stored bytes are never called anything that a browser would show as a page."""

_CHUNK_BYTES: Final = 512 * 1024
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte (inclusive) of a `Range` header over `size` bytes; None if the whole file is to be sent.

    A header of another form than one single range is ignored, as RFC 9110 allows. Raises ValueError if the range lies
    outside the file.
    """
    match = _RANGE.fullmatch(header.strip().replace(" ", "")) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first >= size:
        raise ValueError
    return first, last


def answer_file(path: Path, request_headers: Mapping[str, str], *, head: bool, extra: Mapping[str, str]) -> Response:
    """The file, or the range of it that was asked for; 416 outside. The length is that of this moment."""
    file = path.open("rb")
    try:
        facts = path.stat()
        etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
        headers = {"accept-ranges": "bytes", "etag": etag, "cache-control": "no-store", **extra}
        wanted = request_headers.get("range")
        if request_headers.get("if-range") not in (None, etag):
            wanted = None
        try:
            part = parse_range(wanted, facts.st_size)
        except ValueError:
            file.close()
            return problem(
                416, "The file does not reach that far.", {**headers, "content-range": f"bytes */{facts.st_size}"}
            )
        first, last = part or (0, facts.st_size - 1)
        length = last - first + 1
        headers["content-length"] = str(length)
        if part:
            headers["content-range"] = f"bytes {first}-{last}/{facts.st_size}"
        if head:
            file.close()
            return Response(status_code=206 if part else 200, headers=headers, media_type=BINARY)
        return FilePart(file, first, length, status_code=206 if part else 200, headers=headers)
    except BaseException:
        file.close()
        raise


class FilePart(Response):
    """`length` bytes of an open file from offset `first` on. Closes the file, whatever happens."""

    def __init__(
        self, file: IO[bytes], first: int, length: int, *, status_code: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status_code=status_code, headers=headers, media_type=BINARY)
        self._file = file
        self._first = first
        self._length = length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file as file:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            file.seek(self._first)
            remaining = self._length
            while remaining > 0:
                chunk = await asyncio.to_thread(file.read, min(remaining, _CHUNK_BYTES))
                if not chunk:
                    break
                remaining -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

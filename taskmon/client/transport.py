"""The one place where httpx is spoken and where its faults become ours.

Everything above works with core values and `core.errors`; a fault leaves this module as a TaskmonError whose two
sentences a person can act on.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import msgspec

import taskmon
from taskmon.client.decoding import decoded
from taskmon.client.refusal import connection_failed, not_as_agreed, refusal
from taskmon.core.connection import is_loopback, usable_address, usable_key

if find_spec("sniffio") is None:
    # httpcore asks for it several times in each request, and Python looks through every folder each time in vain:
    # two milliseconds of the window's thread. None is how a module is marked as absent.
    sys.modules.setdefault("sniffio", cast("Any", None))

T = TypeVar("T")
QueryValue = str | int | float | bool | Sequence[str] | None

_log = logging.getLogger(__name__)
_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 30.0
_STORE_S: Final = 600.0
"""How long a store may take to confirm an upload it has fully received."""
_KEPT_CONNECTION_S: Final = 3.0
"""Shorter than the five seconds after which common servers hang up, so that a call seldom meets a dead connection."""
_QUICK_S: Final = 1.0
"""A connection that was dropped before we used it shows so within this time."""
_CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bytes on their way here. `size` is the length of this answer in bytes, None if it was not announced.

    `partial` says whether the range that was asked for was honoured. Reading `chunks` may raise ConnectionFailedError.
    """

    size: int | None
    partial: bool
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Transport:
    """Requests to one service, and to the store it signs addresses for.

    The key travels only to the service itself. Raises InvalidInputError for an address or key that cannot work.
    """

    def __init__(self, url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = usable_address(url)
        self._key = usable_key(api_key)
        self._transport = transport
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}
        self.last_date: datetime | None = None
        """What the service's clock said in its last answer, to the second; None if it never did."""
        self.on_word: Callable[[bool], None] = lambda blank: None
        """Called whenever something of an answer has come, a refusal too; `blank` if it says no more than that the
        service is still there (see `core.extensions.BEAT`)."""

    async def close(self) -> None:
        """Close every connection."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def json(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: object = None,
        with_key: bool = True,
        extra_wait_s: float = 0.0,
        once_key: str = "",
        twice_is_once: bool = False,
    ) -> T:
        """The decoded answer of the service. `extra_wait_s` is the time a long poll may take on top.

        With `once_key` the service recognises the call if it has to be sent again; with `twice_is_once` that does no
        harm by itself.
        """
        response = await self._call(method, path, query, body, with_key, extra_wait_s, once_key, twice_is_once)
        try:
            return await decoded(answer, response.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise not_as_agreed(response, f"{method} {path}", error) from error

    async def send(
        self, method: str, path: str, *, query: Mapping[str, QueryValue] | None = None, body: object = None
    ) -> None:
        """A call whose answer only says that it worked."""
        await self._call(method, path, query, body, True, 0.0)

    async def put(self, url: str, chunks: AsyncIterable[bytes]) -> None:
        """Send `chunks` to a signed address. Errors raised by `chunks` itself pass through unchanged."""
        client = await self._client(url)
        timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S, read=_STORE_S)
        try:
            response = await client.put(url, content=chunks, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise connection_failed(url, error) from error
        if not response.is_success:
            raise refusal(response, "PUT of a stored file", signed=True)

    @asynccontextmanager
    async def get(
        self, url: str, *, first: int = 0, last: int | None = None, tail: int = 0, idle_s: float = _ANSWER_S
    ) -> AsyncGenerator[Incoming]:
        """The bytes behind a signed address, or of a path of the service (then with the key).

        `first` and `last` are the inclusive bounds of the range in bytes, `tail` asks for the last so many. Silence
        of `idle_s` seconds counts as a cut connection.
        """
        own = url.startswith("/")
        address = self.url + url if own else url
        headers = {"accept-encoding": "identity"} | (self._key_header() if own else {})
        if tail:
            headers["range"] = f"bytes=-{tail}"
        elif first or last is not None:
            headers["range"] = f"bytes={first}-{'' if last is None else last}"
        timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S, read=idle_s)
        try:
            client = await self._client(address)
            async with client.stream("GET", address, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    await response.aread()
                    raise refusal(response, f"GET {urlsplit(address).path}", signed=not own)
                async with aclosing(_chunks(response, address)) as chunks:
                    yield Incoming(
                        size=_whole_number(response.headers.get("content-length")),
                        partial=response.status_code == httpx.codes.PARTIAL_CONTENT,
                        headers=response.headers,
                        chunks=chunks,
                    )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise connection_failed(address, error) from error

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, QueryValue] | None,
        body: object,
        with_key: bool,
        extra_wait_s: float,
        once_key: str = "",
        twice_is_once: bool = False,
    ) -> httpx.Response:
        client = await self._client(self.url)
        request = self._request(client, method, path, query, body, with_key, extra_wait_s)
        if once_key:
            request.headers["idempotency-key"] = once_key
        began = asyncio.get_running_loop().time()
        try:
            try:
                response = await self._answer(client, request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # The server may have hung up on a kept connection just as we used it, or the answer was lost. Reading
                # and replacing again is harmless; anything else might happen twice.
                might_happen_twice = method == "POST" and not once_key and not twice_is_once
                # A long poll that broke off late is bad news, which must not wait for another long poll.
                late = extra_wait_s > 0 and asyncio.get_running_loop().time() - began > _QUICK_S
                if client.is_closed or might_happen_twice or late:
                    raise
                _log.debug("%s %s met a dropped connection; asked again", method, path)
                response = await self._answer(client, request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise connection_failed(self.url, error) from error
        if not response.is_success:
            raise refusal(response, f"{method} {path}", signed=False)
        return response

    async def _answer(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """The whole answer, of which every piece is noticed as it comes."""
        response = await client.send(request, stream=True)
        try:
            self.last_date = _date(response) or self.last_date
            self.on_word(False)
            response.stream = _Heard(response.stream, self.on_word)
            await response.aread()
        finally:
            await response.aclose()
        return response

    def _request(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        query: Mapping[str, QueryValue] | None,
        body: object,
        with_key: bool,
        extra_wait_s: float,
    ) -> httpx.Request:
        headers = self._key_header() if with_key else {}
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        return client.build_request(
            method,
            self.url + path,
            params={name: value for name, value in (query or {}).items() if value is not None},
            content=content,
            headers=headers,
            timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S, read=_ANSWER_S + extra_wait_s),
        )

    def _key_header(self) -> dict[str, str]:
        return {"x-api-key": self._key}

    async def _client(self, url: str) -> httpx.AsyncClient:
        # One client per kind of address: proxies of the environment must not see loopback traffic, and loading the
        # certificates of the world costs tens of milliseconds that plain http has no use for and no loop has to spare.
        parts = urlsplit(url)
        kind = (parts.scheme, is_loopback(parts.hostname or ""))
        if kind not in self._clients:
            if parts.scheme == "https" and self._transport is None:
                context = await asyncio.to_thread(httpx.create_ssl_context)
            else:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if kind not in self._clients:  # another call may have been quicker
                self._clients[kind] = httpx.AsyncClient(
                    transport=self._transport,
                    trust_env=not kind[1],
                    verify=context,
                    headers={"user-agent": f"taskmon/{taskmon.__version__}"},
                    limits=httpx.Limits(keepalive_expiry=_KEPT_CONNECTION_S),
                )
        return self._clients[kind]


class _Heard(httpx.AsyncByteStream):
    """The bytes of `stream`; `on_word` hears of each piece whether it is blank."""

    def __init__(self, stream: object, on_word: Callable[[bool], None]) -> None:
        self._stream = cast("httpx.AsyncByteStream", stream)
        self._on_word = on_word

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._on_word(not piece.strip())
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _chunks(response: httpx.Response, address: str) -> AsyncGenerator[bytes]:
    """The bytes as they come, those of known length gathered into fewer chunks. Nothing that came is lost by a cut."""
    gather = _CHUNK if "content-length" in response.headers else 0
    gathered = bytearray()
    cut: httpx.HTTPError | None = None
    raw = response.aiter_raw()
    try:
        async for chunk in raw:
            gathered += chunk
            if len(gathered) > gather:
                yield bytes(gathered)
                gathered.clear()
    except httpx.HTTPError as error:
        cut = error
    finally:
        await response.aclose()  # before `raw` goes: thrown away half read it would leave its connection open for ever
    if gathered:
        yield bytes(gathered)
    if cut is not None:
        raise connection_failed(address, cut) from cut


def _date(response: httpx.Response) -> datetime | None:
    """When the answer was written; one out of a cache says nothing about now."""
    try:
        date = None if "age" in response.headers else parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return None if date is None or date.tzinfo is None else date


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None

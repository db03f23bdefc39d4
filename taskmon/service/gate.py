"""The door of the service: who may come in, and when somebody was last here."""

from __future__ import annotations

import hmac
import ipaddress
import time
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from taskmon.service.answers import problem
from taskmon.service.scheduler import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY_HEADER: Final = "x-api-key"

LARGEST_BODY: Final = 32 << 20
"""Bytes of a request that is kept in memory; what goes into the storage streams and has its own limit."""

_CATALOGUE: Final = ("/version-check", "/version", "/simulators/available-images", "/pricing/machine-types")
_WITHOUT_KEY: Final = frozenset({*_CATALOGUE, "/openapi.json", "/docs"})


def needs_no_key(path: str) -> bool:
    """Whether anybody may call `path`: catalogue and documentation, and signed addresses, which prove themselves."""
    return path in _WITHOUT_KEY or path.startswith(f"/{BUCKET}/")


_TOO_LARGE: Final = f"The request is larger than {LARGEST_BODY >> 20} MB. Send less at a time."


def _announced(headers: Headers) -> int:
    told = headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """`receive` until the body has grown too large, whatever was announced."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return receive_some


class Visits:
    """When a client was last here. Runners do not count: they would keep an unused service alive for ever."""

    def __init__(self) -> None:
        self._present = 0
        self._last = time.monotonic()

    def enter(self) -> None:
        self._present += 1

    def leave(self) -> None:
        self._present -= 1
        self._last = time.monotonic()

    def quiet_seconds(self) -> float:
        """For how long no client has been here; 0 while one waits for an answer."""
        return 0.0 if self._present else time.monotonic() - self._last


class Gate:
    """Lets a request through to `app` if it names this computer and brings the key.

    The host is checked so that a web page whose name was made to point here cannot talk to the service, and the origin
    so that a page from elsewhere cannot either, not even with the key.
    """

    def __init__(self, app: ASGIApp, api_key: str, visits: Visits, hosts: Iterable[str]) -> None:
        self._app = app
        self._key = api_key.encode("ascii")
        self._visits = visits
        self._hosts = frozenset(host.lower() for host in hosts) | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        if not self._known_host(headers.get("host", "")):
            await problem(421, "This service does not answer to that host name. Use its address.")(scope, receive, send)
        elif not self._known_origin(headers.get("origin")):
            await problem(403, "Web pages from elsewhere may not use this service.")(scope, receive, send)
        elif not self._may_enter(path, headers):
            answer = problem(401, "The API key is missing or wrong.")
            await answer(scope, receive, send)
        elif path.startswith(f"/{BUCKET}/"):
            await self._admit(scope, receive, send, counts=True)
        elif _announced(headers) > LARGEST_BODY:
            await problem(413, _TOO_LARGE)(scope, receive, send)
        else:
            await self._admit(scope, _limited(receive), send, counts=not path.startswith("/task-runner/"))

    async def _admit(self, scope: Scope, receive: Receive, send: Send, *, counts: bool) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-content-type-options"] = "nosniff"
            await send(message)

        if counts:
            self._visits.enter()
        try:
            await self._app(scope, receive, send_safely)
        finally:
            if counts:
                self._visits.leave()

    def _may_enter(self, path: str, headers: Headers) -> bool:
        if needs_no_key(path):
            return True
        return hmac.compare_digest(headers.get(KEY_HEADER, "").encode("latin-1", "replace"), self._key)

    def _known_origin(self, origin: str | None) -> bool:
        """Programs have no origin; a browser tells that of the page, and `null` for one that it does not trust."""
        scheme, found, host = (origin or "http://localhost").partition("://")
        return bool(found) and scheme in ("http", "https") and self._known_host(host)

    def _known_host(self, host: str) -> bool:
        if host.startswith("["):
            name, _, port = host[1:].partition("]")
            if port and not port.startswith(":"):
                return False
        else:
            name = host.partition(":")[0]
        if name.lower() in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

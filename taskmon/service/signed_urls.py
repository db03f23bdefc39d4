"""Addresses that let whoever holds them do one thing with one object for a while, without the API key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import quote, urlencode

from taskmon.core.errors import RefusedError
from taskmon.service.scheduler import BUCKET

LIFETIME: Final = timedelta(hours=12)

UrlOperation = Literal["upload", "download"]


@dataclass(frozen=True, slots=True)
class UrlSigner:
    """Makes and checks signed URLs. The signature binds operation, path and the moment of expiry."""

    secret: str = field(repr=False)
    clock: Callable[[], datetime]

    def url(self, origin: str, operation: UrlOperation, storage_path: str, runner: str = "") -> str:
        """A URL below `origin` (scheme and host, no slash at the end) for the object of that path.

        With `runner` it is only for the machine of that id, and only as long as that one holds the task.
        """
        expires = int((self.clock() + LIFETIME).timestamp())
        path = storage_path.strip("/")
        signature = self._signature(operation, path, expires, runner)
        whose = {"runner": runner} if runner else {}
        query = urlencode({"operation": operation, "expires": expires, "signature": signature} | whose)
        return f"{origin}/{BUCKET}/{quote(path, safe='/')}?{query}"

    def check(self, operation: UrlOperation, storage_path: str, query: Mapping[str, str]) -> None:
        """Raises RefusedError (403) unless `query` was signed here for this operation and path and is still valid."""
        expires = query.get("expires", "")
        valid = expires.isascii() and expires.isdigit() and len(expires) < 16 and query.get("operation") == operation
        if valid:
            expected = self._signature(operation, storage_path, int(expires), query.get("runner", ""))
            given = query.get("signature", "").encode("utf-8", "replace")
            valid = hmac.compare_digest(expected.encode("ascii"), given)
        if not valid:
            raise RefusedError("The signature of this address is not valid.", "Ask for a new address.", status_code=403)
        if int(expires) < self.clock().timestamp():
            raise RefusedError("This address has expired.", "Ask for a new address.", status_code=403)

    def _signature(self, operation: UrlOperation, path: str, expires: int, runner: str) -> str:
        message = f"{operation}\n{expires}\n{runner}\n{path}".encode("utf-8", "surrogateescape")
        return hmac.new(self.secret.encode("ascii"), message, hashlib.sha256).hexdigest()

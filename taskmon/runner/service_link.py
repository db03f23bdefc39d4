"""The runner's way to the service: requests that survive a service that goes away and comes back elsewhere.

The service's handshake file says where it is. While the process it names is not alive nothing is sent at all: another
program may have taken the port, and must neither get the key nor be believed. Signed addresses of the store are called
without the key.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from taskmon import __version__
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.runner_protocol import RUNNER_HEADER
from taskmon.runner.plain_http import PlainCalls

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S: Final = 30.0
"""How long an answer may take beyond the time a long poll was asked to wait."""
UPLOAD_TIMEOUT_S: Final = 600.0
"""How long the store may take to confirm a whole upload."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is and the key it wants."""

    url: str
    api_key: str = field(repr=False)


def service_died(handshake: Path) -> bool:
    """Whether the process that the handshake file names has ended; False if there is no file or it names none."""
    try:
        pid = json.loads(handshake.read_text(encoding="utf-8"))["pid"]
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    return False


def read_handshake(path: Path) -> Address | None:
    """The address in a service's handshake file; None while there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Address(str(content["url"]).rstrip("/"), str(content["api_key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class ServiceLink:
    """Requests to one service, from any thread. A call raises ConnectionFailedError when no answer came."""

    def __init__(self, address: Address, handshake: Path | None = None) -> None:
        self._address = Address(address.url.rstrip("/"), address.api_key)
        self._handshake = handshake
        self._lock = threading.Lock()
        self._introduction = {"User-Agent": f"TaskRunner/{__version__}/python"}
        self._plain = _plain_calls(self._address)
        # Neither proxies nor certificate files of the environment may come between two programs of one computer.
        self._client = httpx.Client(trust_env=False, headers=dict(self._introduction), timeout=ANSWER_TIMEOUT_S)

    def introduce(self, runner_id: str) -> None:
        """From now on every call says which runner asks."""
        self._introduction[RUNNER_HEADER] = runner_id

    @property
    def address(self) -> Address:
        """The address that the next call will use."""
        with self._lock:
            return self._address

    def close(self) -> None:
        """Drop every connection."""
        if self._plain is not None:
            self._plain.close()
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        wait_s: float = 0.0,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> httpx.Response:
        """The service's answer, whatever its status. `wait_s` is how long the service was asked to wait with it.

        A key that is no longer accepted is looked up once more in the handshake file before 401 is returned.
        """
        answer = self._send(method, path, params, body, wait_s + timeout_s)
        if answer.status_code == httpx.codes.UNAUTHORIZED and self.renew():
            answer = self._send(method, path, params, body, wait_s + timeout_s)
        return answer

    def _send(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: bytes | None, timeout_s: float
    ) -> httpx.Response:
        if self._handshake is not None:
            if service_died(self._handshake):
                raise ConnectionFailedError("The service has ended.", "The runner waits for the next one.")
            self.renew()
        address, plain = self.address, self._plain
        headers = {**self._introduction, "X-API-Key": address.api_key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if plain is not None:
                target = f"{path}?{urlencode(params)}" if params else path
                return plain.request(method, target, body, headers, timeout_s)
            return self._client.request(
                method, address.url + path, params=params, content=body, headers=headers, timeout=timeout_s
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ConnectionFailedError(f"The service did not answer ({error}).", "The runner keeps trying.") from error

    def renew(self) -> bool:
        """Read the handshake file again; True if the service has another address or key than before."""
        found = read_handshake(self._handshake) if self._handshake else None
        with self._lock:
            if found is None or found == self._address:
                return False
            self._address, self._plain = found, _plain_calls(found)
        logger.info("the service is now at %s", found.url)
        return True

    def download(self, url: str) -> AbstractContextManager[httpx.Response]:
        """A streamed GET of a signed address, without the key."""
        return self._client.stream("GET", url, timeout=ANSWER_TIMEOUT_S)

    def upload(self, url: str, chunks: Iterable[bytes]) -> httpx.Response:
        """A chunked PUT to a signed address, without the key. Raises ConnectionFailedError."""
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, read=UPLOAD_TIMEOUT_S, write=UPLOAD_TIMEOUT_S)
        try:
            return self._client.put(url, content=chunks, timeout=timeout)
        except httpx.TransportError as error:
            raise ConnectionFailedError(f"The store did not answer ({error}).", "The runner keeps trying.") from error


def _plain_calls(address: Address) -> PlainCalls | None:
    return PlainCalls(address.url) if address.url.startswith("http://") else None


class BackOff:
    """Growing pauses between tries, in seconds: 0.2, 0.4 … 2; the service is mostly on this computer."""

    def __init__(self, first_s: float = 0.2, most_s: float = 2.0) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The pause before the next try."""
        pause, self._next_s = self._next_s, min(self._next_s * 2, self._most_s)
        return pause

    def reset(self) -> None:
        """A try went well."""
        self._next_s = self._first_s

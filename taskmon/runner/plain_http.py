"""Short calls over kept connections without TLS: a fifth of the work of a whole HTTP client."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping


class PlainCalls:
    """Calls to one `http://host:port`, from any thread. Raises httpx.TransportError like the client it stands for."""

    def __init__(self, url: str) -> None:
        parts = httpx.URL(url)
        self._host, self._port = parts.host, parts.port or 80
        self._prefix = parts.raw_path.decode().rstrip("/")
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> httpx.Response:
        """The whole answer. A kept connection that the service has dropped meanwhile is replaced once."""
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(kept, method, target, body, headers, timeout_s)
            except (ConnectionError, http.client.RemoteDisconnected):
                kept.close()
            except (OSError, http.client.HTTPException) as error:
                kept.close()
                raise _told(error) from error
        fresh = http.client.HTTPConnection(self._host, self._port)
        try:
            return self._exchange(fresh, method, target, body, headers, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            fresh.close()
            raise _told(error) from error

    def close(self) -> None:
        """Drop the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> httpx.Response:
        connection.timeout = timeout_s
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(timeout_s)
        connection.request(method, self._prefix + target, body, dict(headers))
        answer = connection.getresponse()
        response = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return response


def _told(error: Exception) -> httpx.TransportError:
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(f"no answer in time ({error})")
    return httpx.NetworkError(str(error) or type(error).__name__)

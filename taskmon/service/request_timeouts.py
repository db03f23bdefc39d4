"""Requests that never come whole: whoever is silent, or tells a request by drops, does not keep a connection for ever.

Nor do many who are silent, or take no answer, keep out the others. Only what a client still owes is timed. A request
that is here may be answered for as long as it takes: long polls and streams have no limit here, and what waits between
two requests is the server's keep-alive.
"""

from __future__ import annotations

import logging
import resource
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

HEAD_S: Final = 30.0
"""Seconds in which the head of a request must have come, from the connection or from its first byte on."""
BODY_S: Final = 120.0
LEAST_BYTES: Final = 1024
"""Every `BODY_S` seconds so many bytes of a body must come: a packer may be slow, a byte a minute is none."""

_SENTENCE: Final = b'{"detail":"The request did not come whole in time. Send it again."}'
_ANSWER: Final = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_SENTENCE), _SENTENCE)
)

_log = logging.getLogger(__name__)


def most_connections() -> int:
    """How many there may be: half of what this process may have open, for answers and uploads need files as well."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 16 if limit == resource.RLIM_INFINITY else limit // 2


class _Owed(Enum):
    """What the client has still to send."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which gives up requests that do not come."""

    head_s: ClassVar[float] = HEAD_S
    body_s: ClassVar[float] = BODY_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's does
        super().connection_made(transport)
        self._came = 0
        self._owed = _Owed.HEAD
        self._heard_at = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._start_timer()
        if len(self.connections) > most_connections():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._owe(_Owed.NOTHING)

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        self._heard_at = self.loop.time()
        if self._owed is _Owed.NOTHING:
            self._owed = _Owed.HEAD
        super().data_received(data)
        # Most requests come in one piece, and never need a timer.
        if self._owed is not _Owed.NOTHING and self._timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._owe(_Owed.BODY)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._owe(_Owed.NOTHING)

    def _owe(self, owed: _Owed) -> None:
        self._owed = owed
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self) -> None:
        self._came = 0
        self._timer = self.loop.call_later(self.head_s if self._owed is _Owed.HEAD else self.body_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._owed is _Owed.HEAD:
            # While the request before it is answered, that comes first.
            excused = self.cycle is not None and not self.cycle.response_complete
        else:
            excused = self._came >= LEAST_BYTES or self.flow.read_paused
        if excused:
            self._start_timer()
        else:
            self._give_up()

    def _make_room(self) -> None:
        """Too many are here: of those that the service does nothing for, the one that was silent for longest goes."""
        idle = [
            (other._heard_at, id(other), other)
            for other in self.connections
            if isinstance(other, TimedProtocol) and other._is_idle()
        ]
        min(idle)[2].transport.abort()

    def _is_idle(self) -> bool:
        """Whether no request waits for its answer, or nobody takes the answer that is there."""
        if self.transport.is_closing():
            return self.transport.get_write_buffer_size() > 0
        return self.flow.write_paused or self.cycle is None or self.cycle.response_complete

    def _give_up(self) -> None:
        _log.info("A request of %s did not come whole: its connection is closed", self.client)
        # Who has said nothing hears nothing, nor does a request whose answer has begun.
        if not self.cycle.response_started if self._owed is _Owed.BODY else self._came:
            self.transport.write(_ANSWER)
        # Whoever does not read either would keep a connection that is only closed.
        (self.transport.abort if self.transport.get_write_buffer_size() else self.transport.close)()

"""The web server around the application: uvicorn as this service needs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from taskmon.service.app import create_app
from taskmon.service.request_timeouts import TimedProtocol, most_connections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from taskmon.core.extensions import Faults
    from taskmon.service.context import Service


class WebServer(uvicorn.Server):
    """uvicorn with two differences: it says when it is ready, and leaves signals to us."""

    def __init__(self, app: ASGIApp, protocol: type[TimedProtocol]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
                timeout_keep_alive=75,
                backlog=min(100, most_connections() // 4),  # what is let in at once, before any can be sent away
            )
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def until_ready(self, serving: asyncio.Task[None]) -> None:
        """Return when requests are answered; raises what kept `serving` from getting there."""
        ready = asyncio.create_task(self.ready.wait())
        await asyncio.wait({ready, serving}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if serving.done():
            serving.result()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web_server(service: Service, host: str, faults: Faults | None, head_s: float, body_s: float) -> WebServer:
    """What serves `service` at `host`, with `faults` in its answers; `request_timeouts` says what the times are."""
    hosts = [host, socket.gethostname()]
    protocol, chaos = TimedProtocol, None
    if faults is not None:
        from taskmon.service.chaos import Chaos, CuttableProtocol

        sys.stderr.write("This service injects faults into its answers on purpose (--chaos).\n")
        protocol, chaos = CuttableProtocol, Chaos(faults)
    timed = type(protocol.__name__, (protocol,), {"head_s": head_s, "body_s": body_s})
    return WebServer(create_app(service, hosts, chaos), timed)

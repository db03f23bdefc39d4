"""The socket of the service, at the port it had before if that is free."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import TYPE_CHECKING

from taskmon.core.errors import InvalidInputError
from taskmon.service.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path


def listen(host: str, port: int, memory: Path) -> tuple[socket.socket, int]:
    """A bound socket and its port. With `port` 0 the one remembered in the file `memory`, if it is free, else any.

    Raises InvalidInputError if the address cannot be had.
    """
    remembered = memory.read_text(encoding="utf-8").strip() if memory.exists() else ""
    listener = None
    if port == 0 and remembered.isascii() and remembered.isdigit():
        with contextlib.suppress(InvalidInputError):
            listener = _bound(host, int(remembered))
    listener = listener or _bound(host, port)
    taken: int = listener.getsockname()[1]
    write_private(memory, str(taken))
    return listener, taken


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # An answer goes out as head and body: without this the body waits 40 ms for the receipt of the head.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(
            f"The service cannot listen on {host}, port {port}: {reason}.", "Choose another --host or --port."
        ) from error
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches a service that listens there."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def service_url(host: str, port: int) -> str:
    """The address for clients on this computer; a service that listens everywhere is reached by loopback."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"

"""Tells whoever asks by UDP under which address it is seen: what WebRTC programs ask before they connect (STUN).

The programs that look into a running task's files ask one server for their own address (STUN) and for a relay (TURN),
and lose five seconds per connection where nobody answers. So the service answers at its own port number: the address
truly, and a refusal for the relay, which nobody needs inside one computer or network. Formats: RFC 8489, RFC 8656.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import struct
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_log = logging.getLogger(__name__)

COOKIE: Final = 0x2112A442
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_LONGEST_REQUEST: Final = 1500
"""Bytes; no request of this protocol fills a packet of a usual network."""

_BINDING: Final = 0x0001
_ALLOCATE: Final = 0x0003
_SUCCESS: Final = 0x0100
_FAILURE: Final = 0x0110
_ERROR_CODE: Final = 0x0009
_UNKNOWN_ATTRIBUTES: Final = 0x000A
_XOR_MAPPED_ADDRESS: Final = 0x0020
_OPTIONAL: Final = 0x8000
"""Attributes from this number on may be ignored by who does not know them."""
_KNOWN: Final = frozenset({0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x0024, 0x0025})
"""Who is asking, signatures, and what ICE adds to a question: none of it changes the answer."""


def answer(packet: bytes, host: str, port: int) -> bytes | None:
    """What to send back for `packet` that came from `host` and `port`; None for everything that is no request."""
    if not _HEADER.size <= len(packet) <= _LONGEST_REQUEST:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(packet)
    if cookie != COOKIE or length != len(packet) - _HEADER.size or length % 4:
        return None
    if kind == _ALLOCATE:
        return _refusal(kind, transaction, 403, "There are no relays here.")
    if kind != _BINDING:
        return None
    types = _attribute_types(packet[_HEADER.size :])
    if types is None:
        return None
    unknown = [number for number in types if number < _OPTIONAL and number not in _KNOWN]
    if unknown:
        listed = struct.pack(f"!{len(unknown)}H", *unknown)
        return _refusal(kind, transaction, 420, "Unknown attribute.", _attribute(_UNKNOWN_ATTRIBUTES, listed))
    try:
        seen = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return _message(kind | _SUCCESS, transaction, _attribute(_XOR_MAPPED_ADDRESS, _masked(seen, port, transaction)))


def _attribute_types(body: bytes) -> list[int] | None:
    """The numbers of the attributes in a request's body; None if they do not fill it exactly."""
    types, place = [], 0
    while place < len(body):
        number, length = _ATTRIBUTE.unpack_from(body, place)
        types.append(number)
        place += _ATTRIBUTE.size + length + -length % 4
    return types if place == len(body) else None


def _masked(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int, transaction: bytes) -> bytes:
    """An address that no router mistakes for one that it has to translate."""
    mask = COOKIE.to_bytes(4, "big") + transaction
    masked = bytes(one ^ other for one, other in zip(address.packed, mask, strict=False))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, port ^ (COOKIE >> 16)) + masked


def _attribute(number: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(number, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, transaction: bytes, body: bytes) -> bytes:
    return _HEADER.pack(kind, len(body), COOKIE, transaction) + body


def _refusal(kind: int, transaction: bytes, code: int, reason: str, more: bytes = b"") -> bytes:
    value = struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode()
    return _message(kind | _FAILURE, transaction, _attribute(_ERROR_CODE, value) + more)


class _Responder(asyncio.DatagramProtocol):
    """Answers every request; keeps nothing."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, packet: bytes, sender: tuple[Any, ...]) -> None:
        told = answer(packet, str(sender[0]), int(sender[1]))
        if told is not None and self._transport is not None:
            self._transport.sendto(told, sender)

    def error_received(self, error: Exception) -> None:
        _log.debug("An answer did not reach who asked: %s", error)


@contextlib.asynccontextmanager
async def address_service(host: str, port: int) -> AsyncGenerator[bool]:
    """Answer at UDP `port` of `host` while the context is open. False if the port belongs to somebody else."""
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(_Responder, local_addr=(host or "0.0.0.0", port))  # noqa: S104
    except OSError as error:
        _log.warning("UDP port %d cannot be used (%s): live files take longer to open", port, error.strerror)
        yield False
        return
    try:
        yield True
    finally:
        transport.close()

"""Direct connections between two programs (WebRTC), as live files need them. Importing this loads aiortc: 0.5 s, 40 MB.

So nobody imports it at the top of a module: only whoever is about to open a connection.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    # aiortc still calls what its own dependencies have begun to rename.
    warnings.simplefilter("ignore")
    import aioice.ice
    from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection, RTCSessionDescription

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RTCDataChannel", "RTCPeerConnection", "RTCSessionDescription", "open_peer", "when_drained"]

logging.getLogger("aioice").setLevel(logging.WARNING)

_DRAIN_LOOK_S = 0.02
_addresses_of_host = aioice.ice.get_host_addresses


def _addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """aioice leaves the loopback address out; on a computer without a network it is all there is."""
    return _addresses_of_host(use_ipv4, use_ipv6) or ["127.0.0.1"]


aioice.ice.get_host_addresses = _addresses_or_loopback


def open_peer(servers: Sequence[str] = ()) -> RTCPeerConnection:
    """A connection that is not yet made. `servers` (`host:port`) tell addresses and relay; none are needed inside one
    computer or network. Close it in the end."""
    listed = [RTCIceServer(f"{kind}:{server}") for server in servers for kind in ("stun", "turn")]
    return RTCPeerConnection(RTCConfiguration(iceServers=listed))


async def when_drained(channel: RTCDataChannel, limit: int = 0) -> None:
    """Return once at most `limit` bytes wait to be sent, or the channel is not open any more."""
    while channel.readyState == "open" and channel.bufferedAmount > limit:  # noqa: ASYNC110 (it tells by one event only)
        await asyncio.sleep(_DRAIN_LOOK_S)

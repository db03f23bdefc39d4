"""How programs on this computer find its service: the file that it leaves in its data folder, and a request by hand.

Small, so that the window can ask before it is painted.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

_HANDSHAKE: Final = "service.json"


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a service answers and the key that it accepts."""

    url: str
    api_key: str
    pid: int

    def __repr__(self) -> str:
        return f"ServiceAddress({self.url!r}, pid={self.pid})"


def living_service(data_dir: Path) -> ServiceAddress | None:
    """The service that left its address in `data_dir`, if its process is alive; it may not answer."""
    try:
        address = address_in((data_dir / _HANDSHAKE).read_bytes())
    except OSError:
        return None
    return address if address is not None and _is_alive(address.pid) else None


def address_in(text: bytes) -> ServiceAddress | None:
    """What a service says of itself in its file, and in a line when it starts; None for anything else."""
    try:
        content: Any = json.loads(text)
        return ServiceAddress(str(content["url"]), str(content["api_key"]), int(content["pid"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def request_for(address: ServiceAddress, path: str) -> bytes:
    """A GET on a connection that ends with the answer. Raises UnicodeEncodeError for a key that is none."""
    return (
        f"GET {path} HTTP/1.1\r\nhost: {urlsplit(address.url).netloc}\r\nx-api-key: {address.api_key}\r\n"
        "accept: application/json\r\nconnection: close\r\n\r\n"
    ).encode("ascii")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return False
    return pid > 0

"""What services are called: small, because the first paint needs it."""

from __future__ import annotations

from typing import Final

THIS_COMPUTER: Final = "This computer"


def list_name(name: str, folder: str = "") -> str:
    """Under which the list of tasks of a service is remembered; `folder` tells those of this computer apart."""
    return f"{name} {folder}".rstrip()

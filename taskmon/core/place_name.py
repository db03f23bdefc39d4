"""What services are called: small, because the first paint needs it."""

from __future__ import annotations

from typing import Final

THIS_COMPUTER: Final = "This computer"


def list_name(name: str, where: str) -> str:
    """Under which the list of tasks of a service is remembered; `where` is its address, or its folder on this computer:
    a name alone may be given to another service one day."""
    return f"{name} {where}".rstrip()

"""Keys that lie ready on this computer. Those of the official Inductiva client are offered, never taken or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from taskmon.core.connection import CLOUD, key_problem, tidy_address

KEY_VARIABLE: Final = "INDUCTIVA_API_KEY"
URL_VARIABLE: Final = "INDUCTIVA_API_URL"
KEY_FILE: Final = "~/.inductiva/api_key"
"""Where `inductiva auth login` puts the key."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and where it was found."""

    source: str
    key: str = field(repr=False)


def own_key(url: str, environment: Mapping[str, str]) -> str:
    """The key in $TASKMON_API_KEY; empty if there is none, or if $TASKMON_URL says that it belongs elsewhere."""
    named = tidy_address(environment.get("TASKMON_URL", ""))
    return environment.get("TASKMON_API_KEY", "").strip() if named in ("", tidy_address(url)) else ""


def found_keys(url: str, environment: Mapping[str, str], home: Path) -> tuple[FoundKey, ...]:
    """The keys that belong to the service at `url`, the variable first, as the official client has it.

    The variable belongs to the address in $INDUCTIVA_API_URL, which is the cloud's unless it says otherwise; the file
    is used with both. Neither is offered to any other address.
    """
    address = tidy_address(url)
    named = tidy_address(environment.get(URL_VARIABLE, "")) or CLOUD.url
    found = []
    if address == named:
        found.append(FoundKey(f"${KEY_VARIABLE}", environment.get(KEY_VARIABLE, "").strip()))
    if address in (named, CLOUD.url):
        found.append(FoundKey(KEY_FILE, _text(home / KEY_FILE.removeprefix("~/"))))
    return tuple(key for key in found if not key_problem(key.key))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""

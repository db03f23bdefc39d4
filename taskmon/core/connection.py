"""What a connection is, which addresses and keys can work, and the values that the connections dialog speaks in.

The rule for keys is that of the official client: letters, digits, dots, underscores and hyphens, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from taskmon.core.errors import InvalidInputError
from taskmon.core.place_name import THIS_COMPUTER as THIS_COMPUTER

LONGEST_NAME: Final = 60
LONGEST_KEY: Final = 4096


_KEY: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A service elsewhere, by the name a person gave it. Its key is kept outside of all settings."""

    name: str
    url: str


CLOUD: Final = Connection(name="Inductiva cloud", url="https://api.inductiva.ai")


class ConnectionKind(StrEnum):
    """Where a connection comes from, and with it what may be changed about it."""

    EMBEDDED = "embedded"  # this computer's own service: nothing
    CLOUD = "cloud"  # always offered: its key
    OWN = "own"  # set up by the user: everything
    GIVEN = "given"  # by the command line or the environment, for this run only: nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEntry:
    """A line of the dialog. `found_keys` names the places where a key for this address lies ready."""

    connection: Connection
    kind: ConnectionKind
    present: bool = False
    found_keys: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.connection.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDraft:
    """A connection as it stands in the form. `original` is its saved name, empty for a new one.

    An empty `key` means: the stored one, if any.
    """

    original: str
    name: str
    url: str
    key: str = field(default="", repr=False)

    @property
    def connection(self) -> Connection:
        return Connection(name=self.name.strip(), url=tidy_address(self.url))


class FormPart(StrEnum):
    """What a refusal is about, so that it can be said beside the right field."""

    ADDRESS = "address"
    KEY = "key"


def tidy_address(url: str) -> str:
    """The address without blanks around it and slashes at its end."""
    return url.strip().rstrip("/")


def name_problem(name: str, taken: Collection[str]) -> str:
    """Why a connection cannot be called so; empty if it can."""
    tidy = name.strip()
    if not tidy:
        return "Give it a name."
    if len(tidy) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters."
    if not tidy.isprintable():
        return "Use printable characters only."
    if tidy.casefold() in {other.casefold() for other in taken}:
        return f"There is a connection “{tidy}” already."
    return ""


def address_problem(url: str) -> str:
    """Why this cannot be the address of a service; empty if it can."""
    tidy = tidy_address(url)
    if not tidy:
        return "Enter the address of the service, like https://api.example.org."
    try:
        parts = urlsplit(tidy)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not an address. Write it like https://api.example.org."
    if parts.scheme not in ("http", "https"):
        return "Begin the address with https:// or http://."
    if not host or any(character.isspace() or not character.isprintable() for character in tidy):
        return "This is not an address. Write it like https://api.example.org."
    if parts.username is not None or parts.password is not None:
        return "Leave the part before the @ out; a key belongs into its own field."
    if parts.query or parts.fragment:
        return "Leave out what stands after ? or #."
    return ""


def usable_address(url: str) -> str:
    """The tidy address. Raises InvalidInputError, without repeating what may hold a password."""
    problem = address_problem(url)
    if problem:
        raise InvalidInputError("The address of the service cannot be used.", problem)
    return tidy_address(url)


def usable_key(key: str) -> str:
    """The key without blanks around it. Raises InvalidInputError."""
    problem = key_problem(key)
    if problem:
        raise InvalidInputError("The API key cannot be used.", problem)
    return key.strip()


def address_warning(url: str) -> str:
    """What to know before a key goes to this address; empty if there is nothing."""
    if address_problem(url):
        return ""
    parts = urlsplit(tidy_address(url))
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return ""
    return "Without https the key travels in clear text: everybody on the way can read it."


def is_loopback(host: str) -> bool:
    """Whether a host name or address means the computer itself."""
    if host == "localhost":
        return True
    try:
        import ipaddress  # the first paint needs no address

        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_problem(key: str) -> str:
    """Why this cannot be an API key, without repeating it; empty if it can."""
    tidy = key.strip()
    if not tidy:
        return "Enter the API key."
    if not _KEY.fullmatch(tidy):
        return "A key has only letters, digits, dots, underscores and hyphens. Copy the whole key again."
    if len(tidy) > LONGEST_KEY:
        return "This is too long for a key. Copy only the key."
    return ""

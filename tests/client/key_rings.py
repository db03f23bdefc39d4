"""Keyrings of the tests' own: one in a file, one that fails, one that never answers."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


@dataclass
class FileKeyring:
    """Works, and keeps what it is given in a file."""

    path: Path

    def get_password(self, service: str, username: str) -> str | None:
        return self._content().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.path.write_text(json.dumps(self._content() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        content = self._content()
        del content[f"{service}/{username}"]
        self.path.write_text(json.dumps(content))

    def _content(self) -> dict[str, str]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}


class LockedKeyring:
    """Refuses everything; its error repeats what it was given, as a careless backend might."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"cannot store {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("locked")


@dataclass
class SilentKeyring:
    """Hangs until it is released; counts how often it was asked."""

    asked: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.released.wait(30)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)

    def delete_password(self, service: str, username: str) -> None:
        self.get_password(service, username)


class RecommendedKeyring(KeyringBackend):
    """A backend that the package `keyring` itself finds and recommends."""

    priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("only for show")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("only for show")


class PlainTextKeyring(RecommendedKeyring):
    """One that keeps keys where everybody can read them; such backends have a low priority."""

    priority = 0.5

"""The layout of the service's data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from taskmon.core.errors import RefusedError


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Every path the service uses, below one root that belongs to one user (0700)."""

    root: Path

    def create(self) -> None:
        """Make the folders that are not there yet, and close the root to others. Raises RefusedError, OSError."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._close_to_others()
        for folder in (self.storage, self.incoming, self.work, self.cache):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _close_to_others(self) -> None:
        """A folder that was there before may be open to other users, or even be theirs."""
        facts = self.root.stat()
        if facts.st_uid != os.geteuid():
            raise RefusedError(
                f"The data folder {self.root} belongs to another user, who could read the key of the service in it.",
                "Choose a folder of your own with --data-dir.",
            )
        if facts.st_mode & 0o077:
            self.root.chmod(0o700)

    @property
    def handshake(self) -> Path:
        return self.root / "service.json"

    @property
    def lock(self) -> Path:
        return self.root / "service.lock"

    @property
    def api_key(self) -> Path:
        return self.root / "api_key"

    @property
    def signing_secret(self) -> Path:
        return self.root / "signing_secret"

    @property
    def database(self) -> Path:
        return self.root / "taskmon.db"

    @property
    def log(self) -> Path:
        return self.root / "service.log"

    @property
    def port(self) -> Path:
        """The port used last, so that a restarted service answers at the old address."""
        return self.root / "port"

    @property
    def storage(self) -> Path:
        """Stored objects by their storage path."""
        return self.root / "storage"

    @property
    def incoming(self) -> Path:
        """Uploads that have not all arrived."""
        return self.root / "incoming"

    @property
    def work(self) -> Path:
        """The runners' work folders, one per task, and their logs."""
        return self.root / "work"

    def runner_log(self, name: str) -> Path:
        """The log of the runner of that name."""
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
        return self.work / f"runner-{safe}.log"

    @property
    def cache(self) -> Path:
        """Members unpacked from output archives; may be deleted at any time."""
        return self.root / "cache"

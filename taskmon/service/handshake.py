"""How clients find a running service, and how a second one finds out that it is not needed."""

from __future__ import annotations

import fcntl
import logging
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import orjson

from taskmon.core.errors import RefusedError
from taskmon.service.private_files import write_private

if TYPE_CHECKING:
    from taskmon.service.data_folder import DataFolder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """The content of `service.json`."""

    url: str
    api_key: str = field(repr=False)
    pid: int
    started_at: str
    version: str

    def ready_line(self) -> str:
        """The one line of standard output that says: ready."""
        return orjson.dumps({"url": self.url, "api_key": self.api_key, "pid": self.pid}).decode()


class FolderLock:
    """Held by the one service of a data folder; the kernel frees it when the process ends, however it ends."""

    def __init__(self, data: DataFolder) -> None:
        """Raises RefusedError if another service holds the folder."""
        self._data = data
        self._descriptor = os.open(data.lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise RefusedError(
                f"Another task service already uses the folder {data.root}{_whereabouts(data)}.",
                "Use that one, stop it first, or choose another --data-dir.",
            ) from None

    def publish(self, handshake: Handshake) -> None:
        """Tell clients where the service is."""
        write_private(self._data.handshake, orjson.dumps(asdict(handshake)).decode())

    def release(self) -> None:
        try:
            self._data.handshake.unlink(missing_ok=True)
        except OSError as error:  # on a disk that cannot be written; clients find out that nobody answers there
            _log.warning("%s stays: %s", self._data.handshake, error)
        finally:
            os.close(self._descriptor)


def _whereabouts(data: DataFolder) -> str:
    try:
        known = orjson.loads(data.handshake.read_bytes())
        return f" (process {known['pid']} at {known['url']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""

"""What tasks and runners leave in the work folder: kept while it is nowhere else, deleted when its time has come."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskmon.service.data_folder import DataFolder
    from taskmon.service.machines.provider import MachineProvider
    from taskmon.service.task_repository import TaskRepository

RETENTION: Final = timedelta(days=7)
"""How long the files of a task that was lost with its machine can be read."""
REST: Final = timedelta(minutes=2)
"""A runner may still be busy with the folder of a task that has just ended."""
LOW_DISK: Final = 2 * 1024**3
"""With less than this free (bytes), what is kept only for reading goes early, the oldest first."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Leftover:
    """The folder of an ended task, or the log of a runner that has ended, at `ended`.

    `stored`: the outputs of the task are in the storage, so that nothing is lost with it.
    """

    path: Path
    ended: datetime
    stored: bool


class WorkFolders:
    """Finds what nobody needs for work any more; deletes what is due."""

    def __init__(
        self, data: DataFolder, tasks: TaskRepository, provider: MachineProvider, *, low_disk: int = LOW_DISK
    ) -> None:
        self._data = data
        self._tasks = tasks
        self._provider = provider
        self._low_disk = low_disk

    def old(self, now: datetime) -> list[Leftover]:
        """What was left a while ago, the oldest first. Reads the database: call it on the loop."""
        found = []
        at_work = {self._data.runner_log(runner.name) for runner in self._provider.list()}
        for path in self._data.work.iterdir():
            task = self._tasks.find(path.name) if path.is_dir() else None
            if task is None:
                # The log of a runner, or the folder of a task that was in a database before this one.
                changed = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
                if path not in at_work and now - changed > RETENTION:
                    found.append(Leftover(path, changed, stored=False))
            elif task.is_terminated and task.end_time is not None and now - task.end_time >= REST:
                stored = (self._data.storage / (task.storage_output_path or "")).is_file()
                found.append(Leftover(path, task.end_time, stored))
        return sorted(found, key=lambda leftover: leftover.ended)

    def delete_due(self, leftovers: Iterable[Leftover], now: datetime) -> int:
        """Delete what is due, for age or because the disk gets full; how many. Takes its time: call it in a thread."""
        deleted = 0
        for left in leftovers:
            if left.stored or now - left.ended > RETENTION or self._disk_is_low():
                _remove(left.path)
                deleted += not left.path.exists()
        if self._disk_is_low():
            for entry in self._data.cache.iterdir():
                _remove(entry)
        if deleted:
            _log.info("Deleted what %d ended tasks and runners had left", deleted)
        return deleted

    def _disk_is_low(self) -> bool:
        return shutil.disk_usage(self._data.work).free < self._low_disk


def _remove(path: Path) -> None:
    """Delete a file, or a folder with everything in it, as far as that is possible."""
    with contextlib.suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
            return
        path.chmod(0o700)
        for place, names, _ in os.walk(path):  # a simulator may have left folders that cannot be written
            for folder in (Path(place, name) for name in names):
                if not folder.is_symlink():
                    folder.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)

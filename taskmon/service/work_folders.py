"""The work folders of tasks that are over: kept while their logs are nowhere else, deleted when their time has come."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from taskmon.service.data_folder import DataFolder
    from taskmon.service.task_repository import TaskRepository

RETENTION: Final = timedelta(days=7)
"""How long the files of a task that was lost with its machine can be read."""
REST: Final = timedelta(minutes=2)
"""A runner may still be busy with the folder of a task that has just ended."""
LOW_DISK: Final = 2 * 1024**3
"""With less than this free (bytes), what is kept only for reading goes early, the oldest first."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OldFolder:
    """The folder of an ended task. `stored`: its outputs are in the storage, so that nothing is lost with it."""

    path: Path
    ended: datetime
    stored: bool


class WorkFolders:
    """Finds folders that nobody works in any more; deletes those that are due."""

    def __init__(self, data: DataFolder, tasks: TaskRepository, *, low_disk: int = LOW_DISK) -> None:
        self._data = data
        self._tasks = tasks
        self._low_disk = low_disk

    def old(self, now: datetime) -> list[OldFolder]:
        """The folders of tasks that ended a while ago, the oldest first. Reads the database: call it on the loop."""
        found = []
        for path in self._data.work.iterdir():
            task = self._tasks.find(path.name) if path.is_dir() else None
            if task is None or not task.is_terminated or task.end_time is None or now - task.end_time < REST:
                continue
            stored = (self._data.storage / (task.storage_output_path or "")).is_file()
            found.append(OldFolder(path, task.end_time, stored))
        return sorted(found, key=lambda folder: folder.ended)

    def delete_due(self, folders: Iterable[OldFolder], now: datetime) -> int:
        """Delete what is due, for age or because the disk gets full; how many. Takes its time: call it in a thread."""
        deleted = 0
        for folder in folders:
            if folder.stored or now - folder.ended > RETENTION or self._disk_is_low():
                shutil.rmtree(folder.path, ignore_errors=True)
                deleted += 1
        if self._disk_is_low():
            for entry in self._data.cache.iterdir():
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        if deleted:
            _log.info("Deleted the work folders of %d ended tasks", deleted)
        return deleted

    def _disk_is_low(self) -> bool:
        return shutil.disk_usage(self._data.work).free < self._low_disk

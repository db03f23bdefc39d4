"""What a task's processes use of the machine, sampled into a CSV file that the window reads while it grows."""

from __future__ import annotations

import csv
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

logger = logging.getLogger(__name__)

COLUMNS: Final = ("time", "command", "cpu-usage", "memory", "disk-input", "disk-output")
_FIRST_SAMPLE_S: Final = 0.2
_STEPS: Final = ((300.0, 1.0), (3600.0, 5.0))
_LATE_STEP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Sums over a tree of processes: CPU seconds and bytes read and written so far, bytes of memory now."""

    cpu_s: float = 0.0
    memory: int = 0
    read: int = 0
    written: int = 0


def sampling_pause(age_s: float) -> float:
    """Seconds until the next sample of a task that has run for `age_s` seconds."""
    return next((pause for limit, pause in _STEPS if age_s < limit), _LATE_STEP_S)


def read_tree(root: psutil.Process) -> Reading:
    """What `root` and its descendants use. What an ended child used is counted by the parent that waited for it."""
    cpu_s, memory, read, written = 0.0, 0, 0, 0
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return Reading()
    for process in processes:
        try:
            with process.oneshot():
                times = process.cpu_times()
                resident = process.memory_info().rss
        except psutil.Error:
            continue
        cpu_s += times.user + times.system
        cpu_s += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        memory += resident
        try:
            counters = process.io_counters()
        except (psutil.Error, OSError, AttributeError):
            continue
        read += counters.read_bytes
        written += counters.write_bytes
    return Reading(cpu_s, memory, read, written)


class UsageSampler:
    """Writes one row every second (less often later) about the command that runs. CPU in percent of one core."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._began = time.monotonic()
        self._disk_before = (0, 0)
        with path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(COLUMNS)

    def watch(self, command: int, pid: int) -> _Watch:
        """Sample the command with this index and process id for as long as the returned block lasts."""
        return _Watch(self, command, pid)

    def write(self, command: int, cpu_percent: float, reading: Reading) -> None:
        """Append one sample; the file may already be gone or its disk full."""
        row = (
            self._clock().isoformat(timespec="milliseconds"),
            command,
            f"{cpu_percent:.1f}",
            reading.memory,
            self._disk_before[0] + reading.read,
            self._disk_before[1] + reading.written,
        )
        try:
            with self._path.open("a", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(row)
        except OSError as error:
            logger.warning("a usage sample could not be written: %s", error)

    def pause_s(self) -> float:
        """Seconds until the next sample."""
        age_s = time.monotonic() - self._began
        return _FIRST_SAMPLE_S if age_s < _FIRST_SAMPLE_S else sampling_pause(age_s)

    def add_disk(self, read: int, written: int) -> None:
        """Count what a finished command has read and written."""
        self._disk_before = (self._disk_before[0] + read, self._disk_before[1] + written)


class _Watch:
    """Samples one command from a thread of its own until the block is left."""

    def __init__(self, sampler: UsageSampler, command: int, pid: int) -> None:
        self._sampler = sampler
        self._command = command
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample_forever, name="usage", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample_forever(self) -> None:
        try:
            root = psutil.Process(self._pid)
        except psutil.Error:
            return
        last, last_time = Reading(), time.monotonic()
        most_read = most_written = 0
        while not self._over.wait(self._sampler.pause_s()):
            now, now_time = read_tree(root), time.monotonic()
            if now.memory == 0:
                continue  # it has just ended
            # The sum falls when a process ends that nobody waited for; a disk counter must not.
            most_read, most_written = max(most_read, now.read), max(most_written, now.written)
            cpu_percent = 100.0 * max(0.0, now.cpu_s - last.cpu_s) / max(1e-3, now_time - last_time)
            self._sampler.write(self._command, cpu_percent, Reading(now.cpu_s, now.memory, most_read, most_written))
            last, last_time = now, now_time
        self._sampler.add_disk(most_read, most_written)

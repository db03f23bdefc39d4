"""How busy the rest of the computer is: what other programs use of its cores, and whether it runs on battery."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RESTING = ("idle", "iowait", "guest", "guest_nice")
"""Not work, or counted elsewhere already."""


def on_battery() -> bool:
    """Whether the computer has a battery and lives on it now."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, ValueError):
        return False
    return battery is not None and battery.power_plugged is False


class LoadMeter:
    """Cores that processes other than our own used on average since the last reading.

    `own_roots` names the processes that count as ours, with everything below them.
    """

    def __init__(self, own_roots: Callable[[], Iterable[int]]) -> None:
        self._own_roots = own_roots
        self._last = self._measure()

    def read(self) -> float:
        """Other programs' share in cores, from the last call until now."""
        before, self._last = self._last, self._measure()
        moment, busy, own = (now - then for now, then in zip(self._last, before, strict=True))
        return max(0.0, busy - max(0.0, own)) / max(moment, 1e-3)

    def _measure(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        busy = sum(seconds for name, seconds in times._asdict().items() if name not in _RESTING)
        return time.monotonic(), busy, sum(_tree_seconds(pid) for pid in self._own_roots())


def _tree_seconds(pid: int) -> float:
    """CPU seconds of a process and its descendants, with those of children that were waited for."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
        total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total

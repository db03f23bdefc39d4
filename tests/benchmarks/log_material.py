"""What the benchmarks of the log share: a solver's log, stop watches, peers that may be missing."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

LAST_LINE = b"the last and only needle-7f3a line\n"


def sample_lines(count: int) -> list[bytes]:
    """Lines of about a hundred bytes, some coloured, one in a thousand a warning."""
    chance = random.Random(2)
    lines = []
    for number in range(count):
        kind = chance.random()
        if kind < 0.5:
            lines.append(
                b"Time = %.5f  Courant Number mean: %.6f max: %.6f deltaT = %.3e ClockTime = %d s"
                % (number * 0.01, chance.random(), chance.random() * 3, chance.random() * 1e-3, number)
            )
        elif kind < 0.9:
            lines.append(
                b"smoothSolver:  Solving for Ux, Initial residual = %.8f, Final residual = %.3e, No Iterations %d"
                % (chance.random(), chance.random() * 1e-6, number % 20)
            )
        elif kind < 0.999:
            lines.append(
                b"[%08d] step %d: \x1b[32mINFO\x1b[0m wrote fields to postProcessing/probes/%d/U  %s"
                % (number, number, number, b"x" * chance.randrange(60))
            )
        else:
            lines.append(
                b"--> FOAM Warning : bounding k, min: -%.6f max: %.4f in case-%d"
                % (chance.random(), chance.random(), chance.randrange(10**6))
            )
    return lines


def write_log(path: Path, megabytes: int) -> None:
    """A log of that size; its last line is the only one with a needle."""
    block = b"\n".join(sample_lines(100_000)) + b"\n"
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write(block)
        file.write(LAST_LINE)


class Lateness:
    """How late a timer of 4 ms comes [ms]: what a person feels as stalling."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=4)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(max(0.0, (now - self._last) * 1e3 - 4))
        self._last = now

    def reset(self) -> None:
        self.gaps.clear()
        self._last = time.perf_counter()

    def p99(self) -> float:
        gaps = sorted(self.gaps) or [0.0]
        return gaps[min(len(gaps) - 1, round(0.99 * (len(gaps) - 1)))]


def run_loop(seconds: float) -> None:
    """Lets Qt work for so long."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def peer(name: str, purpose: str) -> str | None:
    """The path of another program to compare with; says so where it is missing."""
    found = shutil.which(name)
    if found is None:
        print(f"  {name} is not installed: {purpose} is not compared with it")
    return found


def anonymous_megabytes(pid: int | str = "self") -> float:
    """Memory of a process that is not a file's [MB]; 0 where the system does not tell."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) / 1e3
    except OSError:
        return 0.0
    return 0.0

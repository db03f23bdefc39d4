"""What the window costs while nobody needs it: `python tests/benchmarks/bench_idle.py [SECONDS]`.

A `taskmon serve` process without the change feed knows 1,000 ended tasks; the real window shows them in a process of
its own. After it has loaded and calmed down, its processor time (from the kernel) and its requests are counted for
SECONDS, first hidden, then, in another process, on the screen and untouched. Prints both, as shares of one core and per
hour.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.seeded_service import seeded_service
from tests.journeys.story import Service

ROOT = Path(__file__).parents[2]
TASKS = 1000
SETTLE_S = 75.0
"""Loading, then the pause between looks grows to its longest."""

GOAL_REQUESTS, GOAL_SHARE = 130, 0.5

WINDOW = """
import os, sys
import httpx
from PySide6.QtCore import QTimer
from taskmon.gui.shell import Shell

send = httpx.AsyncClient.send
def counted(self, *given, **options):
    os.write(1, b".")
    return send(self, *given, **options)
httpx.AsyncClient.send = counted

make = Shell.__init__
def made(self, *given):
    make(self, *given)
    if sys.argv[2] == "hidden":
        QTimer.singleShot(5000, self.window.hide)
Shell.__init__ = made

from taskmon.cli import main
sys.exit(main(["--url", sys.argv[1]]))
"""


def waited(output: int, seconds: float) -> int:
    """The bytes that come within so many seconds: one for each request."""
    heard, until = 0, time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if selector.select(left):
                heard += len(os.read(output, 4096))
    return heard


def cost(service: Service, home: Path, how: str, seconds: float) -> tuple[float, float]:
    """Percent of a core and requests per hour of a window that is "hidden" or "visible"."""
    home.mkdir()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "TASKMON_"))}
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, service.url, how], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT,
        env={**plain, "HOME": str(home), "TASKMON_URL": service.url, "TASKMON_API_KEY": service.api_key},
    )  # fmt: skip
    assert window.stdout is not None
    process = psutil.Process(window.pid)
    try:
        if waited(window.stdout.fileno(), SETTLE_S) < TASKS // 200:
            raise SystemExit("the window has not loaded the list")
        before, began = process.cpu_times(), time.monotonic()
        requests = waited(window.stdout.fileno(), seconds)
        after, took = process.cpu_times(), time.monotonic() - began
    finally:
        window.terminate()
        window.wait(20)
    spent = after.user + after.system - before.user - before.system
    return 100 * spent / took, 3600 * requests / took


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    with (
        tempfile.TemporaryDirectory() as folder,
        seeded_service(Path(folder) / "data", TASKS, "--no-extensions") as known,
    ):
        for how, goal in (("hidden", f" (goal {GOAL_SHARE} and {GOAL_REQUESTS})"), ("visible", "")):
            share, requests = cost(known, Path(folder) / how, how, seconds)
            print(
                f"{how} window, {TASKS:,} ended tasks: {share:.2f} % of a core, {requests:.0f} requests/h{goal}",
                flush=True,
            )


if __name__ == "__main__":
    main()

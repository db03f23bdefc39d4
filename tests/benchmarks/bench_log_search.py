"""How fast a pattern is found in all of a log of a gigabyte, by the window's own searches, beside ripgrep.

    python tests/benchmarks/bench_log_search.py [--megabytes 1000]

Every pattern is typed into a real pane: time to the first shown match, to the exact count, and how late the window's
loop was meanwhile (99 of 100 ticks). The file is in the system's cache for both programs.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QApplication

from taskmon.client.log_spool import LogSpool
from taskmon.core.errors import TaskmonError
from taskmon.core.log_signals import LogPatterns
from taskmon.gui.app import SWITCH_S
from taskmon.gui.background import Background
from taskmon.gui.controllers.log_searching import LogSearching
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_pane import LogPane
from tests.benchmarks.log_material import Lateness, peer, write_log

PATTERNS = ("needle-7f3a", r"bounding k.*case-1\d+", r"max: [2-9]\.\d*7 ", r"[a-z]+Solver.*e-1\d")
SLOW = r"(?:\w.{0,80}){12}~"


def ripgrep(pattern: str, path: Path) -> tuple[float, int]:
    """Seconds and the number of matching lines; the faster of two runs."""
    best, found = float("inf"), 0
    for _ in range(2):
        start = time.perf_counter()
        answer = subprocess.run(["rg", "-ca", pattern, str(path)], capture_output=True, text=True, check=False)
        best, found = min(best, time.perf_counter() - start), int(answer.stdout or 0)
    return best, found


async def search(pane: LogPane, pattern: str, lateness: Lateness) -> tuple[float, float, int, float]:
    """Seconds to the first shown match and to the whole count, the count, and the stall p99 [ms]."""
    lateness.reset()
    start = time.perf_counter()
    pane.search.field.setText(pattern)
    pane.search._ask()
    first = 0.0
    while (result := pane._result) is None or not result.finished:
        if not first and result is not None and result.count:
            first = time.perf_counter() - start
        await asyncio.sleep(0.02)
    whole = time.perf_counter() - start
    stall = lateness.p99()
    pane.search.field.setText("")
    pane.search._ask()
    return first or whole, whole, result.count, stall


async def search_all(path: Path, rg: str | None) -> None:
    def tell(error: TaskmonError | Exception) -> None:
        print(error)

    async with Background(tell, tell) as background:
        spool, pane = LogSpool(path), LogPane()
        pane.search.case.setChecked(True)
        pane.resize(1000, 600)
        pane.show()
        searching = LogSearching(background, pane, "log")
        pane.search_requested.connect(searching.ask)
        await spool.count_lines()
        lateness = Lateness()
        start = time.perf_counter()
        searching.show_log(spool, LogPatterns())
        pane.show_source(spool)
        while pane._warnings is None or not pane._warnings.finished:
            await asyncio.sleep(0.02)
        print(
            f"all errors and warnings: {pane._warnings.count:,} lines in {time.perf_counter() - start:.2f} s,"
            f" stall p99 {lateness.p99():.1f} ms"
        )
        lateness.reset()
        await asyncio.sleep(2)
        print(f"stall p99 of the idle loop {lateness.p99():.1f} ms")
        for pattern in PATTERNS:
            first, whole, count, stall = await search(pane, pattern, lateness)
            told = f"{pattern:<22} {count:>9,} lines: first {first:.2f} s, all {whole:.2f} s, stall p99 {stall:.1f} ms"
            if rg:
                taken, expected = ripgrep(pattern, path)
                assert expected == count, f"ripgrep counts {expected}"
                told += f"; rg -c {taken:.2f} s, ratio {whole / taken:.1f} (goal 4)"
            print(told, flush=True)
        searching.ask(SLOW, True, True)
        start = time.perf_counter()
        while not pane._problem and (pane._result is None or not pane._result.finished):
            await asyncio.sleep(0.02)
        taken = time.perf_counter() - start
        print(f"a pattern that hangs backtracking searches: {taken:.1f} s, {pane._problem or 'searched to its end'}")
        pane.close()
        searching.show_log(None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    chosen = parser.parse_args()
    from qasync import QEventLoop

    sys.setswitchinterval(SWITCH_S)  # as the window does
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    load_fonts()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "large.log"
        write_log(path, chosen.megabytes)
        rg = peer("rg", "the search")
        with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
            runner.run(search_all(path, rg))


if __name__ == "__main__":
    main()

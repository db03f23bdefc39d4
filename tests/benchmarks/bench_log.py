"""How fast the log view is, beside Qt's own text view in the same run.

    python tests/benchmarks/bench_log.py [--megabytes 200] [--seconds 2]

Prints: lines per second that each view follows while the event loop is late by at most 16 ms (99 of 100 ticks); the
first screen, the end, the index and a search of a large log; the repaint of a screen full of colours.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from taskmon.client.log_search import LinePattern, LogSearch
from taskmon.client.log_spool import WORKER_STEP, LogSpool
from taskmon.core.log_source import LineList
from taskmon.gui.theme import load_fonts, log_font
from taskmon.gui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Callable

STALL_LIMIT_MS = 16.0
BATCH_MS = 33
WRITER = """
import sys, time
block, path, seconds = open(sys.argv[1], 'rb').read(), sys.argv[2], float(sys.argv[3])
with open(path, 'ab', 0) as file:
    start, turn = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        file.write(block)
        turn += 1
        time.sleep(max(0, start + turn * 0.033 - time.perf_counter()))
"""
PATTERNS = ("needle-7f3a", r"bounding k.*case-1\d+", r"max: [2-9]\.\d*7 ", r"[a-z]+Solver.*e-1\d")


def sample_lines(count: int) -> list[bytes]:
    """Lines as a flow solver prints them, some coloured."""
    chance = random.Random(2)
    lines = []
    for number in range(count):
        kind = chance.random()
        if kind < 0.5:
            lines.append(
                b"Time = %.5f  Courant Number mean: %.6f max: %.6f deltaT = %.3e"
                % (number * 0.01, chance.random(), chance.random() * 3, chance.random() * 1e-3)
            )
        elif kind < 0.9:
            lines.append(
                b"smoothSolver:  Solving for Ux, Initial residual = %.8f, Final residual = %.3e, No Iterations %d"
                % (chance.random(), chance.random() * 1e-6, number % 20)
            )
        elif kind < 0.999:
            lines.append(b"[%08d] \x1b[32mINFO\x1b[0m wrote fields to postProcessing/probes/%d/U" % (number, number))
        else:
            lines.append(b"--> FOAM Warning : bounding k, min: -0.1 in case-%d" % chance.randrange(10**6))
    return lines


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
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def follow_with_ours(folder: Path, lines: list[bytes], rate: float, seconds: float) -> tuple[float, float]:
    """Another process writes a file, the view follows it. Returns stall p99 [ms] and lines per second."""
    per_batch = max(1, int(rate * BATCH_MS / 1000))
    block, path = folder / "block", folder / "growing.log"
    block.write_bytes(b"\n".join((lines * (per_batch // len(lines) + 1))[:per_batch]) + b"\n")
    path.write_bytes(b"")
    spool, view, lateness = LogSpool(path), LogView(), Lateness()
    view.resize(1000, 600)
    view.show()
    view.show_source(spool)
    timer = QTimer(interval=BATCH_MS)

    def look() -> None:
        spool.refresh(WORKER_STEP)
        view.source_grew()

    timer.timeout.connect(look)
    timer.start()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(block), str(path), str(seconds + 2)])
    run_loop(0.8)
    lateness.reset()
    first, start = spool.line_count, time.perf_counter()
    run_loop(seconds)
    rate_seen = (spool.line_count - first) / (time.perf_counter() - start)
    stall = lateness.p99()
    writer.kill()
    writer.wait()
    timer.stop()
    look()
    assert spool.size == path.stat().st_size, "lines were lost"
    view.close()
    spool.close()
    return stall, rate_seen


def follow_with_plain_text_edit(_folder: Path, lines: list[bytes], rate: float, seconds: float) -> tuple[float, float]:
    """The same for a QPlainTextEdit of 10,000 blocks, a batch appended at once."""
    per_batch = max(1, int(rate * BATCH_MS / 1000))
    text = "\n".join(line.decode() for line in (lines * (per_batch // len(lines) + 1))[:per_batch])
    view, lateness, batches = QPlainTextEdit(), Lateness(), [0]
    view.setReadOnly(True)
    view.setUndoRedoEnabled(False)
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setMaximumBlockCount(10_000)
    view.setFont(log_font())
    view.resize(1000, 600)
    view.show()

    def feed() -> None:
        view.appendPlainText(text)
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        batches[0] += 1

    timer = QTimer(interval=BATCH_MS)
    timer.timeout.connect(feed)
    timer.start()
    run_loop(0.5)
    lateness.reset()
    batches[0], start = 0, time.perf_counter()
    run_loop(seconds)
    rate_seen = batches[0] * per_batch / (time.perf_counter() - start)
    stall = lateness.p99()
    timer.stop()
    view.close()
    return stall, rate_seen


def sustained(
    name: str, follow: Callable[[Path, list[bytes], float, float], tuple[float, float]], folder: Path, seconds: float
) -> float:
    """Doubles the rate until the loop stalls; the highest rate seen before that."""
    lines, best, rate = sample_lines(20_000), 0.0, 3_000.0
    while rate < 2e7:
        for _ in range(2):  # a second try: a neighbour's burst is no verdict
            stall, seen = follow(folder, lines, rate, seconds)
            if stall <= STALL_LIMIT_MS and seen >= 0.7 * rate:
                break
        print(f"  {name:<16} asked {rate:>12,.0f} lines/s  got {seen:>12,.0f}  stall p99 {stall:5.1f} ms", flush=True)
        if stall > STALL_LIMIT_MS or seen < 0.7 * rate:
            break
        best, rate = max(best, seen), rate * 2
    return best


def open_large(folder: Path, megabytes: int) -> None:
    path, block = folder / "large.log", b"\n".join(sample_lines(100_000)) + b"\n"
    with path.open("wb") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write(block)
        file.write(b"the last and only needle-7f3a line\n")

    def first_screen(source: LineList | Path) -> float:
        def show() -> None:
            view = LogView()
            view.resize(1000, 600)
            view.show()
            view.show_source(source if isinstance(source, LineList) else LogSpool(source))
            QApplication.processEvents()
            view.viewport().repaint()
            views.append(view)

        views: list[LogView] = []
        taken = timed(show)
        views[0].close()
        return taken

    empty = statistics.median(first_screen(LineList([b""])) for _ in range(7))
    opened = statistics.median(first_screen(path) for _ in range(7))
    size = path.stat().st_size
    print(
        f"open {size / 1e6:.0f} MB: first screen {opened:.1f} ms = {opened / empty:.2f} x an empty view"
        f" ({empty:.1f} ms)"
    )
    spool, view = LogSpool(path), LogView()
    view.resize(1000, 600)
    view.show()
    view.show_source(spool)
    view.set_follow(False)
    QApplication.processEvents()

    def end() -> None:
        view.set_follow(True)
        view.viewport().repaint()

    print(f"end on the screen, lines not yet counted: {timed(end):.1f} ms")
    index = timed(lambda: spool.refresh(size + 1))
    counted = timed(lambda: subprocess.run(["wc", "-l", str(path)], check=True, capture_output=True))
    print(f"index: {index:.0f} ms = {size / 1e6 / index:.2f} GB/s; wc -l {counted:.0f} ms; ratio {index / counted:.2f}")
    view.source_grew()
    jumps = []
    for place in range(60):
        line = spool.line_count * ((place * 37) % 60) // 60

        def jump(line: int = line) -> None:
            view.scroll_to(line)
            view.viewport().repaint()

        jumps.append(timed(jump))
    print(f"jump anywhere and paint: median {statistics.median(jumps):.1f} ms, worst {max(jumps):.1f} ms")
    print(f"end on the screen: {timed(end):.1f} ms")
    search_large(spool, path)
    view.close()
    spool.close()


def search_large(spool: LogSpool, path: Path) -> None:
    for pattern in PATTERNS:
        search, lateness = LogSearch(spool, LinePattern(pattern, regex=True, case_sensitive=True)), Lateness()

        def run(search: LogSearch = search) -> None:
            while not search.advance():
                pass

        worker, start = threading.Thread(target=run), time.perf_counter()
        lateness.reset()
        worker.start()
        while worker.is_alive():
            run_loop(0.01)
        taken, found = time.perf_counter() - start, search.result().count
        grep = timed(lambda pattern=pattern: subprocess.run(["grep", "-caP", pattern, path], capture_output=True)) / 1e3
        print(
            f"search {pattern:<24} {found:>8,} lines in {taken:5.2f} s ({path.stat().st_size / 1e9 / taken:.2f} GB/s),"
            f" {taken / grep:.2f} x grep -P; stall p99 {lateness.p99():.1f} ms"
        )


def repaint_colours() -> None:
    plain = [b"Time = 0.05  Courant Number mean: 0.544229 max: 1.109865 deltaT = 6.039e-04 ClockTime = 1 s"] * 60
    coloured = [
        b"\x1b[2m12:00:01\x1b[0m \x1b[1;32mINFO\x1b[0m  step \x1b[36m%d\x1b[0m residual \x1b[33m0.1234\x1b[0m" % number
        for number in range(60)
    ]
    costs = []
    for lines in (plain, coloured):
        view = LogView()
        view.resize(1000, 600)
        view.show()
        view.show_source(LineList(lines))
        QApplication.processEvents()
        warm = [timed(view.viewport().repaint) for _ in range(30)]

        def cold(view: LogView = view) -> None:
            view._page.forget()
            view.viewport().repaint()

        costs.append((statistics.median(warm), statistics.median(timed(cold) for _ in range(30))))
        view.close()
    (plain_warm, plain_cold), (colour_warm, colour_cold) = costs
    print(f"repaint: plain {plain_warm:.2f} ms, six colours per line {colour_warm:.2f} ms")
    print(f"  laying the lines out anew costs {plain_cold - plain_warm:.2f} and {colour_cold - colour_warm:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0)
    chosen = parser.parse_args()
    _application = QApplication.instance() or QApplication([])
    load_fonts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        open_large(folder, chosen.megabytes)
        repaint_colours()
        theirs = sustained("QPlainTextEdit", follow_with_plain_text_edit, folder, chosen.seconds)
        ours = sustained("taskmon", follow_with_ours, folder, chosen.seconds)
    ratio = f"{ours / theirs:,.0f} x" if theirs else "QPlainTextEdit stalls at every rate"
    print(f"follow: taskmon {ours:,.0f} lines/s, QPlainTextEdit {theirs:,.0f} lines/s: {ratio}")


if __name__ == "__main__":
    main()

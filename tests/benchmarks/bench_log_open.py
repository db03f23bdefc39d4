"""How fast a log of a gigabyte opens, beside an empty view, `wc -l`, glogg and lnav where they are installed.

python tests/benchmarks/bench_log_open.py [--megabytes 1000]
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QApplication

from taskmon.client.log_spool import WORKER_STEP, LogSpool
from taskmon.core.log_source import LineList
from taskmon.core.log_text import line_text
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.log_view import LogView
from tests.benchmarks.log_material import LAST_LINE, anonymous_megabytes, peer, timed, write_log

if TYPE_CHECKING:
    from taskmon.core.log_source import LineSource

MEMORY_CHILD = """
import sys
from pathlib import Path
from tests.benchmarks.log_material import anonymous_megabytes
from PySide6.QtWidgets import QApplication
from taskmon.client.log_spool import WORKER_STEP, LogSpool
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_view import LogView
application = QApplication([])
load_fonts()
spool, view = LogSpool(Path(sys.argv[1])), LogView()
view.resize(1000, 600); view.show(); view.show_source(spool)
while not spool.refresh(WORKER_STEP).complete: pass
view.source_grew()
for line in range(0, spool.line_count, spool.line_count // 50):
    view.scroll_to(line); view.viewport().repaint()
print(anonymous_megabytes())
"""


def first_screen(path: Path | None) -> float:
    """Milliseconds from the wish to the painted view, the file opened and its end shown."""
    views: list[LogView] = []

    def show() -> None:
        source: LineSource = LogSpool(path) if path is not None else LineList([b""])
        view = LogView()
        view.resize(1000, 600)
        view.show()
        view.show_source(source)
        QApplication.processEvents()  # paints it
        views.append(view)

    taken = timed(show)
    views[0].close()
    return taken


def open_it(path: Path, tries: int) -> None:
    first_screen(None)
    taken = [
        (first_screen(None), first_screen(path)) for _ in range(tries)
    ]  # in turn: the machine is not always the same
    empty, opened = map(statistics.median, zip(*taken, strict=True))
    print(f"first screen {opened:.1f} ms = {opened / empty:.2f} x an empty view ({empty:.1f} ms); goal 1.5 x")


def show_end_and_jump(spool: LogSpool, view: LogView) -> None:
    view.set_follow(False)
    QApplication.processEvents()

    def end() -> None:
        view.set_follow(True)
        view.viewport().repaint()

    before = timed(end)
    assert view.visible_texts()[-1].encode() + b"\n" == LAST_LINE
    print(f"end on the screen before any line is counted: {before:.1f} ms; goal 10 ms")
    while not spool.refresh(WORKER_STEP).complete:
        pass
    view.source_grew()
    jumps = []
    for place in range(100):
        line = spool.line_count * ((place * 37) % 100) // 100

        def jump(line: int = line) -> None:
            view.scroll_to(line)
            view.viewport().repaint()

        jumps.append(timed(jump))
    middle = timed(lambda: jump(min(5_000_000, spool.line_count // 2)))
    print(f"jump to line 5,000,000: {middle:.1f} ms; 100 jumps: median {statistics.median(jumps):.1f} ms,", end=" ")
    print(f"worst {max(jumps):.1f} ms; goal 10 ms. End again: {timed(end):.1f} ms")


def count_lines(path: Path, tries: int) -> float:
    """Seconds for the whole index."""
    taken = []
    for _ in range(tries):
        spool = LogSpool(path)
        start = time.perf_counter()
        while not spool.refresh(WORKER_STEP).complete:
            pass
        taken.append(time.perf_counter() - start)
        spool.close()
    return statistics.median(taken)


def until_idle(pid: int, limit_s: float = 120) -> float:
    """Seconds until a process has stopped computing, the quiet time not counted."""

    def used() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    start = time.perf_counter()
    last, quiet, idle_since = used(), 0, 0.0
    while quiet < 10 and time.perf_counter() - start < limit_s:
        time.sleep(0.05)
        now = used()
        if now == last:
            quiet += 1
        else:
            quiet, last, idle_since = 0, now, time.perf_counter() - start
    return idle_since


def glogg(path: Path, home: str) -> tuple[float, float]:
    """Seconds from its start until its index is done, and its anonymous memory [MB]."""
    display = ":97"
    screen = subprocess.Popen(["Xvfb", display, "-screen", "0", "1280x900x24"], stderr=subprocess.DEVNULL)
    time.sleep(1)
    environment = {**os.environ, "DISPLAY": display, "HOME": home, "QT_QPA_PLATFORM": "xcb"}
    program = subprocess.Popen(
        ["glogg", str(path)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    taken = until_idle(program.pid)
    memory = anonymous_megabytes(program.pid)
    for process in (program, screen):
        process.terminate()
        process.wait()
    return taken, memory


def lnav(path: Path, home: str) -> tuple[float, float]:
    """Seconds from its start until the end of the file is on its screen, and its anonymous memory [MB]."""
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", HOME=home)
        os.execvp("lnav", ["lnav", str(path)])
    seen = b""
    while b"needle-7f3a" not in seen and time.perf_counter() - start < 120:
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 1 << 16)
    taken, memory = time.perf_counter() - start, anonymous_megabytes(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return taken, memory


def compare_index(path: Path, folder: Path, tries: int) -> None:
    ours = count_lines(path, tries)
    wc = statistics.median(
        timed(lambda: subprocess.run(["wc", "-l", str(path)], check=True, capture_output=True)) for _ in range(tries)
    )
    print(
        f"index {ours:.2f} s = {path.stat().st_size / 1e9 / ours:.2f} GB/s = {ours * 1e3 / wc:.2f} x wc -l (goal 2 x)"
    )
    child = subprocess.run(
        [sys.executable, "-c", MEMORY_CHILD, str(path)], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    memory = float(child.stdout)
    print(f"anonymous memory of a process with this log open, indexed, 50 places shown: {memory:.0f} MB; goal 70 MB")
    if peer("glogg", "the index") and peer("Xvfb", "glogg's index"):
        small = folder / "small.log"
        small.write_bytes(LAST_LINE)
        (taken, memory), (start, _) = glogg(path, str(folder)), glogg(small, str(folder))
        index = max(0.01, taken - start)
        print(f"  glogg: index {index:.2f} s (start {start:.2f} s not counted), {memory:.0f} MB; we take", end=" ")
        print(f"{ours / index:.2f} x (goal 0.4 x)")
    if peer("lnav", "the index"):
        taken, memory = lnav(path, str(folder))
        print(f"  lnav: end on screen after {taken:.2f} s, {memory:.0f} MB; we take {ours / taken:.2f} x (goal 0.25 x)")


def repaint() -> None:
    """A screen of colours, progress bars and other scripts, laid out anew for every frame."""
    plain = [b"Time = 0.05  Courant Number mean: 0.544229 max: 1.109865 deltaT = 6.039e-04 ClockTime = 1 s"] * 60
    coloured = [
        b"\x1b[2m12:00:01\x1b[0m \x1b[1;32mINFO\x1b[0m  step \x1b[36m%d\x1b[0m \xc3\xbcber \x1b[33m0.1234\x1b[0m"
        b"\rlast \x1b[35mstate\x1b[0m" % number
        for number in range(60)
    ]
    costs = []
    for lines in (plain, coloured):
        view = LogView()
        view.resize(1000, 600)
        view.show()
        view.show_source(LineList(lines))
        QApplication.processEvents()
        warm = statistics.median(timed(view.viewport().repaint) for _ in range(50))

        def cold(view: LogView = view) -> None:
            view._page.forget()
            view.viewport().repaint()

        costs.append((warm, statistics.median(timed(cold) for _ in range(50))))
        view.close()
    (plain_warm, plain_cold), (colour_warm, colour_cold) = costs
    print(f"a frame of plain text {plain_warm:.2f} ms; with colours, \\r and UTF-8 {colour_warm:.2f} ms")
    print(f"reading and laying out a screen of new lines: plain {plain_cold - plain_warm:.2f} ms, coloured", end=" ")
    print(f"{colour_cold - colour_warm:.2f} ms")
    screen = coloured[:28]
    cleaned = statistics.median(timed(lambda: [line_text(line) for line in screen]) for _ in range(50))
    print(f"of which colours, \\r and UTF-8 of 28 lines: {cleaned:.2f} ms; goal 0.5 ms")
    pane = LogPane()
    pane.resize(1000, 600)
    pane.show()
    pane.show_source(LineList([b"".join(b"\rstep %d of 100" % state for state in range(101))]))
    assert pane.view.visible_texts() == ["step 100 of 100"]
    print("100 updates by \\r: one visible line")
    pane.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--tries", type=int, default=9)
    chosen = parser.parse_args()
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    load_fonts()
    garbage = GarbageCollection(application)  # as in the window
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "large.log"
        write_log(path, chosen.megabytes)
        print(f"a log of {path.stat().st_size / 1e6:,.0f} MB")
        open_it(path, chosen.tries)
        spool, view = LogSpool(path), LogView()
        view.resize(1000, 600)
        view.show()
        view.show_source(spool)
        show_end_and_jump(spool, view)
        view.close()
        spool.close()
        compare_index(path, folder, chosen.tries)
        repaint()
    garbage.end()


if __name__ == "__main__":
    main()

"""How long a frame takes where lines are nothing but escapes, beside plain lines of the same size.

Garbage is collected as in the window, between frames; the longest pause that this makes is told at the end.

python tests/benchmarks/bench_log_floods.py [--frames 25]
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtWidgets import QApplication

from taskmon.client.log_spool import WORKER_STEP, LogSpool
from taskmon.gui.garbage import GarbageCollection
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_view import LogView
from tests.benchmarks.log_material import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOAL_MS = 16
LONG = 10_000_000
LINES = 1200
_chance = random.Random(3)


def full_colour() -> bytes:
    red, green, blue = (_chance.randrange(256) for _ in range(3))
    return b"\x1b[38;2;%d;%d;%dm%c" % (red, green, blue, _chance.randrange(65, 91))


FLOODS: dict[str, Callable[[], bytes]] = {
    "plain text": lambda: b"residual 1.2e-3 ",
    "one of 8 colours per letter": lambda: b"\x1b[3%dmX" % _chance.randrange(8),
    "any of 16.7 million colours per letter": full_colour,
    "256 colours, bold, underlined, papers": lambda: b"\x1b[1;4;48;5;%dmx\x1b[0m" % _chance.randrange(256),
    "cursor moved after each letter": lambda: b"\x1b[3%dmX\x1b[1C" % _chance.randrange(8),
    "coloured progress bars": lambda: b"\r\x1b[3%dm%d %%" % (_chance.randrange(8), _chance.randrange(100)),
    "coloured wide characters": lambda: f"\x1b[3{_chance.randrange(8)}m日".encode(),
    "commands only": lambda: b"\x1b[0m",
}


def flood_line(kind: str, size: int) -> bytes:
    parts, length = [], 0
    while length < min(size, 40_000):
        parts.append(FLOODS[kind]())
        length += len(parts[-1])
    return b"".join(parts) * max(1, size // length)


def frames(view: LogView, lines: int, count: int) -> Iterator[tuple[str, float]]:
    """Milliseconds of frames of each sort: a new screen, the same again, another part of the lines."""
    across = view.horizontalScrollBar()
    for number in range(count):
        across.setValue(0)
        QApplication.processEvents()

        def jump(number: int = number) -> None:
            view.scroll_to(number * 37 % max(1, lines - 40))
            view.viewport().repaint()

        def go_across(number: int = number) -> None:
            across.setValue(across.maximum() * (number % 5 + 1) // 5)
            view.viewport().repaint()

        yield "new screen", timed(jump)
        yield "again", timed(view.viewport().repaint)
        yield "across", timed(go_across)


def measure(kind: str, folder: Path, size: int, lines: int, count: int) -> None:
    path = folder / "flood.log"
    sample = [flood_line(kind, size) for _ in range(min(lines, 7))]
    with path.open("wb") as file:
        for number in range(lines):
            file.write(sample[number % len(sample)] + b"\n")
    spool, view = LogSpool(path), LogView()
    while not spool.refresh(WORKER_STEP).complete:
        pass
    view.resize(1000, 600)
    view.show()
    view.show_source(spool)
    view.set_follow(False)
    taken: dict[str, list[float]] = {}
    for sort, milliseconds in frames(view, lines, count):
        taken.setdefault(sort, []).append(milliseconds)
    told = (f"{sort} {statistics.median(times):5.1f} (worst {max(times):5.1f})" for sort, times in taken.items())
    print(f"{kind:39} {', '.join(told)} ms")
    view.close()
    spool.close()


def collection_pauses() -> list[float]:
    """Milliseconds of each garbage collection from now on."""
    pauses = [0.0]
    began = [0.0]

    def note(phase: str, _facts: dict[str, int]) -> None:
        if phase == "start":
            began[0] = time.perf_counter()
        else:
            pauses.append((time.perf_counter() - began[0]) * 1e3)

    gc.callbacks.append(note)
    return pauses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=25)
    chosen = parser.parse_args()
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    load_fonts()
    garbage, pauses = GarbageCollection(application), collection_pauses()
    with tempfile.TemporaryDirectory() as name:
        print(f"lines of 16 kB; goal {GOAL_MS} ms for any frame")
        for kind in FLOODS:
            measure(kind, Path(name), 16_000, LINES, chosen.frames)
        print("lines of 10 MB")
        for kind in FLOODS:
            measure(kind, Path(name), LONG, 12, max(5, chosen.frames // 3))
    garbage.end()
    print(f"garbage collected {len(pauses) - 1} times between frames, {max(pauses):.1f} ms at most")


if __name__ == "__main__":
    main()

"""Start of the real window against the smallest PySide6 window: `python tests/benchmarks/bench_startup.py [ROUNDS]`.

Every start is a fresh process of the same Python, and all kinds take turns. The clock runs from the start of the
process until it writes a byte, once the frame in which the thing was first painted is complete: an empty QWidget; our
whole window; the rows that the window had when it was left; the rows that a running service tells to a window that has
never been here. Ours is the `taskmon` command with a data folder, from the reading of its arguments on. Prints wall and
processor time (medians) and their ratios to the smallest window, and what should not have been imported so early but
was.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.benchmarks.seeded_service import seeded_service

ROOT = Path(__file__).parents[2]
TASKS = 1000
LONGEST_S = 20.0
VISIT_S = 5.0
HEAVY = ("numpy", "pyqtgraph", "httpx", "aiortc")

TELL = """
import os, sys
def tell():
    os.write(1, " ".join(["x", *(name for name in HEAVY if name in sys.modules)]).encode())
    os._exit(0)
""".replace("HEAVY", repr(HEAVY))

SMALLEST = f"""{TELL}
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
class Smallest(QWidget):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, tell)
application = QApplication([])
window = Smallest()
window.resize(1100, 700)
window.show()
application.exec()
"""

AFTER_IMPORT = f"""{TELL}
from importlib.machinery import PathFinder
class AfterImport:
    def __init__(self, module, change):
        self.module, self.change = module, change
        sys.meta_path.insert(0, self)
    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def execute_and_change(module):
            execute(module)
            self.change(module)
        spec.loader.exec_module = execute_and_change
        return spec
def soon():
    from PySide6.QtCore import QTimer
    QTimer.singleShot(0, tell)
"""
"""Changes a module when the command itself has imported it, so that all is loaded in the order of a real start."""

WINDOW = f"""{AFTER_IMPORT}
def tell_of_paint(module):
    module.MainWindow.paintEvent = lambda self, event: soon()
AfterImport("taskmon.gui.widgets.main_window", tell_of_paint)
"""

ROWS = f"""{AFTER_IMPORT}
def tell_of_rows(module):
    paint = module.TaskTable._paint_rows
    def paint_and_tell(self, painter, rect, rows, first, last):
        paint(self, painter, rect, rows, first, last)
        if last >= first:
            soon()
    module.TaskTable._paint_rows = paint_and_tell
AfterImport("taskmon.gui.widgets.task_table", tell_of_rows)
"""

COMMAND = """
from taskmon.cli import main
sys.exit(main(["--data-dir", os.environ["BENCH_DATA_DIR"]]))
"""

COMMAND_ALONE = f"import os, sys{COMMAND}"

KINDS = {
    "smallest PySide6 window": SMALLEST,
    "first paint of the window": WINDOW + COMMAND,
    "rows of the last list": ROWS + COMMAND,
    "first live rows": ROWS + COMMAND,
}
GOALS = {"first paint of the window": 1.4, "rows of the last list": 1.7, "first live rows": 2.2}


def started(source: str, environment: Mapping[str, str]) -> tuple[float, float, str]:
    """Seconds until the byte came, seconds of processor time, and the heavy modules that were imported by then."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    )
    assert process.stdout is not None and process.stderr is not None
    too_long = threading.Timer(LONGEST_S, process.kill)
    too_long.start()
    said = process.stdout.read(1)
    took = time.perf_counter() - began
    said += process.stdout.read()
    complaint = process.stderr.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    too_long.cancel()
    process.stdout.close()
    process.stderr.close()
    if said[:1] != b"x":
        raise SystemExit(complaint.decode() or f"nothing was painted within {LONGEST_S:.0f} seconds")
    return took, usage.ru_utime + usage.ru_stime, said[1:].decode().strip()


def homes(root: Path, data_dir: Path) -> dict[str, dict[str, str]]:
    """An environment per kind of start: each has a home of its own, in one of them the window has been before."""
    found = {}
    for number, kind in enumerate(KINDS):
        home = root / f"home-{number}"
        home.mkdir()
        plain = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON", "TASKMON_"))
        }
        found[kind] = {**plain, "HOME": str(home), "BENCH_DATA_DIR": str(data_dir)}
    visit(found["rows of the last list"], root)
    return found


def visit(environment: Mapping[str, str], root: Path) -> None:
    """Opens the window, waits until it knows the whole list, and leaves it as a person would."""
    process = subprocess.Popen([sys.executable, "-c", COMMAND_ALONE], env=environment, cwd=ROOT)
    time.sleep(VISIT_S)
    process.terminate()
    process.wait(LONGEST_S)
    if not list(root.glob("home-*/.cache/taskmon/lists/*.tasks")):
        raise SystemExit("the window has kept no list")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    wall: dict[str, list[float]] = {kind: [] for kind in KINDS}
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    early: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, seeded_service(Path(folder) / "data", TASKS):
        environments = homes(Path(folder), Path(folder) / "data")
        for number in range(rounds + 1):
            for kind, source in KINDS.items():
                took, processor, early[kind] = started(source, environments[kind])
                if number:  # the first round only warms the disk's cache
                    wall[kind].append(took)
                    spent[kind].append(processor)
    one = {"wall": statistics.median(wall["smallest PySide6 window"])}
    one["processor"] = statistics.median(spent["smallest PySide6 window"])
    for kind in KINDS:
        took, processor = statistics.median(wall[kind]), statistics.median(spent[kind])
        goal = f", goal {GOALS[kind]}" if kind in GOALS else ""
        print(
            f"{kind}: {took * 1e3:.0f} ms, {took / one['wall']:.2f} smallest windows{goal}; processor"
            f" {processor * 1e3:.0f} ms, {processor / one['processor']:.2f}"
            + (f"; imported already: {early[kind]}" if early[kind] and kind.startswith("first paint") else "")
        )


if __name__ == "__main__":
    main()

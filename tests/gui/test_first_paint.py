"""What a person waits for when they start taskmon: nothing that the first picture does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

UNTIL_PAINTED = """
import os, sys
from PySide6.QtCore import QTimer
from taskmon.gui.widgets.main_window import MainWindow

def tell():
    os.write(1, " ".join(sys.modules).encode())
    os._exit(0)

MainWindow.paintEvent = lambda self, event: QTimer.singleShot(0, tell)
from taskmon.cli import main
main(["--data-dir", os.environ["HOME"]])
"""

HEAVY = (
    "numpy",
    "pyqtgraph",
    "httpx",
    "aiortc",
    "msgspec",
    "sqlite3",
    "asyncio",
    "qasync",
    "tomllib",
    "fastapi",
    "html",
    "json",
    "csv",
    "dataclasses",
    "platformdirs",
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules in a fresh process of the `taskmon` command once its window has been painted."""
    home = str(tmp_path_factory.mktemp("home"))
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "TASKMON_"))}
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_PAINTED],
        env={**plain, "HOME": home, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", HEAVY)
def test_nothing_heavy_is_loaded_before_the_window_is_painted(loaded: set[str], module: str) -> None:
    assert "taskmon.gui.widgets.main_window" in loaded
    assert module not in loaded

"""Whether there is a display is known before Qt ends the process over it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from taskmon.cli.display import missing_display

ADVICE = "taskmon --help"


def test_without_a_display_one_sentence_says_so_and_what_to_do() -> None:
    reason = missing_display({}, "linux")
    assert reason.startswith("There is no display")
    assert ADVICE in reason


def test_a_display_that_does_not_answer_is_named() -> None:
    pytest.importorskip("ctypes")
    reason = missing_display({"DISPLAY": ":4711"}, "linux")
    assert ":4711" in reason
    assert ADVICE in reason


def test_a_wayland_display_counts_when_something_listens(tmp_path: Path) -> None:
    environment = {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert missing_display(environment, "linux")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "wayland-9"))
        listening.listen()
        assert missing_display(environment, "linux") == ""


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=800x600"])
def test_a_screenless_platform_needs_no_display(platform: str) -> None:
    assert missing_display({"QT_QPA_PLATFORM": platform}, "linux") == ""


def test_other_systems_always_have_one() -> None:
    assert missing_display({}, "darwin") == ""


def test_the_window_command_says_it_and_ends_with_three() -> None:
    world = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    world.pop("WAYLAND_DISPLAY", None)
    shown = subprocess.run([sys.executable, "-m", "taskmon"], env=world, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 3
    assert shown.stderr.count("\n") == 1
    assert "There is no display" in shown.stderr

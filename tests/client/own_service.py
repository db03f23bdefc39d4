"""A service as the client itself starts one on this computer, and its end with all its runners."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psutil

from taskmon.core.simulators import Simulator
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from taskmon.client.local_service import ServiceAddress

COMMANDS = Simulator(key="commands", name="Own commands", image="docker://inductiva/kutu:commands", commands=())


def serve(data: Path, *options: str) -> list[str]:
    """What starts it on a data folder."""
    return [sys.executable, "-m", "taskmon", "serve", "--data-dir", str(data), "--machines", "1", *options]


def end(address: ServiceAddress, data: Path) -> None:
    """Stops the service and whatever runners it has left."""
    processes = [psutil.Process(address.pid)] if psutil.pid_exists(address.pid) else []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "runner" in words and any(str(data) in word for word in words):
            processes.append(process)
    for process in processes:
        process.terminate()
    until(lambda: not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE], within_s=45)

"""Run a SPlisHSPlasH scene without a window and print a line every few steps: run_splishsplash.py SCENE.

The outputs are written into the current folder. The scene's `stopAt` ends the run. It understands the options of the
simulator's own program that make sense without a window, so that it can stand for it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import sys
import time
from pathlib import Path
from typing import Any

STEPS_PER_LINE = 10


def load_simulator() -> Any:
    """The pysplishsplash module; ends the program with a sentence where it is not installed."""
    # The wheel brings a second copy of the GL dispatch library and crashes unless the system's own is loaded first.
    with contextlib.suppress(OSError):
        ctypes.CDLL("libGL.so.1", mode=ctypes.RTLD_GLOBAL)
    try:
        import pysplishsplash
    except ImportError as error:
        sys.exit(
            f"error: pysplishsplash cannot be loaded ({error}). Install it with: pip install pysplishsplash==2.19.0"
        )
    return pysplishsplash


def stop_time(scene: Path) -> float | None:
    """The scene's `stopAt` in seconds, None if it has none. Ends the program if the scene cannot be read."""
    try:
        configuration = json.loads(scene.read_text(encoding="utf-8")).get("Configuration", {})
        stop_at = configuration.get("stopAt")
        return float(stop_at) if stop_at is not None and float(stop_at) > 0 else None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        sys.exit(f"error: the scene {scene.name} cannot be read: {error}.")


class ProgressPrinter:
    """Called after every time step; prints step, simulated time, step size, particle count and wall time (s)."""

    def __init__(self, sph: Any, stop_at: float) -> None:
        self._sph = sph
        self._stop_at = stop_at
        self._steps = 0
        self._began = time.monotonic()

    def __call__(self) -> None:
        """One more step is done."""
        self._steps += 1
        if self._steps == 1 or self._steps % STEPS_PER_LINE == 0:
            self.print_line()

    def print_line(self) -> None:
        """The present state as one line, flushed, so that it can be followed."""
        clock = self._sph.TimeManager.getCurrent()
        simulation = self._sph.Simulation.getCurrent()
        particles = sum(
            simulation.getFluidModel(index).numActiveParticles() for index in range(simulation.numberOfFluidModels())
        )
        print(
            f"step {self._steps} t = {min(clock.getTime(), self._stop_at):.4f} of {self._stop_at:.4f}"
            f" dt = {clock.getTimeStepSize():.5f} particles {particles} wall {time.monotonic() - self._began:.1f} s",
            flush=True,
        )


def main() -> int:
    """Run the scene named on the command line; 0 when it reached its end."""
    parser = argparse.ArgumentParser(description="Run a SPlisHSPlasH scene without a window.")
    parser.add_argument("scene", type=Path)
    parser.add_argument(
        "--stop-at", "--stopAt", type=float, default=2.0, help="end time in s where the scene has no stopAt"
    )
    parser.add_argument("--output-dir", type=Path, default=Path(), help="where the results go")
    for always in ("--no-gui", "--no-cache", "--no-initial-pause"):
        parser.add_argument(always, action="store_true", help="always so here")
    options = parser.parse_args()
    if not options.scene.is_file():
        sys.exit(f"error: there is no scene file {options.scene}.")
    scene_stop = stop_time(options.scene)
    stop_at = scene_stop or options.stop_at
    sph = load_simulator()
    simulator = sph.Exec.SimulatorBase()
    # A relative path would be looked up beside the Python binary.
    simulator.init(
        sceneFile=str(options.scene.resolve()),
        useCache=False,
        outputDir=str(options.output_dir.resolve()),
        initialPause=False,
        useGui=False,
        stopAt=-1.0 if scene_stop else stop_at,
    )
    simulator.initSimulation()
    progress = ProgressPrinter(sph, stop_at)
    simulator.setTimeStepCB(progress)
    simulator.runSimulation()
    progress.print_line()
    simulator.cleanup()
    print(f"finished: results are in {options.output_dir.resolve().name}/vtk", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

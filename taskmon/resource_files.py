"""Where the files of `resources/` are, in a checkout and in a wheel; the simulator catalogue and the example."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from taskmon.core.errors import NotFoundError

if TYPE_CHECKING:
    from taskmon.core.simulators import Simulator

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "resources"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "resources"


def resource_path(name: str) -> Path:
    """The path of a resource such as `icons/kill.svg` or `examples/dam_break`. Raises NotFoundError."""
    path = _ROOT / name
    if not path.exists():
        raise NotFoundError(f"taskmon's own file {name} is missing.", "Install taskmon again.")
    return path


@cache
def simulator_catalogue() -> tuple[Simulator, ...]:
    """Every simulator that taskmon ships an entry for, `commands` last."""
    from taskmon.core.simulators import parse_simulator  # the first paint needs no simulator
    from taskmon.core.submission import COMMANDS

    entries = [
        parse_simulator(path.read_text(encoding="utf-8"), path.name)
        for path in sorted(resource_path("simulators").glob("*.toml"))
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.key == COMMANDS, entry.name.lower())))


class Example(NamedTuple):
    """A simulation that taskmon brings along: its folder, its simulator, the values of the simulator's parameters."""

    name: str
    folder: Path
    simulator: Simulator
    values: dict[str, str]


def bundled_example() -> Example:
    """The dam break where its simulator is installed beside this Python, else the heat plate, which always runs."""
    if find_spec("pysplishsplash") is not None:
        name, folder, key, values = "Dam break", "dam_break", "splishsplash", {"scene": "dam_break.json"}
    else:
        name, folder, key, values = "Heated plate", "heat", "heat", {"case": "plate.heat.toml"}
    simulator = next(entry for entry in simulator_catalogue() if entry.key == key)
    return Example(name, resource_path(f"examples/{folder}"), simulator, values)

"""Where the files of `resources/` are, in a checkout as in an installed wheel, and the simulator catalogue in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from taskmon.core.errors import NotFoundError
from taskmon.core.simulators import Simulator, parse_simulator

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
    entries = [
        parse_simulator(path.read_text(encoding="utf-8"), path.name)
        for path in sorted(resource_path("simulators").glob("*.toml"))
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.key == "commands", entry.name.lower())))

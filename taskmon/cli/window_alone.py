"""`taskmon` with nothing but global options: the window. It does not wait for argparse and for all other commands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

GLOBAL_WITH_VALUE: Final[dict[str, Callable[[str], Any]]] = {"--url": str, "--api-key-file": Path, "--data-dir": Path}
GLOBAL_FLAGS: Final = ("--debug",)


def window_alone(argv: Sequence[str]) -> Namespace | None:
    """What `arguments.parse` gives for words that are all global options; None where it has to look, or to complain."""
    found: dict[str, Any] = {"url": None, "api_key_file": None, "data_dir": None, "debug": False}
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if word in GLOBAL_FLAGS:
            found[_attribute(word)] = True
            continue
        if name not in GLOBAL_WITH_VALUE:
            return None
        value = value if equals else next(words, "")
        if not value or value.startswith("-"):
            return None
        found[_attribute(name)] = GLOBAL_WITH_VALUE[name](value)
    return cast("Namespace", SimpleNamespace(command="open", places=[], **found))


def _attribute(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")

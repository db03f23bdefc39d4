"""Which program of this computer stands for the first word of a simulator's command, as its entry says."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError
from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskmon.core.simulators import Simulator

_HOLE: Final = re.compile(r"\{(path|module):([^{}]+)\}")


def installed_program(entry: Simulator | None, word: str) -> list[str]:
    """The argument vector that stands for `word`, as the entry says or found in PATH; empty if none is installed."""
    candidates = entry.executables.get(word, (word,)) if entry else (word,)
    for candidate in candidates:
        words = _fill(candidate)
        program = shutil.which(words[0]) if words else None
        if words and program:
            return [program, *words[1:]]
    return []


def missing_programs(catalogue: Iterable[Simulator]) -> dict[str, str]:
    """For the key of each simulator that cannot run on this computer, a sentence with what is missing and what helps.

    Takes its time: it looks into folders and may start an interpreter.
    """
    told = {}
    for entry in catalogue:
        words = [command.split()[0] for command in entry.commands]
        missing = next((word for word in words if "{" not in word and not installed_program(entry, word)), None)
        if missing is not None:
            program = "" if missing.lower() == entry.name.lower() else f" (“{missing}” is missing)"
            told[entry.key] = f"{entry.name} is not installed on this computer{program}. {entry.install}".strip()
    return told


def _fill(candidate: str) -> list[str]:
    """The words of a catalogue candidate with its holes filled; empty if something in it is missing here.

    `{python}` is taskmon's interpreter, `{resources}/…` a file of taskmon's own, `{path:NAME}` a program in PATH;
    a word `{module:NAME}` demands that the interpreter has this module, and vanishes.
    """
    words = []
    for word in shlex.split(candidate):
        hole = _HOLE.fullmatch(word)
        if hole and hole[1] == "module":
            if not _has_module(hole[2]):
                return []
            continue
        filled = shutil.which(hole[2]) if hole else filled_word(word)
        if filled is None:
            return []
        words.append(filled)
    return words


def filled_word(word: str) -> str | None:
    """`word` with its hole filled; None if what it names is missing here."""
    if word == "{python}":
        return own_python()
    head, hole, name = word.partition("{resources}/")
    try:
        return head + str(resource_path(name)) if hole else word
    except NotFoundError:
        return None


def own_python() -> str | None:
    """An interpreter for taskmon's own drivers: a frozen bundle has none and takes the system's."""
    return shutil.which("python3") if getattr(sys, "frozen", False) else sys.executable


def _has_module(name: str) -> bool:
    if not getattr(sys, "frozen", False):
        return importlib.util.find_spec(name) is not None
    python = own_python()
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return python is not None and subprocess.run([python, "-c", probe, name], check=False).returncode == 0

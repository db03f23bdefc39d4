"""From a task's container image to how its commands run on this computer.

There are no containers here: the image names an entry of the simulator catalogue, which says where its programs are.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.runner_protocol import MpiConfig
from taskmon.core.simulators import Simulator
from taskmon.resource_files import resource_path, simulator_catalogue

_HOLE: Final = re.compile(r"\{(path|module):([^{}]+)\}")
_OWN_VARIABLES: Final = ("API_URL", "USER_API_KEY")
"""What the runner was told for itself; the key is none of a simulator's business."""
_LIVE_OUTPUT: Final = {"PYTHONUNBUFFERED": "1", "GFORTRAN_UNBUFFERED_PRECONNECTED": "y"}


@dataclass(frozen=True, slots=True)
class Environment:
    """How commands of one image run here. `entry` is None for an image that the catalogue does not know."""

    image: str
    entry: Simulator | None

    @property
    def variables(self) -> dict[str, str]:
        """What the catalogue sets for every command."""
        return dict(self.entry.env) if self.entry else {}

    def locate(self, word: str, folder: Path) -> list[str]:
        """The argument vector that stands for the first word of a command run in `folder`. Raises NotFoundError."""
        if "/" in word:
            return [_program_in(folder, word)]
        candidates = self.entry.executables.get(word, (word,)) if self.entry else (word,)
        for candidate in candidates:
            words = _fill(candidate)
            program = shutil.which(words[0]) if words else None
            if words and program:
                return [program, *words[1:]]
        title = f"The program “{word}” is not installed on this computer."
        if self.entry is None:
            raise NotFoundError(title, f"taskmon does not know the image {self.image}; install the program itself.")
        raise NotFoundError(title, self.entry.install)

    def translate(self, words: Sequence[str]) -> list[str]:
        """The words of a command with the files of the image, where they are known, replaced by this computer's."""
        known = self.entry.image_files if self.entry else {}
        return [(_fill_word(known[word]) or word) if word in known else word for word in words]

    def check(self, words: Sequence[str]) -> None:
        """Raise NotFoundError for the first of `words` (first words of commands) that cannot be run here.

        Words with a slash are left alone: an earlier command may still build them.
        """
        for word in words:
            if "/" not in word:
                self.locate(word, Path())

    def process_variables(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a command: this process's, the catalogue's, then `extra`."""
        variables = {name: value for name, value in os.environ.items() if name not in _OWN_VARIABLES}
        variables |= _LIVE_OUTPUT | _own_places() | self.variables
        preload = [path for path in (self.entry.preload if self.entry else ()) if Path(path).is_file()][:1]
        if preload:
            variables["LD_PRELOAD"] = ":".join(filter(None, (*preload, variables.get("LD_PRELOAD"))))
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Open MPI otherwise refuses to work for root, which is who one is in most containers.
            variables |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        return variables | dict(extra)


def find_environment(image: str, catalogue: Sequence[Simulator] | None = None) -> Environment:
    """The environment that a container image stands for.

    `docker://inductiva/kutu:splishsplash_v2.13.0`, `docker://lammps/lammps:stable` and the bare key `lammps` are
    understood; editions count as their family (`openfoam-esi` as openfoam).
    """
    entries = simulator_catalogue() if catalogue is None else catalogue
    families = image_families(image)
    for family in families:
        for entry in entries:
            if family == entry.key:
                return Environment(image, entry)
    for family in families:
        for entry in entries:
            if family.startswith(f"{entry.key}-") or family in image_families(entry.image)[:1]:
                return Environment(image, entry)
    return Environment(image, None)


def image_families(image: str) -> list[str]:
    """The simulator names an image reference may stand for, the most telling first, in lower case."""
    reference = image.strip().lower().partition("://")[2] or image.strip().lower()
    repository, _, tag = reference.partition("@")[0].partition(":")
    name = repository.rpartition("/")[2].removesuffix(".sif")
    families = [tag.partition("_v")[0]] if name == "kutu" and tag else [name.partition("_v")[0]]
    return [family for family in families if family]


def mpi_words(config: MpiConfig) -> list[str]:
    """The `mpirun` in front of a command: `--np 4 --use-hwthread-cpus`. Raises NotFoundError without mpirun."""
    program = shutil.which("mpirun")
    if program is None:
        raise NotFoundError(
            "The task wants to run in parallel, but mpirun is not installed on this computer.",
            "Install it with: sudo apt install openmpi-bin; or submit the task without MPI.",
        )
    words = [program]
    for name, value in (config.options or {}).items():
        if value is None or value is False:
            continue
        words.append(f"-{name}" if len(name) == 1 else f"--{name}")
        if value is not True:
            words.append(str(value))
    return words


def live_output_words() -> list[str]:
    """What goes in front of every command so that its lines arrive when they are printed, not in blocks of 4 KB."""
    program = shutil.which("stdbuf")
    return [program, "-oL", "-eL"] if program else []


def _program_in(folder: Path, word: str) -> str:
    path = folder / word
    if not path.is_file():
        raise NotFoundError(f"There is no program {word} in the task's folder.", "Check the command and the input.")
    if not os.access(path, os.X_OK):
        raise InvalidInputError(
            f"The file {word} is not marked as a program.", f"Start it with its interpreter, for example: bash {word}."
        )
    return str(path)


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
        filled = shutil.which(hole[2]) if hole else _fill_word(word)
        if filled is None:
            return []
        words.append(filled)
    return words


def _fill_word(word: str) -> str | None:
    if word == "{python}":
        return _python()
    head, hole, name = word.partition("{resources}/")
    try:
        return head + str(resource_path(name)) if hole else word
    except NotFoundError:
        return None


def _own_places() -> dict[str, str]:
    """What the stand-ins in `resources/simulators` need to find: an interpreter, and the folder of the resources."""
    places = {"TASKMON_PYTHON": _python(), "TASKMON_RESOURCES": _fill_word("{resources}/simulators")}
    return {name: place.removesuffix("/simulators") for name, place in places.items() if place}


def _python() -> str | None:
    """An interpreter for taskmon's own drivers: a frozen bundle has none and takes the system's."""
    return shutil.which("python3") if getattr(sys, "frozen", False) else sys.executable


def _has_module(name: str) -> bool:
    if not getattr(sys, "frozen", False):
        return importlib.util.find_spec(name) is not None
    python = _python()
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return python is not None and subprocess.run([python, "-c", probe, name], check=False).returncode == 0

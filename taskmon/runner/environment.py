"""From a task's container image to how its commands run on this computer.

There are no containers here: the image names an entry of the simulator catalogue, which says where its programs are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.runner_protocol import MpiConfig
from taskmon.core.simulators import Simulator
from taskmon.installed_programs import filled_word, installed_program, own_python
from taskmon.resource_files import simulator_catalogue

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
        found = installed_program(self.entry, word)
        if found:
            return found
        title = f"The program “{word}” is not installed on this computer."
        if self.entry is None:
            raise NotFoundError(title, f"taskmon does not know the image {self.image}; install the program itself.")
        raise NotFoundError(title, self.entry.install)

    def translate(self, words: Sequence[str]) -> list[str]:
        """The words of a command with the files of the image, where they are known, replaced by this computer's."""
        known = self.entry.image_files if self.entry else {}
        return [(filled_word(known[word]) or word) if word in known else word for word in words]

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


def _own_places() -> dict[str, str]:
    """What the stand-ins in `resources/simulators` need to find: an interpreter, and the folder of the resources."""
    places = {"TASKMON_PYTHON": own_python(), "TASKMON_RESOURCES": filled_word("{resources}/simulators")}
    return {name: place.removesuffix("/simulators") for name, place in places.items() if place}

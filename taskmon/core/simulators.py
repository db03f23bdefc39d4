"""What taskmon knows about a simulator: how to guess it, how to start it, what its log says.

The entries are data in `resources/simulators/*.toml`; this module gives them a shape and the pure functions over it.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value the user gives: `kind` is `file` (one of the folder's files, matching `patterns`), `text` or `number`."""

    name: str
    label: str
    kind: str = "text"
    default: str = ""
    patterns: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPattern:
    """A regular expression over one log line. `series` names a number series (named groups are its values);
    `progress` patterns have a group `fraction`, or `step` and `total`; `error` marks a bad line."""

    role: str
    regex: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """One entry of the catalogue.

    `key` is also the family name on the wire (`simulator_name_alias`); `image` the container image a task names.
    `commands` are templates with `{parameter}` holes. On this computer a command's first word is looked up in
    `executables` (word → candidates, each an argv prefix whose first word must be found); `install` tells a person
    how to get them. `image_files` maps files of the image, as commands name them, to files of this computer.
    `env` is set for every command here; `preload` names shared libraries loaded before it.
    """

    key: str
    name: str
    image: str
    commands: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    recognised_by: tuple[str, ...] = ()
    executables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_files: Mapping[str, str] = field(default_factory=dict)
    install: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()
    log_patterns: tuple[LogPattern, ...] = ()

    def fill(self, values: Mapping[str, str]) -> list[str]:
        """The command lines with every hole filled from `values`, else from the parameter's default.

        A value is quoted so that it stays one word. Raises InvalidInputError naming the first missing parameter.
        """
        filled = {parameter.name: values.get(parameter.name) or parameter.default for parameter in self.parameters}
        for parameter in self.parameters:
            if not filled[parameter.name]:
                raise InvalidInputError(f"{self.name} needs a value for “{parameter.label}”.", "Choose one.")
        quoted = {name: shlex.quote(value) for name, value in filled.items()}
        return [command.format_map(quoted) for command in self.commands]


def parse_simulator(toml_text: str, source: str) -> Simulator:
    """One catalogue entry from its TOML text; `source` names the file in the error message."""
    try:
        entry: dict[str, Any] = tomllib.loads(toml_text)
        simulator = Simulator(
            key=entry["key"],
            name=entry["name"],
            image=entry["image"],
            commands=tuple(entry.get("commands", ())),
            parameters=tuple(
                Parameter(**{**parameter, "patterns": tuple(parameter.get("patterns", ()))})
                for parameter in entry.get("parameters", ())
            ),
            recognised_by=tuple(entry.get("recognised_by", ())),
            executables={word: tuple(paths) for word, paths in entry.get("executables", {}).items()},
            image_files=dict(entry.get("image_files", {})),
            install=entry.get("install", ""),
            env=dict(entry.get("env", {})),
            preload=tuple(entry.get("preload", ())),
            log_patterns=tuple(LogPattern(**pattern) for pattern in entry.get("log_patterns", ())),
        )
        for pattern in simulator.log_patterns:
            re.compile(pattern.regex)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as error:
        raise InvalidInputError(
            f"The simulator entry {source} cannot be read: {error}.", "Correct the file."
        ) from error
    return simulator


def guess_simulator(paths: Iterable[str], catalogue: Sequence[Simulator]) -> Simulator | None:
    """The simulator whose patterns recognise most of a folder's relative file paths; None if none does."""
    names = list(paths)

    def score(simulator: Simulator) -> int:
        return sum(any(fnmatchcase(name, pattern) for name in names) for pattern in simulator.recognised_by)

    best = max(catalogue, key=score, default=None)
    return best if best is not None and score(best) > 0 else None


def matching_files(paths: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those of `paths` that match any of `patterns`, in their order."""
    return [path for path in paths if any(fnmatchcase(path, pattern) for pattern in patterns)]

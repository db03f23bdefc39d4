"""What is sent when a folder becomes a task: its contents, the choices of a person, and what is wrong with them.

Sentences here end up beside a field of the submit form or on a terminal, so both say the same.
"""

from __future__ import annotations

import heapq
import math
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from typing import Final

from taskmon.core.command_line import command_line_problem
from taskmon.core.errors import InvalidInputError
from taskmon.core.plain_text import one_line
from taskmon.core.project import DEFAULT_PROJECT
from taskmon.core.simulators import Parameter, Simulator, guess_simulator, matching_files
from taskmon.core.task import Task
from taskmon.core.units import count_text, parse_duration, size_text

COMMANDS: Final = "commands"
"""Key of the catalogue entry that runs whatever commands a person writes."""

LARGE_FOLDER_BYTES: Final = 1_000_000_000
LARGEST_FILES: Final = 5
NEAR_FILES: Final = 1_000
EXCLUDED_EXAMPLES: Final = 20
NAME_LENGTH: Final = 128
_LONGEST_TIME_TO_LIVE_S: Final = 10 * 365 * 86_400.0


class UploadState(StrEnum):
    """How far one folder has come on its way to the service."""

    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED)


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """How many files one rule keeps back, and the first few of them."""

    rule: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """The files of a folder that will be sent, as (path below the folder, size in bytes), and those that will not.

    `excluded` holds (path, rule); `problem` says why the folder cannot be sent at all. The derived fields are worked
    out once, here: 100,000 files take about 0.1 s, so a large folder is put together in the thread that scanned it.
    `largest` are the largest files, `near` those closest to the top of the folder, `rules` the exclusions by rule.
    """

    path: str
    name: str
    files: tuple[tuple[str, int], ...]
    total_size: int
    excluded: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    largest: tuple[tuple[str, int], ...] = field(init=False, repr=False, compare=False)
    near: tuple[str, ...] = field(init=False, repr=False, compare=False)
    rules: tuple[ExclusionRule, ...] = field(init=False, repr=False, compare=False)
    _paths: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        paths = [path for path, _ in self.files]
        derive = object.__setattr__
        derive(self, "largest", tuple(heapq.nlargest(LARGEST_FILES, self.files, key=lambda entry: entry[1])))
        derive(self, "near", tuple(heapq.nsmallest(NEAR_FILES, paths, key=lambda path: (path.count("/"), path))))
        derive(self, "rules", _by_rule(self.excluded))
        derive(self, "_paths", frozenset(paths))

    def __contains__(self, path: str) -> bool:
        """Whether the file `path`, relative to the folder, is sent."""
        return posixpath.normpath(path) in self._paths

    def warnings(self) -> list[str]:
        """What a person may want to think about before sending; nothing here forbids it."""
        sentences = []
        if not self.files and not self.problem:
            sentences.append(
                "Every file of the folder is excluded: the task would start with nothing."
                if self.excluded
                else "The folder is empty: the task would start with nothing."
            )
        if self.total_size > LARGE_FOLDER_BYTES:
            sentences.append(f"{size_text(self.total_size)} take a while to send. Is all of it input?")
        return sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a person chose in the submit form: one task per folder, all with these settings.

    `simulator` is the key of a catalogue entry, `values` its parameters. `commands` is empty while the simulator's
    own commands are used. An empty `name` means the name of each folder. `resubmitted_from` is the task whose stored
    input is used again; `folders` is empty then.
    """

    folders: tuple[str, ...]
    simulator: str
    values: Mapping[str, str]
    machine_group_id: str
    commands: tuple[str, ...] = ()
    project: str = DEFAULT_PROJECT
    name: str = ""
    time_to_live_seconds: float | None = None
    resubmit_on_preemption: bool = False
    stop_with_window: bool = False
    resubmitted_from: str | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """A simulator recognised by the file `path` of one folder; `doubts` says which folders look different."""

    simulator: Simulator
    path: str
    doubts: str = ""


def guess(folders: Sequence[FolderContents], catalogue: Sequence[Simulator]) -> Guess | None:
    """The simulator of the first folder whose files give one away; None if no folder does."""
    found: Guess | None = None
    for folder in folders:
        simulator = guess_simulator(folder.near, catalogue)
        if simulator is None:
            continue
        if found is None:
            found = Guess(simulator, _telling_file(simulator, folder))
        elif simulator.key != found.simulator.key:
            doubts = f"{one_line(folder.name)} looks like {simulator.name}; submit it on its own."
            return Guess(found.simulator, found.path, doubts)
    return found


def candidate_files(parameter: Parameter, folders: Sequence[FolderContents]) -> list[str]:
    """The files a file parameter may mean, likeliest first: in every folder if possible, near the top, as named.

    Among equals the order of the parameter's patterns decides, then a name like the folder's.
    """
    if not folders:
        return []
    first = folders[0]
    patterns = parameter.patterns or ("*",)
    found = matching_files(first.near, patterns)
    shared = [path for path in found if all(path in folder for folder in folders[1:])]

    def unlikeliness(path: str) -> tuple[bool, int, int, bool, str]:
        pattern = next(index for index, one in enumerate(patterns) if matching_files([path], [one]))
        stem = posixpath.splitext(posixpath.basename(path))[0]
        return (path != parameter.default, path.count("/"), pattern, stem.lower() != first.name.lower(), path)

    return sorted(shared or found, key=unlikeliness)


def parameter_problem(parameter: Parameter, value: str, folders: Sequence[FolderContents]) -> str:
    """Why `value` cannot be used; empty if it can."""
    if not value and not parameter.default:
        if parameter.kind == "file" and folders and not candidate_files(parameter, folders):
            return f"No file here matches {' or '.join(parameter.patterns)}. Write the name of the file to use."
        return "Choose one." if parameter.kind == "file" else "A value is needed."
    if parameter.kind == "number" and value and not _is_number(value):
        return f"“{one_line(value)}” is not a number."
    if parameter.kind == "file" and value:
        return _missing_file(value, folders)
    return ""


def command_lines(text: str) -> tuple[str, ...]:
    """The commands in a text with one per line; empty lines and those that begin with `#` do not count."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def command_problem(lines: Sequence[str]) -> str:
    """Why these command lines cannot be run; empty if they can."""
    if not lines:
        return "Write at least one command, one per line."
    for number, line in enumerate(lines, start=1):
        problem = command_line_problem(line)
        if problem:
            return f"Command {number}: {problem}"
    return ""


def preview(simulator: Simulator, values: Mapping[str, str]) -> list[str]:
    """The command lines as they would run; a hole without a value shows the parameter's label as `‹Scene file›`."""
    shown = {}
    for parameter in simulator.parameters:
        value = values.get(parameter.name) or parameter.default
        shown[parameter.name] = shlex.quote(value) if value else f"‹{parameter.label}›"
    return [command.format_map(shown) for command in simulator.commands]


def parse_time_to_live(text: str) -> float | None:
    """Seconds; None for no limit (an empty text). Raises InvalidInputError."""
    if not text.strip():
        return None
    seconds = parse_duration(text)
    if not 0 < seconds < math.inf:
        raise InvalidInputError("A task needs some time to live.", "Leave this empty for no limit.")
    if seconds > _LONGEST_TIME_TO_LIVE_S:
        raise InvalidInputError("That is more than ten years.", "Leave this empty for no limit.")
    return seconds


def name_problem(name: str) -> str:
    """Why a task or project cannot have this name; empty if it can. An empty name stands for the default one."""
    if len(name) > NAME_LENGTH:
        return f"A name has at most {NAME_LENGTH} characters; this one has {len(name)}."
    return "" if name == one_line(name) else "The name contains a character that cannot be seen."


def name_of_folder(folder: str) -> str:
    """What a task made of a folder is called: the folder's name as it can be shown, sent and found again."""
    return one_line(folder)[:NAME_LENGTH]


def submission_of(task: Task, catalogue: Sequence[Simulator]) -> Submission:
    """The settings with which `task` was submitted, so that it can be run again with changes."""
    by_key = (entry for entry in catalogue if entry.key == task.simulator)
    by_image = (entry for entry in catalogue if entry.image == task.container_image)
    simulator = next(chain(by_key, by_image), None)
    commands = (task.extra_params or {}).get("commands") or ()
    lines = (command.get("cmd", "") if isinstance(command, Mapping) else str(command) for command in commands)
    return Submission(
        folders=(),
        simulator=simulator.key if simulator else COMMANDS,
        values={},
        commands=tuple(line for line in lines if line),
        machine_group_id=task.machine_group_id or "",
        project=task.project or DEFAULT_PROJECT,
        name="" if task.name == task.task_id else task.name,
        time_to_live_seconds=task.time_to_live_seconds,
        resubmit_on_preemption=bool(task.resubmit_on_preemption),
        resubmitted_from=task.task_id,
    )


def contents_text(folders: Sequence[FolderContents]) -> str:
    """`2 files · 12 kB`, or `3 folders · 1,204 files · 3.4 GB`."""
    files = count_text(sum(len(folder.files) for folder in folders), "file")
    size = size_text(sum(folder.total_size for folder in folders))
    counted = [count_text(len(folders), "folder")] if len(folders) > 1 else []
    return " · ".join([*counted, files, size])


def _telling_file(simulator: Simulator, folder: FolderContents) -> str:
    """The file that best explains the guess: the one the simulator would read first, if it was recognised by it."""
    telling = matching_files(folder.near, simulator.recognised_by)
    read_first = (
        candidate_files(parameter, [folder]) for parameter in simulator.parameters if parameter.kind == "file"
    )
    return next((files[0] for files in read_first if files and files[0] in telling), telling[0])


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _missing_file(path: str, folders: Sequence[FolderContents]) -> str:
    folder = next((folder for folder in folders if path not in folder), None)
    if folder is None:
        return ""
    rule = next((rule for excluded, rule in folder.excluded if excluded == path), "")
    if rule:
        return f"“{one_line(path)}” is not sent: it is excluded by {one_line(rule)}."
    return f"{one_line(folder.name)} has no file “{one_line(path)}”."


def _by_rule(excluded: Sequence[tuple[str, str]]) -> tuple[ExclusionRule, ...]:
    paths: dict[str, list[str]] = {}
    for path, rule in excluded:
        paths.setdefault(rule, []).append(path)
    return tuple(ExclusionRule(rule, len(one), tuple(islice(one, EXCLUDED_EXAMPLES))) for rule, one in paths.items())

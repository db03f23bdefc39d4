"""What a runner is told to do, read from the order's texts into values, and checked before anything is started."""

from __future__ import annotations

import json
import math
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from taskmon.core.errors import InvalidInputError
from taskmon.core.runner_protocol import Command, MpiConfig, TaskOrder
from taskmon.core.storage import INPUT_FOLDER

MAX_WORD: Final = 512
"""Longest word of a command and longest prompt, in characters."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command, split into words."""

    words: tuple[str, ...]
    prompts: tuple[str, ...]
    mpi: MpiConfig | None
    env: dict[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """One task as the runner sees it. `storage_path` is without the bucket; times in seconds.

    `streamed` outputs are sent while they are packed; others lie as a whole archive on the disk first.
    """

    task_id: str
    storage_path: str
    image: str
    commands: tuple[CommandLine, ...]
    sim_dir: str
    subfolder: str
    input_resources: tuple[str, ...]
    storage_region: str | None
    time_to_live_s: float | None
    submitted: datetime | None
    streamed: bool = True


@dataclass(frozen=True, slots=True)
class _ExtraParams:
    """The keys of `extra_params` that a runner knows; others belong to the client."""

    commands: list[Command]
    sim_dir: str | None = INPUT_FOLDER
    run_subprocess_dir: str | None = None
    env: dict[str, str] | None = None


def read_job(order: TaskOrder) -> Job:
    """The job in an order. Raises InvalidInputError saying what in it cannot be used."""
    try:
        extra = msgspec.json.decode(order.extra_params, type=_ExtraParams)
        resources = msgspec.json.decode(order.input_resources or "[]", type=list[str])
    except msgspec.MsgspecError as error:
        raise _unusable(f"its parameters cannot be read ({error})") from error
    if not extra.commands:
        raise _unusable("it has no command")
    return Job(
        task_id=order.id,
        storage_path=_storage_path(order.task_dir),
        image=order.container_image,
        commands=tuple(_split(command, extra.env or {}) for command in extra.commands),
        sim_dir=_inner_path(extra.sim_dir or INPUT_FOLDER, "sim_dir"),
        subfolder=_inner_path(extra.run_subprocess_dir or ".", "run_subprocess_dir"),
        input_resources=tuple(resources),
        storage_region=order.storage_region,
        time_to_live_s=_time_to_live(order.time_to_live_seconds),
        submitted=_moment(order.submitted_timestamp),
        streamed=order.stream_zip == "t",
    )


def _unusable(reason: str, advice: str = "Correct it and submit the task again.") -> InvalidInputError:
    return InvalidInputError(f"The task cannot be run: {reason}.", advice)


def _split(command: Command, env: dict[str, str]) -> CommandLine:
    """The command's words, as a shell would split them but with nothing expanded."""
    try:
        words = shlex.split(command.cmd)
    except ValueError as error:
        raise _unusable(f"the command “{command.cmd[:100]}” cannot be split into words ({error})") from error
    if not words:
        raise _unusable("a command is empty")
    for kind, texts in (("word", words), ("prompt", command.prompts)):
        for text in texts:
            if not 1 <= len(text) <= MAX_WORD:
                raise _unusable(f"a {kind} of “{command.cmd[:100]}” is not 1 to {MAX_WORD} characters long")
            if "\0" in text:
                raise _unusable(f"a {kind} of “{command.cmd[:100]}” holds a zero byte")
    variables = env | (command.env or {})
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name + value:
            raise _unusable(f"the environment variable “{name}” cannot be set")
    return CommandLine(tuple(words), tuple(command.prompts), command.mpi_config, variables)


def _storage_path(task_dir: str) -> str:
    _, _, path = task_dir.strip("/").partition("/")
    if not path:
        raise _unusable(f"its storage folder “{task_dir}” is not a folder in a bucket", "The service made a mistake.")
    return path


def _inner_path(text: str, name: str) -> str:
    """`text` as a path that stays inside its folder."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\0" in text:
        raise _unusable(f"{name} “{text}” leaves the task's folder")
    return str(path)


def _time_to_live(text: str | None) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError as error:
        raise _unusable(f"its time to live “{text}” is not a number of seconds") from error
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def _moment(text: str | None) -> datetime | None:
    """The time in `text`; None if there is none that can be compared with other times."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def task_id_of(text: bytes) -> str | None:
    """The task id in an order that cannot be read otherwise; None if not even that can be found."""
    try:
        order: Any = json.loads(text)
    except ValueError:
        return None
    found = order.get("id") if isinstance(order, dict) else None
    return found if isinstance(found, str) else None

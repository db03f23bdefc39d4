"""What the user decided, in a TOML file of the configuration folder.

Reading is never fatal: a value that cannot be used is named, and its default counts. Writing keeps what this version
does not know. Secrets do not belong here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from taskmon.core.connection import Connection, address_problem, tidy_address
from taskmon.core.errors import InvalidInputError
from taskmon.core.task_event import TaskEvent
from taskmon.user_folders import user_folder

T = TypeVar("T")

CONFIG_DIR_VARIABLE: Final = "TASKMON_CONFIG_DIR"
_FILE: Final = "settings.toml"
_WHERE_TO_CORRECT: Final = "Correct it in {path}; until then the default counts."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`connection` names the service the window opens with; empty means the embedded one. Keys are kept elsewhere.

    `idle_exit_minutes` is how long the embedded service stays without work or visitors, 0 for ever. `excludes` are
    patterns, as in a .taskmonignore file, of what never travels with a submitted folder. `log_font_size` in points;
    with `reduce_motion` nothing pulses. `notify` names the events that the desktop is told of while nobody looks.
    """

    connections: tuple[Connection, ...] = ()
    connection: str = ""
    reduce_motion: bool = False
    wrap: bool = False
    log_font_size: float = 10.0
    idle_exit_minutes: float = 15.0
    excludes: tuple[str, ...] = ()
    notify: tuple[TaskEvent, ...] = tuple(TaskEvent)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, and a sentence for every value in the file that could not be used."""

    settings: Settings
    problems: tuple[InvalidInputError, ...] = ()


def settings_path(config_dir: Path | None = None) -> Path:
    """Where the settings live: in `config_dir`, else in $TASKMON_CONFIG_DIR, else in the user's own folder."""
    if config_dir is None and os.environ.get(CONFIG_DIR_VARIABLE):
        config_dir = Path(os.environ[CONFIG_DIR_VARIABLE])
    return (config_dir or user_folder("config")) / _FILE


def load_settings(path: Path) -> LoadedSettings:
    """The settings in `path`; the defaults if there is no such file."""
    try:
        content = _read(path)
    except InvalidInputError as error:
        return LoadedSettings(Settings(), (error,))
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for name in _FIELDS:
        if name not in content:
            continue
        try:
            if name == "connections":
                values[name], unusable = _usable_connections(content[name])
                complaints += [f"The setting connections {complaint}" for _, complaint in unusable]
            else:
                values[name] = _READERS[name](content[name])
        except ValueError as error:
            complaints.append(f"The setting {name} {error}")
    advice = _WHERE_TO_CORRECT.format(path=path)
    return LoadedSettings(Settings(**values), tuple(InvalidInputError(f"{text}.", advice) for text in complaints))


def change_settings(path: Path, **changes: object) -> None:
    """Write these settings only; whatever else stands in the file stays as it is. Raises InvalidInputError.

    A file that cannot be read as TOML is not overwritten: somebody was editing it. What stays includes
    values that cannot be used: an entry of `connections` with a slip in it is not lost by adding another.
    """
    import tomli_w

    content = _read(path)
    for name, value in changes.items():
        kept = _unusable_connections(content.get(name)) if name == "connections" else []
        content[name] = [*_writable_list(value), *kept] if name == "connections" else _writable(value)
    _write(path, tomli_w.dumps(content))


def _write(path: Path, text: str) -> None:
    target = path.resolve()  # the file itself, not a link to it that somebody keeps
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise InvalidInputError(
            f"The settings cannot be saved in {path}: {error.strerror or error}.",
            "Check the folder's rights and space.",
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"The settings file {path} is not TOML: {error}.", "Correct it or move it away."
        ) from error
    except OSError as error:
        raise InvalidInputError(
            f"The settings file {path} cannot be read: {error.strerror or error}.", "Check its rights."
        ) from error


def _writable_list(values: object) -> list[object]:
    return [_writable(value) for value in cast("tuple[object, ...]", values)]


def _writable(value: object) -> object:
    if isinstance(value, tuple):
        return [_writable(item) for item in value]
    if isinstance(value, Connection):
        return {"name": value.name, "url": value.url}
    return str(value) if isinstance(value, TaskEvent) else value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value


def _number(least: float, most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return float(value)

    return read


def _event(value: object) -> TaskEvent:
    if not isinstance(value, str) or value not in tuple(TaskEvent):
        raise ValueError(f"may hold only {', '.join(TaskEvent)}")
    return TaskEvent(value)


def _list_of(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    def read_all(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError("must be a list in square brackets")
        return tuple(read(item) for item in value)

    return read_all


def _usable_connections(value: object) -> tuple[tuple[Connection, ...], list[tuple[object, str]]]:
    """The connections that can be used, and the other entries, each with what is wrong with it."""
    if not isinstance(value, list):
        raise ValueError("must be a list of tables")
    usable: dict[str, Connection] = {}
    unusable: list[tuple[object, str]] = []
    for entry in value:
        try:
            connection = _connection(entry)
            if connection.name.casefold() in usable:
                raise ValueError(f"has two entries “{connection.name}”")
            usable[connection.name.casefold()] = connection
        except ValueError as error:
            unusable.append((entry, str(error)))
    return tuple(usable.values()), unusable


def _unusable_connections(value: object) -> list[object]:
    return [entry for entry, _ in _usable_connections(value)[1]] if isinstance(value, list) else []


def _connection(value: object) -> Connection:
    if (
        not isinstance(value, Mapping)
        or not isinstance(value.get("name"), str)
        or not isinstance(value.get("url"), str)
        or not value["name"].strip()
    ):
        raise ValueError("needs a name and a url in every entry")
    problem = address_problem(value["url"])
    if problem:
        raise ValueError(f"has an entry “{value['name']}” whose url cannot be used: {problem.rstrip('.')}")
    return Connection(name=value["name"].strip(), url=tidy_address(value["url"]))


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "connection": _text,
    "reduce_motion": _flag,
    "wrap": _flag,
    "log_font_size": _number(6, 40),
    "idle_exit_minutes": _number(0, 100_000),
    "excludes": _list_of(_text),
    "notify": _list_of(_event),
}

_FIELDS: Final = tuple(field.name for field in fields(Settings))

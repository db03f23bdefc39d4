"""Looks at a folder before it is submitted: what travels, what stays at home and why."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from taskmon.client.ignore_rules import DEFAULT_EXCLUDES, IGNORE_FILE, IgnoreRule, parse_rules, rule_against
from taskmon.core.errors import InvalidInputError
from taskmon.core.storage import OUTPUT_ARCHIVE

LEAVES_FOLDER: Final = "a link to outside the folder"
BROKEN_LINK: Final = "a link to nothing"
CIRCLE: Final = "a link to a folder that contains it"
NOT_A_FILE: Final = "neither a file nor a folder"


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file that travels: its path below the folder, with slashes, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file, or a whole folder (with a slash at the end), that stays at home, and the rule that says so."""

    path: str
    rule: str


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What was found in `folder`. `total_size` in bytes counts only what travels; `empty_folders` travel too."""

    folder: Path
    files: tuple[ScannedFile, ...]
    total_size: int
    excluded: tuple[Excluded, ...]
    empty_folders: tuple[str, ...] = ()


@dataclass(slots=True)
class _Findings:
    root: Path
    rules: tuple[IgnoreRule, ...]
    files: list[ScannedFile] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    empty_folders: list[str] = field(default_factory=list)


class ScanStoppedError(Exception):
    """Somebody set the stop event."""


async def scan_in_thread(folder: Path, excludes: Sequence[str] = ()) -> FolderScan:
    """`scan_folder` beside the loop. A cancellation ends the thread's work too: a share may hold millions of files."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(scan_folder, folder, excludes, stop)
    finally:
        stop.set()


def scan_folder(folder: Path, excludes: Sequence[str] = (), stop: threading.Event | None = None) -> FolderScan:
    """What of `folder` would travel. Blocks on the disk. Raises ScanStoppedError soon after `stop` is set.

    Rules in rising precedence: taskmon's own, `excludes`, the folder's `.taskmonignore`. Links are followed inside
    the folder and left out when they lead out of it. Raises InvalidInputError for what cannot be submitted at all.
    """
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would hide that the folder itself is a link
    if not root.is_dir():
        raise InvalidInputError(f"{folder} is not a folder.", "Choose the folder that holds the input files.")
    findings = _Findings(root.resolve(), parse_rules([*DEFAULT_EXCLUDES, *excludes, *_ignore_lines(root)]))
    left: list[_Left] = [(root, "", (findings.root,))]
    while left:
        if stop is not None and stop.is_set():
            raise ScanStoppedError
        left += _scan(findings, *left.pop())
    if any(file.path == OUTPUT_ARCHIVE for file in findings.files):
        raise InvalidInputError(
            f"The folder holds a file named {OUTPUT_ARCHIVE}, the name under which a task's outputs are stored.",
            f"Move it away or rename it, or name it in a file {IGNORE_FILE}, then submit again.",
        )
    files = tuple(sorted(findings.files, key=lambda file: file.path))
    return FolderScan(
        root,
        files,
        sum(file.size for file in files),
        tuple(sorted(findings.excluded, key=lambda excluded: excluded.path)),
        tuple(sorted(findings.empty_folders)),
    )


def _ignore_lines(root: Path) -> list[str]:
    try:
        return (root / IGNORE_FILE).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{IGNORE_FILE} cannot be read: {error}.", "Correct it or remove it.") from error


_Left = tuple[Path, str, tuple[Path, ...]]
"""A folder to look at, its path in the archive, and the real folders on the way to it."""


def _scan(findings: _Findings, folder: Path, prefix: str, ancestors: tuple[Path, ...]) -> list[_Left]:
    """Notes what is in one folder; the folders in it are left to look at."""
    left: list[_Left] = []
    entries = _entries(folder, prefix)
    if not entries and prefix:
        findings.empty_folders.append(prefix)
    for entry in entries:
        path = prefix + entry.name
        _check_name(path)
        try:
            status = entry.stat()
        except OSError:
            findings.excluded.append(Excluded(path, _stat_problem(entry, path)))
            continue
        is_folder = stat.S_ISDIR(status.st_mode)
        shown = f"{path}/" if is_folder else path
        reason = _reason_to_stay(findings, entry, path, status.st_mode, ancestors)
        if reason:
            findings.excluded.append(Excluded(shown, reason))
        elif is_folder:
            real = Path(entry.path).resolve() if entry.is_symlink() else ancestors[-1] / entry.name
            left.append((Path(entry.path), shown, (*ancestors, real)))
        elif os.access(entry.path, os.R_OK):
            findings.files.append(ScannedFile(path, status.st_size))
        else:
            raise _unreadable(path, "you have no right to")
    return left


def _reason_to_stay(
    findings: _Findings, entry: os.DirEntry[str], path: str, mode: int, ancestors: tuple[Path, ...]
) -> str:
    rule = rule_against(path, stat.S_ISDIR(mode), findings.rules)
    if rule is not None:
        return rule.text
    if entry.is_symlink():
        target = Path(entry.path).resolve()
        if not target.is_relative_to(findings.root):
            return LEAVES_FOLDER
        if target in ancestors:
            return CIRCLE
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else NOT_A_FILE


def _entries(folder: Path, prefix: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(prefix or str(folder), str(error.strerror or error)) from error


def _stat_problem(entry: os.DirEntry[str], path: str) -> str:
    if entry.is_symlink():
        return BROKEN_LINK
    raise InvalidInputError(f"{path} vanished while the folder was being looked at.", "Try again.")


def _check_name(path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        shown = path.encode("utf-8", "replace").decode()
        raise InvalidInputError(
            f"The name of the file {shown} is not valid UTF-8.", "Rename it, then submit again."
        ) from None


def _unreadable(path: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"{path} cannot be read: {why}.", f"Make it readable or name it in {IGNORE_FILE}.")

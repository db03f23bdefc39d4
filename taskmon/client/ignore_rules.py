"""Which files of a folder stay at home: patterns in the manner of .gitignore, as pure functions over paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

IGNORE_FILE: Final = ".taskmonignore"
DEFAULT_EXCLUDES: Final = (
    ".git/",
    ".hg/",
    ".svn/",
    "__pycache__/",
    ".venv/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ipynb_checkpoints/",
    "*.pyc",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".~lock.*#",
    "*.swp",
    IGNORE_FILE,
)


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One pattern. `keeps` rules (written with a `!`) bring back what an earlier one left out."""

    text: str
    regex: re.Pattern[str]
    keeps: bool
    folders_only: bool


def parse_rules(lines: Iterable[str]) -> tuple[IgnoreRule, ...]:
    """The rules in `lines`: blank lines and `#` comments do nothing; `*`, `?`, `[…]` and `**` stand for characters;
    a `/` at the end means folders only, one at the beginning or inside ties the pattern to the top folder."""
    rules = []
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        keeps = text.startswith("!")
        pattern = text.removeprefix("!").removeprefix("\\")
        folders_only = pattern.endswith("/")
        pattern = pattern.rstrip("/")
        if pattern.strip("/"):
            rules.append(IgnoreRule(text, _compile(pattern), keeps, folders_only))
    return tuple(rules)


def rule_against(path: str, is_folder: bool, rules: Sequence[IgnoreRule]) -> IgnoreRule | None:
    """The rule that leaves `path` (relative, with slashes) out; None if it travels. The last matching rule decides."""
    for rule in reversed(rules):
        if (is_folder or not rule.folders_only) and rule.regex.fullmatch(path):
            return None if rule.keeps else rule
    return None


def _compile(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern
    parts = pattern.lstrip("/").split("/")
    pieces: list[str] = [] if anchored else ["(?:.*/)?"]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            pieces.append(".*" if last else "(?:.*/)?")
        else:
            pieces.append(_part_regex(part) + ("" if last else "/"))
    return re.compile("".join(pieces), re.DOTALL)


def _part_regex(part: str) -> str:
    """The regular expression of one pattern part, in which no wildcard crosses a slash."""
    pieces, position = [], 0
    while position < len(part):
        character = part[position]
        position += 1
        if character == "*":
            pieces.append("[^/]*")
        elif character == "?":
            pieces.append("[^/]")
        elif character == "[" and (end := part.find("]", position + 1)) > 0:
            pieces.append(_class_regex(part[position:end]))
            position = end + 1
        else:
            pieces.append(re.escape(character))
    return "".join(pieces)


def _class_regex(inside: str) -> str:
    """One character of those between brackets; a range whose end comes before its beginning holds none."""
    negated, members = inside.startswith(("!", "^")), []
    rest = inside[1:] if negated else inside
    while rest:
        if rest[1:2] == "-" and len(rest) > 2:
            if rest[0] <= rest[2]:
                members.append(f"{re.escape(rest[0])}-{re.escape(rest[2])}")
            rest = rest[3:]
        else:
            members.append(re.escape(rest[0]))
            rest = rest[1:]
    if not members:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]"

"""What log lines say to a machine: how far it is, which numbers it prints, which lines are bad news.

Pure functions over lines, without any time: whoever reads the lines knows when they came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskmon.core.simulators import LogPattern

_READ_LIMIT: Final = 4096
"""Characters of a line that patterns look at; no simulator prints its numbers behind them."""

LABEL_GROUP: Final = "label"
"""A pattern's group of this name splits its series, e.g. by the field that a residual belongs to."""

X_GROUP: Final = "x"
"""A pattern's group of this name is the abscissa of its other groups."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


_ERRORS: Final = re.compile(
    r"^\W*(?:error|fatal|critical)\b(?!\s*(?:=|norm|estimate|in\b.*=|\d))"
    r"|\b(?:fatal error|io error|error:|error!|errors? occurred|exception:|traceback \(most recent call)"
    r"|\[(?:error|fatal|critical)\]"
    r"|\b\w*(?:Error|Exception):\s"
    r"|\bFOAM (?:exiting|aborting)|FOAM FATAL"
    r"|segmentation fault|core dumped|floating point exception|bus error|illegal instruction"
    r"|mpi_abort|out of memory|cannot allocate memory|no space left on device"
    r"|no such file or directory|command not found|permission denied"
    r"|\b(?:diverged|blew up|simulation aborted|not converged!)\b",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(r"\b(?:no|0|without|zero) (?:fatal )?errors?\b|\berrors?\s*[:=]\s*[-+.\d]", re.IGNORECASE)
_WARNINGS: Final = re.compile(r"\bwarn(?:ing)?\b(?!s?\s*[:=]\s*0\b)|\[warn\]", re.IGNORECASE)
_NO_WARNINGS: Final = re.compile(r"\b(?:no|0|without|zero) warnings?\b", re.IGNORECASE)

_ONLY_STOPS: Final = re.compile(r"^(?:FOAM (?:exiting|aborting)\b|traceback \(most recent|mpi_abort\b)", re.IGNORECASE)


HINTS: Final = (
    "error", "fatal", "critical", "exception", "traceback", "foam ", "fault", "dumped", "abort", "illegal", "memory",
    "no space", "no such", "not found", "denied", "diverged", "blew up", "converged", "warn",
)  # fmt: skip
"""One of these is in every bad line: looking for them spares nearly all lines the expressions."""


def severity(line: str) -> Severity | None:
    """Whether a line reads like bad news from any program."""
    line = line[:_READ_LIMIT]
    lowered = line.lower()
    for hint in HINTS:
        if hint in lowered:
            break
    else:
        return None
    if _ERRORS.search(line) and not _HARMLESS.search(line):
        return Severity.ERROR
    if _WARNINGS.search(line) and not _NO_WARNINGS.search(line):
        return Severity.WARNING
    return None


def last_error_line(output: bytes) -> str:
    """The last line of a program's output that reads like an error and says which; empty where none does.

    A line that ends with a colon takes the next one along, as in `FOAM FATAL ERROR:`; one that tells only that the
    program stops (`FOAM exiting`) counts where there is no better one. Colours and overwritten text are left out.
    """
    lines = [text for raw in output.split(b"\n") if (text := plain_text(raw[:_READ_LIMIT]).strip())]
    errors = [place for place, text in enumerate(lines) if severity(text) is Severity.ERROR]
    telling = [place for place in errors if not _ONLY_STOPS.search(lines[place])]
    if not errors:
        return ""
    place = (telling or errors)[-1]
    return " ".join(lines[place : place + 2] if lines[place].endswith(":") else lines[place : place + 1])


@dataclass(slots=True)
class SeriesValues:
    """Numbers of one series. `at[i]` is the place, among the lines read, of the line that `values[i]` came from.

    `x` has as many numbers where the pattern names an abscissa (a step, a time), and none otherwise.
    """

    at: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    x: list[float] = field(default_factory=list)


class LogPatterns:
    """The compiled patterns of one simulator (`Simulator.log_patterns`), with the general signs of bad news.

    Patterns that do not compile were refused when the catalogue was read.
    """

    def __init__(self, patterns: Iterable[LogPattern] = ()) -> None:
        compiled = [(pattern, re.compile(pattern.regex)) for pattern in patterns]
        self._progress = [regex for pattern, regex in compiled if pattern.role == "progress"]
        self._series = [(pattern.name, regex) for pattern, regex in compiled if pattern.role == "series"]
        self._errors = [regex for pattern, regex in compiled if pattern.role == "error"]
        self._warnings = [regex for pattern, regex in compiled if pattern.role == "warning"]

    @property
    def bad_signs(self) -> tuple[str, ...]:
        """The simulator's own expressions for errors and warnings."""
        return tuple(regex.pattern for regex in (*self._errors, *self._warnings))

    def severity(self, line: str) -> Severity | None:
        """The simulator's own signs first, then the general ones."""
        start = line[:_READ_LIMIT]
        if any(regex.search(start) for regex in self._errors):
            return Severity.ERROR
        if any(regex.search(start) for regex in self._warnings):
            return Severity.WARNING
        return severity(start)

    def is_error_line(self, line: str) -> bool:
        """Whether a line is bad news worth a mark."""
        return self.severity(line) is Severity.ERROR

    def progress(self, lines: Iterable[str]) -> float | None:
        """How far the last line that says so is, from 0 to 1; None if no line says."""
        latest: float | None = None
        for line in lines:
            for regex in self._progress:
                match = regex.search(line[:_READ_LIMIT])
                fraction = _fraction(match) if match else None
                if fraction is not None:
                    latest = fraction
                    break
        return latest

    def series(self, lines: Iterable[str]) -> dict[str, SeriesValues]:
        """Every number that the series patterns find, by series name, in the order of the lines."""
        found: dict[str, SeriesValues] = {}
        if not self._series:
            return found
        for place, line in enumerate(lines):
            for name, regex in self._series:
                for match in regex.finditer(line[:_READ_LIMIT]):
                    _collect(name, match, place, found)
        return found


def _fraction(match: re.Match[str]) -> float | None:
    groups = match.groupdict()
    value = _number(groups.get("fraction"))
    if value is not None:
        in_percent = match.string[match.end("fraction") :].lstrip().startswith("%")
        return _clipped(value / 100 if in_percent else value)
    step, total = _number(groups.get("step")), _number(groups.get("total"))
    return _clipped(step / total) if step is not None and total else None


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))


def _collect(name: str, match: re.Match[str], place: int, found: dict[str, SeriesValues]) -> None:
    """Adds the numbers of one match. A pattern with one value is called by its name; with several, `name group`."""
    groups = match.groupdict()
    label, x = groups.pop(LABEL_GROUP, None), _number(groups.pop(X_GROUP, None))
    if not groups and match.re.groups:
        groups = {"": match[1]}
    prefix = " ".join(part for part in (name, label) if part)
    for group, text in groups.items():
        value = _number(text)
        if value is not None:
            series = f"{prefix} {group}".strip() if len(groups) > 1 or not prefix else prefix
            values = found.setdefault(series, SeriesValues())
            values.at.append(place)
            values.values.append(value)
            if x is not None:
                values.x.append(x)


def _number(text: str | None) -> float | None:
    """A finite or infinite number; Fortran's `1.0D-03` too."""
    if not text:
        return None
    try:
        return float(text.replace("D", "E").replace("d", "e"))
    except ValueError:
        return None

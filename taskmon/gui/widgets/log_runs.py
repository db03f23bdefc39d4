"""A row of a log cut into runs of one look: by the program's own styles, and by the marks that lie on it."""

from __future__ import annotations

from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from taskmon.core.log_spans import spans_between
from taskmon.core.log_style import PLAIN, TextStyle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor

    from taskmon.core.log_text import LineText
    from taskmon.gui.theme import Theme


class Mark(NamedTuple):
    """Columns [start, end) of a line that lie under a match or the selection; later marks win.

    `inset` pixels of the row's height stay free above and below, so that matches in neighbouring rows stay apart.
    """

    start: int
    end: int
    ink: QColor
    paper: QColor
    inset: float = 0.0


class LineLook(NamedTuple):
    """How a line is painted this time: colours, marks on it, and the visible pixels. `ink` is for text without a style.

    After `late`, by the monotonic clock, a row whose colours take time is painted without them for once.
    """

    theme: Theme
    surface: str
    ink: QColor
    marks: Sequence[Mark]
    left: float
    right: float
    late: float = inf


class Run(NamedTuple):
    """Columns [start, end) of one style, under one mark or none."""

    start: int
    end: int
    style: TextStyle
    mark: Mark | None = None


def runs_of(start: int, end: int, shown: LineText, marks: Sequence[Mark] = ()) -> list[Run]:
    """[start, end), not empty, cut where the style or the mark changes."""
    runs: list[Run] = []
    column = start
    for begin, stop, style in spans_between(shown.spans, start, end):
        if begin > column:
            runs.append(Run(column, begin, PLAIN))
        column = min(stop, end)
        runs.append(Run(max(begin, start), column, style))
    if column < end:
        runs.append(Run(column, end, PLAIN))
    return _marked(runs, start, end, marks) if marks else runs


def _marked(runs: list[Run], start: int, end: int, marks: Sequence[Mark]) -> list[Run]:
    """Runs of columns [start, end), cut where marks begin and end."""
    over: list[Mark | None] = [None] * (end - start)
    for mark in marks:
        first, last = max(start, mark.start) - start, min(end, mark.end) - start
        if last > first:
            over[first:last] = [mark] * (last - first)
    cut: list[Run] = []
    for begin, stop, style, _ in runs:
        here = begin
        for over_it, columns in groupby(over[begin - start : stop - start]):
            cut.append(Run(here, here := here + len(list(columns)), style, over_it))
    return cut

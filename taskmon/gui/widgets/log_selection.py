"""What is selected in a log: two places, what lies between them, and its text. No widget in here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.errors import InvalidInputError
from taskmon.core.log_text import plain_text
from taskmon.core.units import count_text, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from taskmon.core.log_source import LineSource

COPY_LIMIT: Final = 8_000_000
"""Bytes that are copied at once: more would hold up the window, and no clipboard is happy with it."""

LINES_LIMIT: Final = 1_000_000
"""Lines that are copied at once."""

_LINES_AT_ONCE: Final = 64
_BYTES_AT_ONCE: Final = 16 * 1024
_WORD: Final = re.compile(r"[\w.+/~:@%-]+|\s+|.")


class Caret(NamedTuple):
    """A place between characters: before `column` of a shown line."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Selection:
    """From where it was begun to where it was drawn; empty where both are one place."""

    anchor: Caret
    caret: Caret

    @property
    def start(self) -> Caret:
        return min(self.anchor, self.caret)

    @property
    def end(self) -> Caret:
        return max(self.anchor, self.caret)

    def __bool__(self) -> bool:
        return self.anchor != self.caret

    def columns_of(self, line: int, length: int) -> tuple[int, int] | None:
        """The selected columns of a line of `length`; one more than that where its end of line is selected too."""
        start, end = self.start, self.end
        if not self or not start.line <= line <= end.line:
            return None
        first = start.column if line == start.line else 0
        last = end.column if line == end.line else length + 1
        return (first, last) if last > first else None

    def extended_to(self, start: Caret, end: Caret) -> Selection:
        """A selection that keeps all of this one and reaches to [start, end): how words and lines are dragged."""
        if start < self.start:
            return Selection(self.end, start)
        return Selection(self.start, max(end, self.end))


def word_at(text: str, column: int) -> tuple[int, int]:
    """The columns of the word (or number, or path) at a column."""
    for match in _WORD.finditer(text):
        if match.start() <= column < match.end():
            return match.span()
    return (len(text), len(text))


def copy_steps(
    source: LineSource, selection: Selection, shown_length: Callable[[int], int], limit: int = COPY_LIMIT
) -> Generator[None, None, str]:
    """Reads the text of a selection in steps of about a millisecond and returns it in the end.

    Lines are copied in full, also those that are shown in part (`shown_length` columns). Raises InvalidInputError
    beyond `limit` bytes or a million lines.
    """
    start, end = selection.start, selection.end
    if end.line - start.line >= LINES_LIMIT:
        raise _too_much(f"has more than {count_text(LINES_LIMIT, 'line')}")
    raws: list[bytes] = []
    budget = limit
    for first in range(start.line, end.line + 1, _LINES_AT_ONCE):
        for number, line in enumerate(source.lines(first, min(_LINES_AT_ONCE, end.line + 1 - first)), first):
            budget -= line.length + 1
            if budget < 0:
                raise _too_much(f"is larger than {size_text(limit)}")
            if line.missing:
                yield
                line = source.lines(number, 1, limit)[0]
            raws.append(line.raw)
        yield
    parts: list[str] = []
    read = 0
    for raw in raws:
        parts.append(plain_text(raw))
        read += len(raw) + 1
        if read > _BYTES_AT_ONCE:
            read = 0
            yield
    if parts and len(parts) == end.line - start.line + 1 and end.column < shown_length(end.line):
        parts[-1] = parts[-1][: end.column]
    if parts:
        parts[0] = parts[0][start.column :]
    return "\n".join(parts)


def selected_text(source: LineSource, selection: Selection, shown_length: Callable[[int], int]) -> str:
    """As `copy_steps`, all at once: for short selections."""
    steps = copy_steps(source, selection, shown_length)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return str(ended.value)


def _too_much(what: str) -> InvalidInputError:
    return InvalidInputError(f"The selection {what}, too much to copy.", "Select less, or save the log to a file.")

"""The styled parts of a shown line. Of a line of very many commands only what is looked at is worked out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, overload

from taskmon.core.log_style import PLAIN, TextStyle, folded, styled

_FEW: Final = 64


class StyleSpan(NamedTuple):
    """[start, end) of a text in one style other than PLAIN."""

    start: int
    end: int
    style: TextStyle


def spans_of(pieces: Sequence[str], commands: Sequence[str], style: TextStyle) -> Sequence[StyleSpan]:
    """The spans of a text in `pieces`, with the parameters of an SGR command after each piece but the last."""
    if len(commands) <= _FEW:
        return tuple(_walk(list(map(len, pieces)), commands, 0, style))
    return ManySpans(list(accumulate(map(len, pieces))), commands, style)


def spans_of_runs(ends: Sequence[int], styles: Sequence[TextStyle]) -> Sequence[StyleSpan]:
    """The spans of a text whose runs end at the columns `ends`, each in one of `styles`."""
    runs = RunSpans(ends, styles)
    return runs if len(ends) > _FEW else tuple(runs) if ends else ()


def spans_between(spans: Sequence[StyleSpan], left: int, right: int) -> Sequence[StyleSpan]:
    """Those that reach into columns [left, right)."""
    if isinstance(spans, ManySpans):
        return spans.between(left, right)
    return [span for span in spans if span.start < right and span.end > left]


def many_spans(spans: Sequence[StyleSpan], more_than: int) -> bool:
    """Whether there are, or may be, more than so many, told without working them out."""
    return isinstance(spans, ManySpans) or len(spans) > more_than


def _walk(lengths: Sequence[int], commands: Sequence[str], column: int, style: TextStyle) -> Iterator[StyleSpan]:
    """The spans of pieces that begin at `column` in `style`; there may be more lengths than commands, or fewer."""
    for place, length in enumerate(lengths):
        end = column + length
        if length and style is not PLAIN and style != PLAIN:
            yield StyleSpan(column, end, style)
        column = end
        if place < len(commands):
            style = styled(style, commands[place])


class ManySpans(Sequence[StyleSpan]):
    """Spans worked out when asked for; a screen asks for its own part of the line, wherever that is."""

    def __init__(self, ends: Sequence[int], commands: Sequence[str], style: TextStyle) -> None:
        self._ends = ends
        self._commands = commands
        self._style = style

    def between(self, left: int, right: int) -> list[StyleSpan]:
        """The spans that reach into columns [left, right)."""
        ends = self._ends
        first = bisect_right(ends, left)
        last = bisect_right(ends, right) + 1
        start = ends[first - 1] if first else 0
        lengths = [end - begin for begin, end in zip([start, *ends[first:last]], ends[first:last], strict=False)]
        style = folded(self._commands[:first], self._style)
        return [span for span in _walk(lengths, self._commands[first:last], start, style) if span.start < right]

    def _all(self) -> list[StyleSpan]:
        return self.between(0, self._ends[-1])

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, place: int) -> StyleSpan: ...

    @overload
    def __getitem__(self, place: slice) -> list[StyleSpan]: ...

    def __getitem__(self, place: int | slice) -> StyleSpan | list[StyleSpan]:
        return self._all()[place]

    def __iter__(self) -> Iterator[StyleSpan]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (ManySpans, tuple)) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


class RunSpans(ManySpans):
    """Spans of known styles. A span for each letter of a screen of long lines would be a hundred thousand objects."""

    def __init__(self, ends: Sequence[int], styles: Sequence[TextStyle]) -> None:
        super().__init__(ends, (), PLAIN)
        self._styles = styles

    def between(self, left: int, right: int) -> list[StyleSpan]:
        ends, styles = self._ends, self._styles
        first = bisect_right(ends, left)
        starts = [ends[first - 1] if first else 0, *ends[first:]]
        places = range(first, min(bisect_left(ends, right) + 1, len(ends)))
        spans = (StyleSpan(starts[place - first], ends[place], styles[place]) for place in places)
        return [span for span in spans if span.style != PLAIN]

"""Paints a row of very many looks at the price of a few: colours become a strip of pixels, one for each column.

The text is then drawn once, in ink that is the strip drawn out to the width of the row, and so are the papers below it.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QImage, QPen, QTransform

from taskmon.gui.widgets.log_colours import Colours, style_colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPainter

    from taskmon.core.log_style import TextStyle
    from taskmon.gui.widgets.log_runs import LineLook, Mark, Run

MANY_RUNS: Final = 24
"""Runs of a row from which on a strip is quicker."""

_TALL: Final = 1e5
_LINE: Final = 1.0


class _Paint(NamedTuple):
    """What a column is painted with: colours as numbers, 0 for none, and the weight and slope of its font."""

    ink: int
    paper: int
    under: int
    struck: int
    font: tuple[bool, bool]


class Strip(NamedTuple):
    """A row ready to be painted: pixels for papers, inks, underlines and strokes, and its letters by font."""

    papers: QImage | None
    inks: QImage | None
    under: QImage | None
    struck: QImage | None
    letters: Sequence[tuple[tuple[bool, bool], str]]

    def paint_papers(self, painter: QPainter, area: QRectF) -> None:
        if self.papers is not None:
            painter.drawImage(area, self.papers)

    def pen(self, area: QRectF) -> QPen | None:
        """What the letters over `area` are drawn with; None where there are none."""
        if self.inks is None:
            return None
        brush = QBrush(self.inks)
        brush.setTransform(QTransform(area.width() / self.inks.width(), 0, 0, _TALL, area.x(), 0))
        return QPen(brush, 1)

    def paint_lines(self, painter: QPainter, area: QRectF, baseline: float) -> None:
        """Paints what lies under and over letters."""
        for line, y in ((self.under, baseline + 2), (self.struck, baseline - area.height() / 4)):
            if line is not None:
                painter.drawImage(QRectF(area.x(), y, area.width(), _LINE), line)


def strip_of(text: str, runs: Sequence[Run], look: LineLook, pixels: Sequence[int] | None = None) -> Strip:
    """The strip of `text`, the columns of all `runs`: a pixel for each column, or `pixels` for each run."""
    known: dict[tuple[TextStyle, int], _Paint] = {}
    columns: list[_Paint] = []
    for place, (start, end, style, mark) in enumerate(runs):
        key = (style, id(mark))
        paint = known.get(key)
        if paint is None:
            paint = known[key] = _paint_of(style, mark, look)
        columns += [paint] * (end - start if pixels is None else pixels[place])
    fonts = sorted({paint.font for paint in known.values()}) if pixels is None else []
    return Strip(
        _strip([paint.paper for paint in columns]),
        _strip([paint.ink for paint in columns]),
        _strip([paint.under for paint in columns]),
        _strip([paint.struck for paint in columns]),
        [(font, text if len(fonts) == 1 else _letters_in(font, text, columns)) for font in fonts],
    )


def _paint_of(style: TextStyle, mark: Mark | None, look: LineLook) -> _Paint:
    colours = Colours(mark.ink, mark.paper) if mark else style_colours(style, look.theme, look.surface)
    ink, paper = colours.ink.rgba(), colours.paper.rgba() if colours.paper is not None else 0
    return _Paint(ink, paper, ink * style.underline, ink * style.struck, (style.bold, style.italic))


def _letters_in(font: tuple[bool, bool], text: str, columns: Sequence[_Paint]) -> str:
    """The text with only the letters in one font, blanks for the others."""
    return "".join(letter if paint.font == font else " " for letter, paint in zip(text, columns, strict=True))


def _strip(colours: Sequence[int]) -> QImage | None:
    """An image of one pixel for each colour, side by side; None where there is none."""
    if not any(colours):
        return None
    return QImage(array("I", colours).tobytes(), len(colours), 1, QImage.Format.Format_ARGB32).copy()

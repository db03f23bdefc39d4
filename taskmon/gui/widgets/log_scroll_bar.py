"""The scroll bars of a log: the vertical one shows where the matches and the lines with bad news are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QScrollBar, QStyle, QStyleOptionSlider, QWidget

from taskmon.gui.theme import LIGHT

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from taskmon.core.log_source import SearchResult
    from taskmon.gui.theme import Theme

_MARK_HEIGHT: Final = 2
_ROUND: Final = 4.0
_GROOVE: Final = QStyle.SubControl.SC_ScrollBarGroove
_HANDLE: Final = QStyle.SubControl.SC_ScrollBarSlider


class LogScrollBar(QScrollBar):
    """Paints itself: the style's own painting costs more than a page of text."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self._theme = LIGHT

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            self._paint_handle(painter)
            self._paint_marks(painter, self._place_of(_GROOVE))
        finally:
            painter.end()

    def _paint_handle(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        if self.maximum() > self.minimum():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            held = self.underMouse() or self.isSliderDown()
            painter.setBrush(QColor(self._theme.muted if held else self._theme.faint))
            handle = QRectF(self._place_of(_HANDLE)).adjusted(2, 2, -2, -2)
            painter.drawRoundedRect(handle, _ROUND, _ROUND)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_marks(self, painter: QPainter, groove: QRect) -> None:
        """What a bar shows beside its handle."""

    def _place_of(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_ScrollBar, option, part, self)


class MarkedScrollBar(LogScrollBar):
    """Costs one look per two pixels at most, however many matches there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._result: SearchResult | None = None
        self._line_count = 0
        self._current: int | None = None
        self._problems: SearchResult | None = None
        self._spans: dict[int, tuple[object, list[tuple[int, int]]]] = {}

    def show_matches(self, result: SearchResult | None, line_count: int, current: int | None) -> None:
        """Marks the matching lines of a log of `line_count` lines; `current` is marked strongly."""
        if (result, line_count, current) != (self._result, self._line_count, self._current):
            self._result, self._line_count, self._current = result, line_count, current
            self.update()

    def show_problems(self, found: SearchResult | None) -> None:
        """Marks lines with bad news, left of the matches."""
        if found != self._problems:
            self._problems = found
            self.update()

    def mark_spans(self, height: int) -> list[tuple[int, int]]:
        """The pixels [top, bottom), counted from the top of the groove, that hold matches."""
        return self._spans_of(self._result, height)

    def _spans_of(self, result: SearchResult | None, height: int) -> list[tuple[int, int]]:
        if result is None or self._line_count == 0 or height <= 0:
            return []
        key = (result.pattern, result.count, id(result.lines), self._line_count, height)
        known = self._spans.get(id(result.lines))
        if known is None or known[0] != key:
            if len(self._spans) > 1:
                self._spans.clear()
            self._spans[id(result.lines)] = known = (key, mark_spans(result, self._line_count, height))
        return known[1]

    def _paint_marks(self, painter: QPainter, groove: QRect) -> None:
        half = groove.width() // 2
        for result, left, width, colour in (
            (self._problems, 1, half - 1, self._theme.error_ink),
            (self._result, half, groove.width() - half - 1, self._theme.accent),
        ):
            ink = QColor(colour)
            for top, bottom in self._spans_of(result, groove.height()):
                painter.fillRect(QRect(groove.left() + left, groove.top() + top, width, bottom - top), ink)
        if self._current is not None and self._line_count:
            y = groove.top() + self._current * groove.height() // self._line_count
            painter.fillRect(QRect(groove.left(), y - 1, groove.width(), 3), QColor(self._theme.text))


def mark_spans(result: SearchResult, line_count: int, height: int) -> list[tuple[int, int]]:
    """Marks of matches among `line_count` lines on `height` pixels, neighbours joined."""
    spans: list[tuple[int, int]] = []
    place = bottom = 0
    while bottom < height and place < min(result.count, len(result.lines)):
        line = result.lines[place]
        top = min(line * height // line_count, height - 1) // _MARK_HEIGHT * _MARK_HEIGHT
        bottom = min(top + _MARK_HEIGHT, height)
        if spans and spans[-1][1] == top:
            spans[-1] = (spans[-1][0], bottom)
        else:
            spans.append((top, bottom))
        below = -(-bottom * line_count // height)  # the first line whose mark is further down
        place = result.position_at_or_after(max(below, line + 1))
    return spans

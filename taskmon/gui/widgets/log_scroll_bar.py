"""A vertical scroll bar that shows where in the log the matches and the lines with bad news are."""

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


class MarkedScrollBar(QScrollBar):
    """Costs one look per pixel, however many matches there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = LIGHT
        self._result: SearchResult | None = None
        self._line_count = 0
        self._current: int | None = None
        self._problems: SearchResult | None = None
        self._places: dict[int, tuple[object, list[int]]] = {}

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

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

    def mark_places(self, height: int) -> list[int]:
        """The pixels, counted from the top of the groove, that hold at least one match."""
        return self._places_of(self._result, height)

    def _places_of(self, result: SearchResult | None, height: int) -> list[int]:
        if result is None or self._line_count == 0 or height <= 0:
            return []
        key = (result.pattern, result.count, id(result.lines), self._line_count, height)
        known = self._places.get(id(result.lines))
        if known is None or known[0] != key:
            steps = range(0, height, _MARK_HEIGHT)
            lines = self._line_count
            places = [
                y
                for y in steps
                if result.has_match_in(
                    y * lines // height, max((y + _MARK_HEIGHT) * lines // height, y * lines // height + 1)
                )
            ]
            if len(self._places) > 1:
                self._places.clear()
            self._places[id(result.lines)] = known = (key, places)
        return known[1]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints groove, marks and handle; the style's own painting costs more than a page of text."""
        groove, handle = self._place_of(_GROOVE), self._place_of(_HANDLE)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.surface))
        if self.maximum() > self.minimum():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            held = self.underMouse() or self.isSliderDown()
            painter.setBrush(QColor(self._theme.muted if held else self._theme.faint))
            painter.drawRoundedRect(QRectF(handle).adjusted(2, 2, -2, -2), _ROUND, _ROUND)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        half = groove.width() // 2
        for result, left, width, colour in (
            (self._problems, 1, half - 1, self._theme.error_ink),
            (self._result, half, groove.width() - half - 1, self._theme.accent),
        ):
            for y in self._places_of(result, groove.height()):
                painter.fillRect(QRect(groove.left() + left, groove.top() + y, width, _MARK_HEIGHT), QColor(colour))
        if self._current is not None and self._line_count:
            y = groove.top() + self._current * groove.height() // self._line_count
            painter.fillRect(QRect(groove.left(), y - 1, groove.width(), 3), QColor(self._theme.text))
        painter.end()

    def _place_of(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_ScrollBar, option, part, self)

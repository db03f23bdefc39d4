"""Short texts that are painted again and again, as small pictures of them: a sixth of what painting a text costs."""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

_MARGIN: Final = 2
"""Pixels around a text that letters may reach into."""

_SPARE: Final = 1.0
"""Pixels by which two letters may stand further apart than each by itself would want."""

_LETTERS: Final = "".join(map(chr, range(32, 127)))

_GENERATION: Final = 8 << 20
"""Bytes of pictures after which those that nobody has painted since the last time are forgotten."""

_TEXTS: Final = 4_000
"""The same for texts without a picture."""


_AT_ONCE: Final = 16
"""Pictures made in one painting. One costs as much as three times painting its text, which many a text that scrolls by
is not; those in view have theirs after a few paintings."""


class Face:
    """A font, and how a text is cut that does not fit."""

    def __init__(self, font: QFont, cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        self.font = font
        self._cut = cut
        self._metrics = QFontMetricsF(font)
        self.ascent = self._metrics.ascent()
        self.height = ceil(self._metrics.height()) + 1
        self._most: dict[str, float] = {}

    def width(self, text: str) -> int:
        """The width [px] of the whole `text`."""
        return ceil(self._metrics.horizontalAdvance(text))

    def drop(self, height: int) -> int:
        """How far below the top of a room of this `height` [px] the top of a text is that stands in its middle."""
        return round(height / 2 - self._metrics.height() / 2 - 0.5)

    def surely_fits(self, text: str, room: int) -> bool:
        """Whether a text fits for sure: adding up its letters costs a tenth of measuring it."""
        if not self._most:
            self._most = {letter: self._metrics.horizontalAdvance(letter) + _SPARE for letter in _LETTERS}
        try:
            return sum(map(self._most.__getitem__, text)) <= room
        except KeyError:
            return False

    def fitted(self, text: str, room: int) -> tuple[str, int]:
        """As much of `text` as fits into `room` pixels, and its width."""
        width = self.width(text)
        if width <= room:
            return text, width
        told = self._metrics.elidedText(text, self._cut, max(1, room))
        return told, self.width(told)


class TextStyle:
    """How a text looks; each is its own, so that it can be remembered by."""

    __slots__ = ("face", "ground", "ink", "right")

    def __init__(self, face: Face, ink: QColor, ground: QColor, *, right: bool = False) -> None:
        self.face = face
        self.ink = ink
        self.ground = ground
        self.right = right


class _Tile(NamedTuple):
    """A text as it fits, so many pixels right of its room's edge. The picture is empty until it is wanted again."""

    told: str
    shift: int
    picture: QPixmap


_Key = tuple[str, int, TextStyle]


class TextTiles:
    """Paints texts. Of those that it paints again it makes pictures on their ground, some each time, and paints these
    from then on.

    A picture is what painting the text would give, pixel by pixel: it stands on the screen's own pixels. Where these
    are no whole part of ours texts are painted every time.
    """

    def __init__(self) -> None:
        self._ratio = 1.0
        self._tiles: dict[_Key, _Tile] = {}
        self._older: dict[_Key, _Tile] = {}
        self._bytes = 0
        self._allowed = 0
        self._empty = QPixmap()
        self._sheet = QPixmap(600, 40)

    def begin(self, painter: QPainter) -> None:
        """What follows is painted with `painter`, on a screen that may have another number of pixels to ours."""
        ratio = painter.device().devicePixelRatioF()
        self._allowed = _AT_ONCE if ratio.is_integer() else 0
        if ratio != self._ratio:
            self.clear()
            self._ratio = ratio

    def clear(self) -> None:
        """Forgets everything."""
        self._tiles, self._older, self._bytes = {}, {}, 0

    def draw(self, painter: QPainter, left: int, top: int, room: int, text: str, style: TextStyle) -> None:
        """Paints `text` into `room` pixels from `left` on, cut where it does not fit."""
        tile = self._tiles.get((text, room, style))
        if tile is None:
            tile = self._begun((text, room, style))
        elif tile.picture is self._empty and self._allowed:
            self._allowed -= 1
            tile = self._keep((text, room, style), tile._replace(picture=self._picture(tile, style)))
        if tile.picture is self._empty:
            self._paint(painter, QPointF(left + tile.shift, top + style.face.ascent), tile, style)
        else:
            painter.drawPixmap(left + tile.shift - _MARGIN, top - _MARGIN, tile.picture)

    def _begun(self, key: _Key) -> _Tile:
        older = self._older.pop(key, None)
        if older is not None:
            return self._keep(key, older)
        text, room, style = key
        if not style.right and style.face.surely_fits(text, room):
            return self._keep(key, _Tile(text, 0, self._empty))
        told, width = style.face.fitted(text, room)
        return self._keep(key, _Tile(told, room - width if style.right else 0, self._empty))

    def _keep(self, key: _Key, tile: _Tile) -> _Tile:
        if tile.picture is not self._empty:
            self._bytes += 4 * tile.picture.width() * tile.picture.height()
        if self._bytes > _GENERATION or len(self._tiles) > _TEXTS:
            self._tiles, self._older, self._bytes = {}, self._tiles, 0
        self._tiles[key] = tile
        return tile

    def _picture(self, tile: _Tile, style: TextStyle) -> QPixmap:
        """Painted on a sheet that is used again: each new one that Python paints on leaves references behind."""
        face, ratio = style.face, int(self._ratio)
        width, height = face.width(tile.told) + 2 * _MARGIN, face.height + 2 * _MARGIN
        size = QSize(width, height) * ratio
        if size.width() > self._sheet.width() or size.height() > self._sheet.height():
            self._sheet = QPixmap(size.expandedTo(self._sheet.size()))
        self._sheet.setDevicePixelRatio(ratio)
        painter = QPainter(self._sheet)
        painter.fillRect(0, 0, width, height, style.ground)
        self._paint(painter, QPointF(_MARGIN, _MARGIN + face.ascent), tile, style)
        painter.end()
        return self._sheet.copy(0, 0, size.width(), size.height())

    def _paint(self, painter: QPainter, at: QPointF, tile: _Tile, style: TextStyle) -> None:
        painter.setFont(style.face.font)
        painter.setPen(style.ink)
        painter.drawText(at, tile.told)

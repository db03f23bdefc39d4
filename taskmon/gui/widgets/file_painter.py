"""Paints the rows of the file tree: names stand in by their folders, and folders have an arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPolygonF

from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.file_rows import NAME, SIZE
from taskmon.gui.widgets.text_tiles import Face, TextStyle, TextTiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.file_tree_model import FileTreeModel

INDENT: Final = 18
"""Pixels by which a folder's content stands further in."""
ROW_HEIGHT: Final = 26
_ICON: Final = 16
_PADDING: Final = 8
_ARROW: Final = 4.0
_ACCENT_WIDTH: Final = 3


class Column(NamedTuple):
    """Where a column is, in pixels."""

    number: int
    left: int
    width: int


def arrow_left(column: Column, depth: int) -> int:
    """Where the room of a folder's arrow begins. A name keeps half of its column, however deep it is."""
    return column.left + max(0, min(depth * INDENT, column.width // 2 - INDENT))


class FilePainter:
    """Paints rows of a FileTreeModel in one theme."""

    def __init__(self) -> None:
        self._face = Face(ui_font(), Qt.TextElideMode.ElideMiddle)
        self._drop = self._face.drop(ROW_HEIGHT)
        self._tiles = TextTiles()
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._surface, self._selected = QColor(theme.surface), QColor(theme.selection)
        self._accent = QColor(theme.accent)
        self._inks = {False: QColor(theme.muted), True: QColor(theme.selection_text)}
        self._styles = {
            (column, chosen): self._style(column, chosen) for column in range(3) for chosen in (False, True)
        }
        self._tiles.clear()

    def _style(self, column: int, chosen: bool) -> TextStyle:
        ink = self._theme.selection_text if chosen else self._theme.text if column == NAME else self._theme.muted
        return TextStyle(self._face, QColor(ink), self._selected if chosen else self._surface, right=column == SIZE)

    def paint(
        self,
        painter: QPainter,
        model: FileTreeModel,
        rows: range,
        top: int,
        columns: Sequence[Column],
        chosen: set[int],
    ) -> None:
        """Paints `rows`, the first of them at `top` px."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._tiles.begin(painter)
        for row in rows:
            if row in chosen:
                painter.fillRect(0, top, columns[-1].left + columns[-1].width, ROW_HEIGHT, self._selected)
            texts = model.texts(row)
            for column in columns:
                left, style = column.left + _PADDING, self._styles[column.number, row in chosen]
                if column.number == NAME:
                    left = self._paint_head(
                        painter, model, row, QRect(column.left, top, column.width, 0), row in chosen
                    )
                room = column.left + column.width - _PADDING - left
                self._tiles.draw(painter, left, top + self._drop, room, texts[column.number], style)
            top += ROW_HEIGHT

    def paint_current(self, painter: QPainter, top: int) -> None:
        """The sign of the row that keys go on from."""
        painter.fillRect(0, top, _ACCENT_WIDTH, ROW_HEIGHT, self._accent)

    def _paint_head(self, painter: QPainter, model: FileTreeModel, row: int, cell: QRect, chosen: bool) -> int:
        """Arrow and icon; returns where the name begins."""
        left = arrow_left(Column(NAME, cell.left(), cell.width()), model.rows.depth(row))
        place = model.rows.place(row)
        if place.is_folder:
            middle = QPointF(left + INDENT / 2 + 2, cell.top() + ROW_HEIGHT / 2)
            self._paint_arrow(painter, middle, self._inks[chosen], is_open=model.rows.is_open(place.path))
        left += INDENT + 2
        picture = icon(model.icon_of(place), self._theme)
        mode = QIcon.Mode.Selected if chosen else QIcon.Mode.Normal
        room = QRect(left, cell.top() + (ROW_HEIGHT - _ICON) // 2, _ICON, _ICON)
        picture.paint(painter, room, Qt.AlignmentFlag.AlignCenter, mode)
        return left + _ICON + 6

    @staticmethod
    def _paint_arrow(painter: QPainter, middle: QPointF, ink: QColor, *, is_open: bool) -> None:
        half = _ARROW / 2
        corners = (
            ((-_ARROW, -half), (0, half), (_ARROW, -half))
            if is_open
            else ((-half, -_ARROW), (half, 0), (-half, _ARROW))
        )
        painter.setPen(QPen(ink, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(QPolygonF([middle + QPointF(x, y) for x, y in corners]))

"""Paints rows of the task table, tasks and headings, from top to bottom."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple

from taskmon.gui.widgets.cell_painter import ROW_HEIGHT, CellPainter, Room, RowState, paint_cells
from taskmon.gui.widgets.heading_painter import HeadingPainter

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from taskmon.gui.task_rows import PaintedRows
    from taskmon.gui.theme import Theme


class Look(NamedTuple):
    """How rows look besides what they say: which are selected, which one is under the mouse, whether all are pale;
    and the width [px] of the table."""

    selected: Container[int]
    hovered: int
    stale: bool
    width: int


class RowPainter:
    """Cells and headings in one theme."""

    def __init__(self, theme: Theme) -> None:
        self.cells = CellPainter(theme)
        self._headings = HeadingPainter(theme)

    def set_theme(self, theme: Theme) -> None:
        self.cells.set_theme(theme)
        self._headings.set_theme(theme)

    def paint(
        self, painter: QPainter, rows: PaintedRows, visible: range, top: int, rooms: Sequence[Room], look: Look
    ) -> None:  # fmt: skip
        """The `visible` rows, the first of them at `top`."""
        cells, width = self.cells, look.width
        cells.begin(painter)
        for row in visible:
            state = RowState(row in look.selected, row == look.hovered, look.stale)
            heading = rows.heading_at(row)
            if heading is not None:
                self._headings.paint(painter, top, width, heading, state)
            else:
                cells.ground(painter, top, width, state)
                paint_cells(cells, painter, rows, row, top, rooms, state)
            top += ROW_HEIGHT

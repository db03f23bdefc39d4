"""The left side of the connections dialog: every connection with its address, the present one ticked, and Add and
Remove below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.plain_text import one_line
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.connection import ConnectionEntry
    from taskmon.gui.theme import Theme

_DETAIL: Final = Qt.ItemDataRole.UserRole
_PRESENT: Final = Qt.ItemDataRole.UserRole + 1
_HEIGHT: Final = 46
_MARGIN: Final = 10
_MARK_WIDTH: Final = 20


class ConnectionList(QFrame):
    """`chosen(int)` is the row that is shown now; the dialog decides what a row is."""

    chosen = Signal(int)
    add_requested = Signal()
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("connectionList")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Connections")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = _EntryDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self.add = QuietButton("&Add", self)
        self.remove = QuietButton("&Remove", self)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(8, 0, 8, 8)
        buttons.setSpacing(8)
        buttons.addWidget(self.add, 1)
        buttons.addWidget(self.remove, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 6, 1, 1)
        layout.setSpacing(8)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.list.currentRowChanged.connect(self.chosen)
        self.add.clicked.connect(self.add_requested)
        self.remove.clicked.connect(self.remove_requested)

    def show_entries(self, entries: Sequence[ConnectionEntry], row: int) -> None:
        """Shows these lines and chooses one, without telling."""
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(self.list)
            item.setData(_PRESENT, entry.present)
            self._fill(item, entry.name, entry.connection.url)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def show_row(self, row: int, name: str, detail: str) -> None:
        """What is being written in the form already stands in the list."""
        item = self.list.item(row)
        if item is not None:
            self._fill(item, name, detail)

    def allow_removal(self, allowed: bool) -> None:
        self.remove.setEnabled(allowed)

    def set_theme(self, colours: Theme) -> None:
        self._delegate.colours = colours
        self.setStyleSheet(
            f"#connectionList {{ background: {colours.surface}; border: 1px solid {colours.border};"
            " border-radius: 8px; } QListWidget { background: transparent; }"
        )

    def _fill(self, item: QListWidgetItem, name: str, detail: str) -> None:
        item.setText(one_line(name) or "New connection")
        item.setData(_DETAIL, one_line(detail).removeprefix("https://"))
        present = ", the present one" if item.data(_PRESENT) else ""
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {detail}{present}")
        item.setToolTip(plain_tooltip(one_line(detail)))


class _EntryDelegate(QStyledItemDelegate):
    """A name, a quieter line below it, and a tick at the present connection."""

    colours: Theme = theme.LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.colours.selection if selected else self.colours.row_hover))
            painter.drawRoundedRect(area.adjusted(6, 1, -6, -1), 6, 6)
        inside = area.adjusted(6 + _MARGIN, 5, -6 - _MARGIN - _MARK_WIDTH, -5)
        half = inside.height() // 2
        ink = self.colours.selection_text if selected else self.colours.text
        self._line(painter, inside.adjusted(0, 0, 0, -half), index.data(), ink, 10.0)
        ink = self.colours.selection_text if selected else self.colours.muted
        self._line(painter, inside.adjusted(0, half, 0, 0), index.data(_DETAIL), ink, 9.0)
        if index.data(_PRESENT):
            self._tick(painter, area)
        painter.restore()

    def _line(self, painter: QPainter, area: QRect, text: str, ink: str, points: float) -> None:
        painter.setFont(theme.ui_font(points))
        painter.setPen(QColor(ink))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)

    def _tick(self, painter: QPainter, area: QRect) -> None:
        x, y = area.right() - 6 - _MARGIN - 12, area.center().y()
        painter.setPen(QPen(QColor(self.colours.accent), 2.0))
        painter.drawPolyline(QPolygonF([QPointF(x, y), QPointF(x + 4, y + 4), QPointF(x + 12, y - 5)]))

"""The rows of a search through several logs: a task with its count, below it its first hits, matches marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeWidgetItem

from taskmon.core.log_hits import Hit, LogHits
from taskmon.core.units import count_text, size_text
from taskmon.gui.theme import LIGHT, log_font
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from taskmon.gui.theme import Theme

HIT: Final = Qt.ItemDataRole.UserRole
"""A Hit, in column 0 of its row."""

TASK_ID: Final = Qt.ItemDataRole.UserRole + 1
_ROW: Final = 24
_GAP: Final = 10.0
_NUMBER: Final = "9,999,999"


def state_text(found: LogHits) -> str:
    """How far the search through one task's logs is, for its row."""
    if found.failed:
        return found.note
    if not found.finished:
        looked_at = f"searching… {size_text(found.searched_bytes)}" if found.searched_bytes else "waiting…"
        return f"{count_text(found.count, 'hit')} · {looked_at}" if found.count else looked_at
    if found.count:
        shown = len(found.first)
        below = f", the first {shown:,} below" if shown < found.count else ""
        return f"{count_text(found.count, 'hit')}{below}" + (f" ({found.note})" if found.note else "")
    return found.note or "nothing found"


class TaskRow(QTreeWidgetItem):
    """A task; its hits are its children."""

    def __init__(self, task_id: str, name: str) -> None:
        super().__init__([name, ""])
        self.found = LogHits()
        self.setData(0, TASK_ID, task_id)
        self.setToolTip(0, plain_tooltip(task_id))
        self.show_hits(self.found)

    def show_hits(self, found: LogHits) -> None:
        """What was found so far; rows of hits that are there already stay."""
        before = [self._hit(place) for place in range(self.childCount())]
        if before != list(found.first[: len(before)]):
            self.takeChildren()
            before = []
        for hit in found.first[len(before) :]:
            row = QTreeWidgetItem([f"{hit.line + 1:,}: {hit.text}"])
            row.setData(0, HIT, hit)
            row.setData(0, TASK_ID, self.data(0, TASK_ID))
            self.addChild(row)
            row.setFirstColumnSpanned(True)  # counts only once it is in the tree
        if not self.found.first and found.first:
            self.setExpanded(True)
        self.found = found
        self.setText(1, state_text(found))
        self.setToolTip(1, plain_tooltip(found.note))

    def show_stopped(self) -> None:
        """The search was left before this task's logs were searched to their end."""
        if not self.found.finished:
            before = f"{count_text(self.found.count, 'hit')} so far, " if self.found.count else ""
            self.setText(1, f"{before}not searched to the end")

    def _hit(self, place: int) -> Hit | None:
        row = self.child(place)
        return row.data(0, HIT) if row is not None else None


class HitPainter(QStyledItemDelegate):
    """Paints hits as a log shows them: number, then the line with its matches marked."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._font = log_font(9.5)
        self._metrics = QFontMetricsF(self._font)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        hit = index.data(HIT) if index.column() == 0 else None
        if not isinstance(hit, Hit):
            super().paint(painter, option, index)
            return
        room = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setClipRect(room)
        if selected:
            painter.fillRect(room, QColor(self._theme.selection))
        self._paint_hit(painter, room, hit, self._theme.selection_text if selected else self._theme.text)
        painter.restore()

    def _paint_hit(self, painter: QPainter, room: QRectF, hit: Hit, ink: str) -> None:
        advance, base = self._metrics.horizontalAdvance, self._baseline(room)
        number = f"{hit.line + 1:,}"
        edge = room.left() + max(advance(_NUMBER), advance(number))
        painter.setFont(self._font)
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(QPointF(edge - advance(number), base), number)
        left = edge + _GAP
        for start, end in hit.spans:
            place = QRectF(left + advance(hit.text[:start]), room.top() + 3, 0, room.height() - 6)
            place.setWidth(advance(hit.text[start:end]))
            painter.fillRect(place, QColor(self._theme.match_fill))
        painter.setPen(QColor(ink))
        painter.drawText(QPointF(left, base), hit.text)

    def _baseline(self, room: QRectF) -> float:
        return room.center().y() + (self._metrics.ascent() - self._metrics.descent()) / 2

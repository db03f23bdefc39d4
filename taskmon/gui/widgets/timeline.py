"""The Timeline tab: the states of a task, and the runner's steps in them, as bars over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from taskmon.core.lifecycle import facts
from taskmon.gui.theme import LIGHT, KindColours, Theme, mark, ui_font
from taskmon.gui.widgets.status_mark import paint_mark
from taskmon.gui.widgets.timeline_rows import Row, rows_of, tick_text, ticks

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QPaintEvent

    from taskmon.core.task import TaskDetail

_ROW: Final = 24
_AXIS: Final = 26
_MARGIN: Final = 12
_LABELS: Final = 208
_SHORTEST_BAR: Final = 3.0
_NOTHING: Final = "Select one task to see where its time went."
_NOT_YET: Final = "Where its time went is not known yet."


class Timeline(QScrollArea):
    """Shows one task; scrolls when it has more rows than room. The time axis starts when the task was made."""

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail: TaskDetail | None = None
        self._chart = _Chart(theme)
        self.setWidget(self._chart)
        self.setWidgetResizable(True)
        self.setObjectName("read_by_keys")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Timeline")
        self.show_nothing()

    def show_task(self, detail: TaskDetail, now: datetime) -> None:
        """The history of a task; `now` is aware and ends what has not ended."""
        self._detail = detail
        self._chart.show_rows(rows_of(detail, now))
        self._describe("\n".join(row.lasting for row in self._chart.rows))

    def set_now(self, now: datetime) -> None:
        """Lets the bars that have not ended grow."""
        if self._detail is not None and any(row.open for row in self._chart.rows):
            self.show_task(self._detail, now)

    def show_nothing(self) -> None:
        """No task, or several."""
        self._show_note(_NOTHING)

    def show_not_yet(self, why: str = "") -> None:
        """One task, of which the service has not told enough yet."""
        self._show_note(f"{_NOT_YET}\n{why}".strip())

    def _show_note(self, note: str) -> None:
        self._detail = None
        self._chart.show_note(note)
        self._describe(note)

    def _describe(self, words: str) -> None:
        """A screen reader hears of every description that is set."""
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    def set_theme(self, theme: Theme) -> None:
        """Paints in `theme` from now on."""
        self._chart.set_theme(theme)


class _Chart(QWidget):
    """Labels on the left, bars on the right, each with its duration."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._note = _NOTHING
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def show_note(self, note: str) -> None:
        """Words instead of rows."""
        self._note = note
        self.show_rows(())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(520, _AXIS + len(self.rows) * _ROW + _MARGIN)

    def row_at(self, y: float) -> Row | None:
        """The row at a height of the widget in pixels."""
        index = int((y - _AXIS) // _ROW)
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(event.pos().y())
            if row is None or row.heading:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), row.tooltip, self)
            return True
        return super().event(event)

    def _labels_width(self) -> float:
        return min(_LABELS, self.width() * 0.42)

    def _bars(self) -> QRectF:
        """Where bars go; room for the last duration is kept on the right."""
        left = self._labels_width()
        return QRectF(left, _AXIS, max(40.0, self.width() - left - 76), len(self.rows) * _ROW)

    def _span(self) -> float:
        return max([row.end for row in self.rows] + [0.001])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(self._theme.surface))
        painter.setFont(ui_font(9.5))
        if not self.rows:
            painter.setPen(QColor(self._theme.muted))
            room = self.rect().adjusted(_MARGIN, 0, -_MARGIN, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        else:
            self._paint_axis(painter)
            for index, row in enumerate(self.rows):
                line = QRectF(0, _AXIS + index * _ROW, self.width(), _ROW)
                if line.intersects(QRectF(event.rect())):
                    self._paint_row(painter, row, line)
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        bars, span = self._bars(), self._span()
        painter.setFont(ui_font(8.5))
        for moment in ticks(span, int(bars.width() / 72)):
            x = round(bars.left() + moment / span * bars.width()) + 0.5
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.drawLine(QPointF(x, _AXIS - 3), QPointF(x, bars.bottom()))
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QRectF(x - 40, 0, 80, _AXIS - 4), Qt.AlignmentFlag.AlignCenter, tick_text(moment))

    def _paint_row(self, painter: QPainter, row: Row, line: QRectF) -> None:
        if row.heading:
            painter.setFont(ui_font(8.5, strong=True))
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(line.adjusted(_MARGIN, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, row.label)
            return
        self._paint_label(painter, row, line)
        bar = self._bar(row, line)
        colours = self._colours(row)
        if row.status is not None and facts(row.status).terminal:
            square = QRectF(bar.left() - 1, bar.center().y() - 7, 14, 14)
            paint_mark(painter, square, mark(row.status), QColor(colours.ink))
            return
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.ink if row.open else colours.fill))
        painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QColor(self._theme.text if row.status else self._theme.muted))
        painter.setFont(ui_font(9, strong=row.open and row.status is not None))
        after = QRectF(bar.right() + 6, line.top(), 74, line.height())
        painter.drawText(after, Qt.AlignmentFlag.AlignVCenter, row.duration)

    def _paint_label(self, painter: QPainter, row: Row, line: QRectF) -> None:
        indent = _MARGIN if row.status is not None else _MARGIN + 20
        room = self._labels_width() - indent - 8
        font = ui_font(9.5 if row.status is not None else 9, strong=row.open and row.status is not None)
        text = QFontMetricsF(font).elidedText(row.label, Qt.TextElideMode.ElideRight, room - 18)
        if row.status is not None:
            square = QRectF(indent, line.center().y() - 5.5, 11, 11)
            paint_mark(painter, square, mark(row.status), QColor(self._colours(row).ink))
            indent += 18
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text if row.status is not None else self._theme.muted))
        if row.failed:
            painter.setPen(QColor(self._theme.error_ink))
        painter.drawText(QRectF(indent, line.top(), room, line.height()), Qt.AlignmentFlag.AlignVCenter, text)

    def _bar(self, row: Row, line: QRectF) -> QRectF:
        bars, span = self._bars(), self._span()
        left = bars.left() + row.start / span * bars.width()
        width = max(_SHORTEST_BAR, (row.end - row.start) / span * bars.width())
        height = 14 if row.status is not None else 8
        return QRectF(left, line.center().y() - height / 2, width, height)

    def _colours(self, row: Row) -> KindColours:
        theme = self._theme
        if row.failed:
            return KindColours(theme.error_ink, theme.error_fill, theme.error_ink)
        if row.status is None or not row.status.known:
            return KindColours(theme.muted, theme.border, theme.faint)
        return theme.of(row.status)

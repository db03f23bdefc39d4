"""What stands where the table would be empty: a place to drop a folder on, or why nothing matches."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from taskmon.gui.theme import LIGHT, Theme, ui_font
from taskmon.gui.widgets.drop_overlay import accept_as_copy, dropped_folders

_WIDTH: Final = 520.0
_HEIGHT: Final = 300.0
_ICON: Final = 46.0
_LEAST_HEIGHT: Final = 124
_ROOM_FOR_LINK: Final = 160
_ANY: Final = 10_000
_RADIUS: Final = 14.0

_WELCOME: Final = (
    "Drop a simulation's input folder here",
    "taskmon recognises the simulator, runs it and shows what happens.",
)


class EmptyState(QWidget):
    """Two faces: `show_welcome` without any task, `show_no_match` when the filter hides all of them.

    Signals: `example_requested`, `connect_requested`, `folders_dropped(list[str])`, `clear_filter_requested`.
    """

    example_requested = Signal()
    connect_requested = Signal()
    folders_dropped = Signal(list)
    clear_filter_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._welcoming = True
        self._dragged_over = False
        self.setAcceptDrops(True)
        self._title = QLabel(self)
        self._words = QLabel(self)
        self._example = QPushButton("Try the example", self)
        self._clear = QPushButton("Clear filter", self)
        self._connect = QPushButton("Connect to the Inductiva cloud…", self)
        self._example.clicked.connect(lambda: self.example_requested.emit())
        self._clear.clicked.connect(lambda: self.clear_filter_requested.emit())
        self._connect.clicked.connect(lambda: self.connect_requested.emit())
        self._lay_out()
        self.set_theme(LIGHT)
        self.show_welcome()

    def _lay_out(self) -> None:
        for label in (self._title, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setFont(ui_font(14.0, strong=True))
        self._words.setFont(ui_font(10.0))
        self._connect.setFlat(True)
        self._connect.setCursor(Qt.CursorShape.PointingHandCursor)
        buttons = QHBoxLayout()
        for button in (self._example, self._clear):
            buttons.addWidget(button)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 12, 28, 12)  # the words keep off the dashed frame
        layout.addStretch(1)
        layout.addItem(QSpacerItem(0, int(_ICON) + 18, vData=QSizePolicy.Policy.Maximum))  # gives way where it is low
        layout.addWidget(self._title)
        layout.addSpacing(4)
        layout.addWidget(self._words)
        layout.addSpacing(16)
        layout.addLayout(buttons)
        layout.setAlignment(buttons, centre)
        layout.addSpacing(4)
        layout.addWidget(self._connect, 0, centre)
        layout.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """A low list is allowed to be lower than all of this: then the link to the cloud gives way."""
        return super().minimumSizeHint().boundedTo(QSize(_ANY, _LEAST_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_link()

    def _place_link(self) -> None:
        self._connect.setVisible(self._welcoming and self.height() >= _ROOM_FOR_LINK)

    def show_welcome(self) -> None:
        """There is no task yet."""
        self._show(True, *_WELCOME)

    def show_no_match(self, filter_text: str, hidden: int) -> None:
        """The filter hides all of `hidden` tasks."""
        hides = "hides the only task" if hidden == 1 else f"hides all {hidden:,} tasks"
        self._show(False, "No task matches the filter", f"“{filter_text}” {hides}.")

    def _show(self, welcoming: bool, title: str, words: str) -> None:
        self._welcoming = welcoming
        self._title.setText(title)
        self._words.setText(words)
        self._example.setVisible(welcoming)
        self._place_link()
        self._clear.setVisible(not welcoming)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._title.setStyleSheet(f"color: {theme.text};")
        self._words.setStyleSheet(f"color: {theme.muted};")
        filled = (
            f"QPushButton {{ background: {theme.accent}; color: {theme.accent_text}; border: 2px solid {theme.accent};"
            f" border-radius: 7px; padding: 6px 18px; font-weight: 600; }}"
            f" QPushButton:focus {{ border-color: {theme.text}; }}"
        )
        self._example.setStyleSheet(filled)
        self._clear.setStyleSheet(filled)
        self._connect.setStyleSheet(
            f"QPushButton {{ background: transparent; color: {theme.accent}; border: 0; padding: 6px 10px; }}"
            "QPushButton:hover, QPushButton:focus { text-decoration: underline; }"
        )
        self.update()

    # Drops -------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_folders(event.mimeData()):
            accept_as_copy(event)
            self._highlight(True)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_as_copy(event)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._highlight(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._highlight(False)
        folders = dropped_folders(event.mimeData())
        if folders:
            accept_as_copy(event)
            self.folders_dropped.emit(folders)

    def _highlight(self, dragged_over: bool) -> None:
        self._dragged_over = dragged_over
        self.update()

    # Paint -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(self._theme.surface))
        if self._welcoming or self._dragged_over:
            self._paint_target(painter)
        if self._has_room_for_icon():
            self._paint_icon(painter)
        painter.end()

    def _has_room_for_icon(self) -> bool:
        return self._title.y() >= _ICON + 18

    def _paint_icon(self, painter: QPainter) -> None:
        icon = QRectF(self.rect().center().x() - _ICON / 2, self._title.y() - _ICON - 16, _ICON, _ICON)
        colour = QColor(self._theme.accent if self._dragged_over else self._theme.muted)
        pen = QPen(colour, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_folder(icon) if self._welcoming else _funnel(icon))

    def _paint_target(self, painter: QPainter) -> None:
        over, margin = (_ICON, 32.0) if self._has_room_for_icon() else (0.0, 8.0)
        width, height = min(_WIDTH, self.width() - 32.0), min(_HEIGHT, self.height() - margin)
        lowest = next(part for part in (self._connect, self._example, self._clear) if not part.isHidden())
        middle = (self._title.y() - over + lowest.geometry().bottom()) / 2.0
        target = QRectF(self.width() / 2.0 - width / 2, middle - height / 2, width, height)
        colour = QColor(self._theme.accent if self._dragged_over else self._theme.faint)
        pen = QPen(colour, 2.0 if self._dragged_over else 1.5)
        pen.setDashPattern([4.0, 4.0])
        painter.setPen(pen)
        painter.setBrush(QColor(self._theme.selection if self._dragged_over else self._theme.raised))
        painter.drawRoundedRect(target, _RADIUS, _RADIUS)


def _folder(box: QRectF) -> QPainterPath:
    """An open outline of a folder with an arrow into it."""
    left, right, bottom = box.left(), box.right(), box.bottom() - 4
    top, shoulder = box.top() + 8, box.top() + 14
    path = QPainterPath(QPointF(left, bottom))
    for x, y in ((left, top), (left + 15, top), (left + 20, shoulder), (right, shoulder), (right, bottom)):
        path.lineTo(x, y)
    path.closeSubpath()
    x, low, high = box.center().x(), bottom - 6.0, shoulder + 6.0
    path.moveTo(x, high)
    path.lineTo(x, low)
    path.moveTo(x - 6, low - 6)
    path.lineTo(x, low)
    path.lineTo(x + 6, low - 6)
    return path


def _funnel(box: QRectF) -> QPainterPath:
    """The outline of a filter."""
    x, top, bottom = box.center().x(), box.top() + 8, box.bottom() - 4
    path = QPainterPath(QPointF(box.left() + 4, top))
    for to_x, to_y in (
        (box.right() - 4, top),
        (x + 5, top + 17),
        (x + 5, bottom - 4),
        (x - 5, bottom),
        (x - 5, top + 17),
    ):
        path.lineTo(to_x, to_y)
    path.closeSubpath()
    return path

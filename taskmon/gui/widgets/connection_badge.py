"""The badge that says how fresh the window is: `● live`, `● live · 48 s ago`, `busy since 14:02`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from taskmon.core.errors import (
    BusyError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.lifecycle import Kind
from taskmon.core.units import day_text, short_duration_text
from taskmon.gui.theme import LIGHT, Theme
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

LIVE_S: Final = 15.0
"""A window that is seen hears of a service more often than this, unless that is slow."""

_INSTEAD: Final[dict[type[TaskmonError], str]] = {
    ServiceFailedError: "only errors",
    BusyError: "busy",
    NotAuthorizedError: "key refused",
    NotFoundError: "no task list",
    RefusedError: "refused",
}
"""What comes in the place of answers, where it is not silence."""


def freshness_text(connected: bool, last_answer: datetime | None, now: datetime, instead: str = "") -> str:
    """What the badge says at `now`; `instead` is what comes in the place of answers, if it is not silence."""
    if last_answer is None:
        return "connecting…" if connected else instead or "not connected"
    if connected:
        age = (now - last_answer).total_seconds()
        return "live" if age < LIVE_S else f"live · {short_duration_text(age)} ago"
    since = last_answer.astimezone()
    if since.date() == now.astimezone().date():
        return f"{instead or 'no answer'} since {since:%H:%M}"
    return f"{instead or 'no answer'} since {day_text(since)} {since:%H:%M}"


class ConnectionBadge(QWidget):
    """Shows freshness; `refresh(now)` lets the age tick."""

    def __init__(self, clock: Callable[[], datetime], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._connected = True
        self._last_answer: datetime | None = None
        self._instead = ""
        self._text = "connecting…"
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._say()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_freshness(self, connected: bool, last_answer: datetime | None, reason: TaskmonError | str = "") -> None:
        """`reason` is why there is no answer; it becomes the tooltip."""
        self._instead = next((words for kind, words in _INSTEAD.items() if isinstance(reason, kind)), "")
        self._connected = connected
        self._last_answer = last_answer
        self.setToolTip(plain_tooltip(str(reason)) or "The list is kept up to date.")
        self.refresh()

    def refresh(self) -> None:
        """Lets the age tick."""
        text = freshness_text(self._connected, self._last_answer, self._clock(), self._instead)
        if text != self._text:
            self._text = text
            self._say()
        self.update()

    def _say(self) -> None:
        self.setAccessibleName(f"Connection: {self._text}")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(text) for text in (self._text, "live · 59 min ago"))
        return QSize(widest + 34, metrics.height() + 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        kind = Kind.TERMINAL_OK if self._connected and self._last_answer else Kind.TRANSIENT
        colours = self._theme.kinds[kind]
        height = self.fontMetrics().height() + 8
        box = QRectF(1, (self.height() - height) / 2, self.width() - 2, height)
        if not self._connected:
            painter.setBrush(QColor(colours.fill))
            painter.setPen(QColor(colours.line))
            painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.ink))
        painter.drawEllipse(QRectF(box.left() + 10, box.center().y() - 4, 8, 8))
        painter.setPen(QColor(self._theme.muted if self._connected else colours.ink))
        painter.drawText(box.adjusted(25, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()

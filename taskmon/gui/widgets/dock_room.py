"""Room for the panes of a narrow window: the lower one takes less, the one on the right gives way."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget

LEAST_LOWER: Final = 558
LEAST_RIGHT: Final = 230
"""Pixels of width below which a pane cannot be read any more."""


class PaneTabs(QTabWidget):
    """Tabs that do not grow with what a pane shows for a moment: the window must not."""

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(LEAST_LOWER, 10_000))


class DockRoom(QObject):
    """Keeps the dock on the right clear of the lower one, which Qt would let overlap in a narrow window. When the
    window is wide again, the right one is as wide as before, unless somebody has dragged it meanwhile."""

    def __init__(self, window: QMainWindow, right: QDockWidget, lower: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._right, self._lower = window, right, lower
        self._wanted = self._given = 0
        self._restored = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._share)
        right.setMinimumWidth(LEAST_RIGHT)
        window.installEventFilter(self)

    @property
    def wanted(self) -> int:
        """The width of the right one as somebody has dragged it, wherever it is now."""
        present = self._right.width()
        return present if present != self._given or not self._wanted else self._wanted

    def restore(self, wanted: int) -> None:
        """The width that was `wanted` the last time; what the window begins with was given, not dragged."""
        self._wanted, self._restored = wanted, True

    def look_again(self) -> None:
        """A dock has got another pane, and may need more room."""
        self._soon.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._share()
        elif event.type() == QEvent.Type.LayoutRequest:  # a pane needs more or less than before
            self._soon.start()
        return super().eventFilter(watched, event)

    def _both_docked(self) -> bool:
        area, docks = self._window.dockWidgetArea, (self._right, self._lower)
        return (
            area(self._right) == Qt.DockWidgetArea.RightDockWidgetArea
            and area(self._lower) == Qt.DockWidgetArea.BottomDockWidgetArea
            and not any(dock.isFloating() or dock.isHidden() for dock in docks)
        )

    def _share(self) -> None:
        if not self._both_docked():
            return
        width = self._window.width()
        present = self._right.width()
        if present != self._given and not self._restored:
            self._wanted = present
        self._restored = self._restored and not self._window.isVisible()
        room = width - self._lower.minimumSizeHint().width() - 2
        given = max(LEAST_RIGHT, self._right.minimumSizeHint().width(), min(self._wanted, room))
        self._given = given
        if given != present:
            self._window.resizeDocks([self._right], [given], Qt.Orientation.Horizontal)

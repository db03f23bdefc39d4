"""Room for the panes of a narrow window: the lower one takes less, the one on the right gives way or is folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray

LEAST_LOWER: Final = 558
LEAST_RIGHT: Final = 230
"""Pixels of width below which a pane cannot be read any more."""

LEAST_WINDOW: Final = QSize(600, 480)
"""Pixels of a window with the pane on the right folded: two of them have room on a laptop's screen."""

STRIP: Final = 90
"""Pixels of height that the folded pane takes of the lower one."""

_ROOMY: Final = QSize(860, 580)
"""A window of so many pixels has room for both, whatever they are still waiting for."""
_WIDEST: Final = 10_000
_FOLDED: Final = "folded"


class PaneTabs(QTabWidget):
    """Tabs that do not grow with what a pane shows for a moment: the window must not."""

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(LEAST_LOWER, 10_000))


class LowerPane(QWidget):
    """The tabs of the task, or its log, and above them what a folded pane leaves."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(content, 1)
        self._column = column

    def put_above(self, pane: QWidget) -> None:
        """Takes a pane in, until another place takes it."""
        self._column.insertWidget(0, pane)


class DockRoom(QObject):
    """Keeps the dock on the right clear of the lower one, which Qt would let overlap in a narrow window.

    Where both have no room beside one another, or the window is too low for the right one, that is folded: it is
    hidden, `folded(bool)` is told, and the window may be as small as LEAST_WINDOW. When there is room, it is there
    again, as wide as before, unless somebody has dragged it meanwhile. One that somebody has closed or put elsewhere
    is left alone.
    """

    folded = Signal(bool)

    def __init__(self, window: QMainWindow, right: QDockWidget, lower: QDockWidget) -> None:
        super().__init__(window)
        self._window, self._right, self._lower = window, right, lower
        self._wanted = self._given = 0
        self._restored = False
        self._is_folded = False
        self._least_height = 0  # of the window, when it was folded last
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._share)
        right.setMinimumWidth(LEAST_RIGHT)
        window.setMinimumSize(LEAST_WINDOW)
        window.installEventFilter(self)

    @property
    def is_folded(self) -> bool:
        return self._is_folded

    @property
    def wanted(self) -> int:
        """The width of the right one as somebody has dragged it, wherever it is now."""
        present = self._right.width()
        return present if present != self._given or not self._wanted else self._wanted

    def state(self) -> bytes:
        """What is to be remembered, for `restore`."""
        width = self._wanted if self._is_folded else self.wanted
        return f"{width} {_FOLDED}".encode() if self._is_folded else str(width).encode()

    def restore(self, state: bytes) -> None:
        """What `state` gave the last time, after the window's own; what makes no sense changes nothing. What the window
        begins with was given, not dragged."""
        width, _, place = state.decode(errors="replace").partition(" ")
        if width.isdecimal() and 0 < int(width) < _WIDEST:
            self._wanted, self._restored = int(width), True
            self._set_folded(place == _FOLDED and self._right.isHidden())

    def restore_docks(self, state: QByteArray) -> None:
        """The docks as a state of the window says, whatever was folded."""
        self._set_folded(False)
        self._window.restoreState(state)

    def look_again(self) -> None:
        """A dock has got another pane, and may need more room."""
        self._soon.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._share()
        elif event.type() == QEvent.Type.LayoutRequest:  # a pane needs more or less than before
            self._soon.start()
        return super().eventFilter(watched, event)

    def _set_folded(self, is_folded: bool) -> None:
        if is_folded == self._is_folded:
            return
        height = self._lower.height() + (STRIP if is_folded else -STRIP)
        self._is_folded = is_folded
        self.folded.emit(is_folded)
        if self._window.isVisible():  # else it is restored as it was
            self._window.resizeDocks([self._lower], [height], Qt.Orientation.Vertical)

    def _in_their_places(self) -> bool:
        area, docks = self._window.dockWidgetArea, (self._right, self._lower)
        return (
            area(self._right) == Qt.DockWidgetArea.RightDockWidgetArea
            and area(self._lower) == Qt.DockWidgetArea.BottomDockWidgetArea
            and not any(dock.isFloating() for dock in docks)
            and not self._lower.isHidden()
        )

    def _least_right(self) -> int:
        return max(LEAST_RIGHT, self._right.minimumSizeHint().width())

    def _share(self) -> None:
        """Gives both what there is, or folds or unfolds the right one."""
        window, right = self._window, self._right
        least = QSize(self._lower.minimumSizeHint().width() + 2 + self._least_right(), 0)
        if self._is_folded:
            least.setHeight(self._least_height)
            if not right.isHidden():  # somebody wants it now: the window has to grow
                self._set_folded(False)
                window.resize(window.size().expandedTo(least))
            elif _has_room(window.size(), least.expandedTo(_ROOMY)):
                self._set_folded(False)
                right.show()
        elif self._in_their_places() and not right.isHidden():
            least.setHeight(window.minimumSizeHint().height())
            if _has_room(window.size(), least):
                self._divide()
            else:
                self._least_height = least.height()
                right.hide()
                self._set_folded(True)
        can_fold = self._in_their_places() and not (right.isHidden() or self._is_folded)
        window.setMinimumSize(LEAST_WINDOW if can_fold else self._least_now())

    def _least_now(self) -> QSize:
        """What the panes need as they are; asked again whenever that changes."""
        needed = self._window.minimumSizeHint()
        return QSize(LEAST_WINDOW.width(), needed.height()) if self._is_folded else needed

    def _divide(self) -> None:
        present = self._right.width()
        if present != self._given and not self._restored:
            self._wanted = present
        self._restored = self._restored and not self._window.isVisible()
        room = self._window.width() - self._lower.minimumSizeHint().width() - 2
        given = max(self._least_right(), min(self._wanted, room))
        self._given = given
        if given != present:
            self._window.resizeDocks([self._right], [given], Qt.Orientation.Horizontal)


def _has_room(size: QSize, wanted: QSize) -> bool:
    return size.width() >= wanted.width() and size.height() >= wanted.height()

"""An invisible button over a state of the lifecycle diagram: it can be pointed at, focused, pressed and read aloud."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QToolTip, QWidget

_DIRECTIONS: Final = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_BY_KEYBOARD: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class StateButton(QAbstractButton):
    """Paints nothing; the diagram under it does. All signals carry the code of the state.

    `chosen` comes from the mouse, Enter, Space and assistive technology alike; `pointed` says whether it is being
    pointed at; `moved` asks to go on from here, one step in a direction.

    `ringed` is True while it has the focus because of the keyboard: then the focus must be seen.
    """

    chosen = Signal(str)
    pointed = Signal(str, bool)
    moved = Signal(str, QPointF)

    def __init__(self, code: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(code)
        self.clicked.connect(self._choose)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.ringed = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _choose(self) -> None:
        self.chosen.emit(self.objectName())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing to paint."""

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.pointed.emit(self.objectName(), True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(self.objectName(), False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.ringed = event.reason() in _BY_KEYBOARD
        self.pointed.emit(self.objectName(), True)
        if self.ringed and self.isVisible():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self.toolTip(), self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.ringed = False
        self.pointed.emit(self.objectName(), False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = _DIRECTIONS.get(Qt.Key(event.key()))
        if direction is not None:
            self.moved.emit(self.objectName(), direction)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

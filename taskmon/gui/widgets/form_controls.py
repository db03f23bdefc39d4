"""Stock controls with the parts that a style sheet leaves out: the arrow of a choice, the box of a check mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QWidget

from taskmon.gui import theme

if TYPE_CHECKING:
    from taskmon.gui.theme import Theme

_LINE: Final = 1.6


class ChoiceBox(QComboBox):
    """A combo box with a drawn arrow. It takes the width it is given; long entries are shortened in the middle."""

    def __init__(self, parent: QWidget | None = None, *, editable: bool = False) -> None:
        super().__init__(parent)
        self.setEditable(editable)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(12)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        line = self.lineEdit()
        if line is not None:
            line.setAcceptDrops(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().placeholderText().color(), _LINE))
        centre = QPointF(self.width() - 15, self.height() / 2 + 0.5)
        painter.drawPolyline(QPolygonF([centre + QPointF(-4, -2), centre + QPointF(0, 2), centre + QPointF(4, -2)]))
        painter.end()


class CheckBox(QCheckBox):
    """A check box whose outline can be seen in both themes; checked is a tick on the accent, not just a colour."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme: Theme = theme.LIGHT

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        area = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        painter = QPainter(self)
        painter.fillRect(area, self._theme.window)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5)
        ticked = self.isChecked() and self.isEnabled()
        filling = QColor(self._theme.accent if ticked else self._theme.surface)
        line = QColor(self._theme.accent if ticked or self.hasFocus() else self._theme.muted)
        painter.setPen(QPen(line, 1.0))
        painter.setBrush(filling)
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            painter.setPen(QPen(QColor(self._theme.accent_text if ticked else self._theme.muted), 1.8))
            points = ((0.24, 0.52), (0.43, 0.72), (0.78, 0.30))
            painter.drawPolyline(
                QPolygonF([QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in points])
            )
        painter.end()


class QuietButton(QPushButton):
    """A button that never becomes the primary one by being focused, yet is pressed by Enter while it is."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

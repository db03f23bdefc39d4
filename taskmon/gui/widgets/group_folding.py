"""Folds and unfolds the groups of the task table: what clicks and keys mean on a heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QTableView

from taskmon.core.units import count_text

if TYPE_CHECKING:
    from taskmon.gui.task_rows import Heading, TaskRows
    from taskmon.gui.widgets.row_keeper import RowKeeper

_TURNING: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_PRESSES: Final = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class GroupFolding(QObject):
    """Looks at the events of a table, while its tasks are grouped, before the table does.

    A click on a heading folds or unfolds its group and leaves the selection alone. On a heading Left folds, Right
    unfolds, Enter and Space do what the group is not; the menu also selects its tasks.
    """

    def __init__(self, view: QTableView, rows: TaskRows, keeper: RowKeeper) -> None:
        super().__init__(view.viewport())  # so it is gone before what it watches: hearing of that one's end is a crash
        self._view = view
        self._rows = rows
        self._keeper = keeper
        self._pressed = False
        rows.grouping_changed.connect(self._grouping_changed)
        # A heading does not move sideways with the columns, so what Qt shifts is wrong.
        view.horizontalScrollBar().valueChanged.connect(lambda _: rows.grouped() and view.viewport().update())
        if rows.grouped():
            self._grouping_changed(True)

    def _grouping_changed(self, on: bool) -> None:
        for watched in (self._view, self._view.viewport()):
            (watched.installEventFilter if on else watched.removeEventFilter)(self)
        self._view.verticalScrollBar().setValue(0)
        self._view.viewport().update()
        QTimer.singleShot(0, self, self._show_current)

    def _show_current(self) -> None:
        if self._keeper.current_id():
            self._view.scrollTo(self._view.currentIndex())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view.viewport():
            return isinstance(event, (QMouseEvent, QContextMenuEvent)) and self._take_pointer(event)
        if isinstance(event, QContextMenuEvent) and event.reason() is QContextMenuEvent.Reason.Keyboard:
            return self._offer_menu(self._view.currentIndex().row(), None)
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._take_key(event)

    def _take_pointer(self, event: QMouseEvent | QContextMenuEvent) -> bool:
        if isinstance(event, QContextMenuEvent):
            keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
            row = self._view.currentIndex().row() if keyboard else self._view.rowAt(event.pos().y())
            return self._offer_menu(row, None if keyboard else event.globalPos())
        if event.type() in _PRESSES:
            row = self._view.rowAt(event.position().toPoint().y())
            heading = self._heading(row)
            self._pressed = heading is not None
            if heading is not None:
                self._make_current(row)
                if event.button() is Qt.MouseButton.LeftButton:
                    self._keeper.set_open(heading, row, is_open=not heading.open)
            return self._pressed
        # Without its press the table would take a move for the selection of what it was pressed on before.
        dragging = event.type() == QEvent.Type.MouseMove and bool(event.buttons())
        released = event.type() == QEvent.Type.MouseButtonRelease
        mine = self._pressed and (dragging or released)
        self._pressed = self._pressed and not released
        return mine

    def _take_key(self, event: QKeyEvent) -> bool:
        row = self._view.currentIndex().row()
        heading, key = self._heading(row), event.key()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if heading is None or not plain or key not in (*_TURNING, Qt.Key.Key_Left, Qt.Key.Key_Right):
            return False
        wanted = not heading.open if key in _TURNING else key == Qt.Key.Key_Right
        if wanted != heading.open:
            self._keeper.set_open(heading, row, is_open=wanted)
        return True

    def _heading(self, row: int) -> Heading | None:
        return self._rows.heading_at(row) if row >= 0 else None

    def _make_current(self, row: int) -> None:
        """Keys go on from here; nothing is selected by it."""
        index = self._rows.index(row, self._view.horizontalHeader().logicalIndexAt(0))
        self._view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._view.viewport().update()

    def _offer_menu(self, row: int, at: QPoint | None) -> bool:
        heading = self._heading(row)
        if heading is None:
            return False
        if at is None:
            at = self._view.viewport().mapToGlobal(self._view.visualRect(self._view.currentIndex()).bottomLeft())
        self.menu(heading, row).popup(at)
        return True

    def menu(self, heading: Heading, row: int) -> QMenu:
        """What can be done with the group of the heading in `row`; it deletes itself when it closes."""
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keeper, is_open = self._keeper, not heading.open
        menu.addAction("Unfold" if is_open else "Fold", lambda: keeper.set_open(heading, row, is_open=is_open))
        menu.addAction(f"Select its {count_text(heading.size, 'task')}", lambda: keeper.select_group(heading, row))
        menu.addSeparator()
        menu.addAction("Fold all groups", lambda: self._rows.set_all_open(False))
        menu.addAction("Unfold all groups", lambda: self._rows.set_all_open(True))
        return menu

"""The view of a log with all that mouse and keyboard do in it: select, copy, scroll, zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from taskmon.core.units import count_text
from taskmon.gui.widgets.log_canvas import FONT_SIZES, USUAL_SIZE, LogCanvas
from taskmon.gui.widgets.log_copying import LogCopying
from taskmon.gui.widgets.log_pointer import Grain
from taskmon.gui.widgets.log_selection import Caret, copy_steps, selected_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent

    from taskmon.core.log_source import LineSource

_TRIPLE_CLICK_MS: Final = 400
_TRIPLE_CLICK_DISTANCE: Final = 8
_AUTOSCROLL_MS: Final = 40
_WORDS_MOST: Final = 200
_WORDS_SHOWN: Final = 30
_ROWS_PER_NOTCH: Final = 3
_NOTCH: Final = 120


class LogView(LogCanvas):
    """Arrows scroll; with Shift they select. `copy_refused` and `copy_told` carry sentences.

    `search_wished` and `highlight_wished` carry the selected words, `link_wished` says that the caret's line is meant.
    """

    copy_refused = Signal(str)
    copy_told = Signal(str)
    search_wished = Signal(str)
    highlight_wished = Signal(str)
    link_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._double_click: tuple[int, QPointF] = (-_TRIPLE_CLICK_MS, QPointF())
        self._mouse_at = QPointF()
        self._wheel_rest = 0.0
        self._copying = LogCopying(self)
        self._copying.refused.connect(self.copy_refused)
        self._copying.told.connect(self.copy_told)
        self._autoscroll = QTimer(self, interval=_AUTOSCROLL_MS)
        self._autoscroll.timeout.connect(self._drag_beyond)
        self.viewport().setMouseTracking(True)

    # -- selecting and copying ------------------------------------------------------------------------------------

    @property
    def has_selection(self) -> bool:
        return bool(self._pointer.selection)

    def selected_text(self) -> str:
        """The selected text. Raises InvalidInputError where it is too much to copy."""
        selection = self._pointer.selection
        return selected_text(self._page.source, selection, self._page.length) if selection else ""

    @property
    def current_line(self) -> int:
        """The line of the caret, by its place in what is shown; the first one on the screen where there is none."""
        selection = self._pointer.selection
        return selection.caret.line if selection is not None else self._page.top_line

    def _selected_words(self) -> str:
        """The selection if it is part of one line, and short."""
        selection = self._pointer.selection
        if not selection or selection.start.line != selection.end.line:
            return ""
        placed = self._page.line(selection.start.line)
        words = placed.text[selection.start.column : selection.end.column].strip() if placed else ""
        return words[:_WORDS_MOST]

    def copy(self) -> None:
        """Copies the selection, a long one little by little; `copy_refused` and `copy_told` say how it went."""
        selection = self._pointer.selection
        if selection:
            lines = count_text(selection.end.line - selection.start.line + 1, "line")
            self._copying.begin(copy_steps(self._page.source, selection, self._page.length), lines)

    def show_source(self, source: LineSource | None) -> None:
        self._copying.cancel()
        super().show_source(source)

    def select_all(self) -> None:
        self._pointer.select_all()
        self.viewport().update()

    def clear_selection(self) -> None:
        self._pointer.clear()
        self.viewport().update()

    def context_menu(self) -> QMenu:
        """The menu of the right button, ready to pop up."""
        menu = QMenu(self)
        self._add_action(menu, "Copy", self.copy, QKeySequence.StandardKey.Copy).setEnabled(self.has_selection)
        self._add_action(menu, "Select all", self.select_all, QKeySequence.StandardKey.SelectAll)
        self._add_action(menu, "Copy link to this line", self.link_wished.emit, None)
        menu.addSeparator()
        words = self._selected_words()
        if words:
            short = words if len(words) <= _WORDS_SHOWN else f"{words[: _WORDS_SHOWN - 1]}…"
            short = short.replace("&", "&&")
            self._add_action(menu, f"Search “{short}”", lambda: self.search_wished.emit(words), None)
            self._add_action(menu, f"Highlight “{short}”", lambda: self.highlight_wished.emit(words), None)
            menu.addSeparator()
        self._add_action(menu, "Larger text", lambda: self.zoom(1), QKeySequence.StandardKey.ZoomIn)
        self._add_action(menu, "Smaller text", lambda: self.zoom(-1), QKeySequence.StandardKey.ZoomOut)
        menu.addSeparator()
        self._add_action(menu, "Go to the end and follow", lambda: self.set_follow(True), None)
        return menu

    def _add_action(
        self, menu: QMenu, text: str, action: Callable[[], None], key: QKeySequence.StandardKey | None
    ) -> QAction:
        entry = menu.addAction(text)
        entry.triggered.connect(action)
        if key is not None:
            entry.setShortcut(QKeySequence(key))
        return entry

    # -- the mouse ------------------------------------------------------------------------------------------------

    def _caret_at(self, point: QPointF) -> Caret | None:
        return self._page.caret_at(point.x(), point.y(), float(self.horizontalScrollBar().value()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        caret = self._caret_at(event.position())
        if caret is None or event.button() != Qt.MouseButton.LeftButton:
            return
        clicked, place = self._double_click
        near = (event.position() - place).manhattanLength() < _TRIPLE_CLICK_DISTANCE
        third = near and event.timestamp() - clicked < _TRIPLE_CLICK_MS
        in_gutter = event.position().x() < self._page.gutter_width
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._pointer.press(caret, Grain.LINE if third or in_gutter else Grain.CHARACTER, extend=extend)
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        caret = self._caret_at(event.position())
        if caret is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._double_click = (event.timestamp(), event.position())
        in_gutter = event.position().x() < self._page.gutter_width
        self._pointer.press(caret, Grain.LINE if in_gutter else Grain.WORD, extend=False)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over_numbers = event.position().x() < self._page.gutter_width
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if over_numbers else Qt.CursorShape.IBeamCursor)
        if not self._pointer.dragging:
            return
        self._mouse_at = event.position()
        self._stop_following()
        if self.viewport().rect().contains(event.position().toPoint()):
            self._autoscroll.stop()
        elif not self._autoscroll.isActive():
            self._autoscroll.start()
        self._drag_to(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._autoscroll.stop()
        self._pointer.release()

    def zoom(self, steps: int) -> None:
        """Larger or smaller text; 0 is the usual size."""
        nearest = min(range(len(FONT_SIZES)), key=lambda place: abs(FONT_SIZES[place] - self._font_size))
        place = min(max(nearest + steps, 0), len(FONT_SIZES) - 1)
        self.set_font_size(FONT_SIZES[place] if steps else USUAL_SIZE)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if turned.y() > 0 else -1)
        elif abs(turned.x()) > abs(turned.y()) or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            across = self.horizontalScrollBar()
            across.setValue(across.value() - (turned.x() or turned.y()) // 2)
        else:
            self._wheel_rest -= turned.y() * _ROWS_PER_NOTCH / _NOTCH
            rows = int(self._wheel_rest)
            self._wheel_rest -= rows
            if rows:
                self._scroll_rows(rows)
        event.accept()

    def _drag_to(self, point: QPointF) -> None:
        caret = self._caret_at(point)
        if caret is not None:
            self._pointer.drag(caret)
        self.viewport().update()

    def _drag_beyond(self) -> None:
        """Scrolls on while the mouse is held outside, faster the further out."""
        area, at = self.viewport().rect(), self._mouse_at
        if at.y() < 0 or at.y() > area.height():
            distance = at.y() if at.y() < 0 else at.y() - area.height()
            rows = int(distance / self._page.metrics.height)
            self._page.move(rows + (1 if distance > 0 else -1))
            self._page.at_end = False
        across = self.horizontalScrollBar()
        if at.x() < self._page.gutter_width or at.x() > area.width():
            across.setValue(across.value() + across.singleStep() * (1 if at.x() > area.width() else -1))
        self._arrange()
        self._drag_to(at)

    # -- the keyboard ---------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not (self._standard_key(event) or self._moving_key(event)):
            super().keyPressEvent(event)

    def _standard_key(self, event: QKeyEvent) -> bool:
        actions: tuple[tuple[QKeySequence.StandardKey, Callable[[], None]], ...] = (
            (QKeySequence.StandardKey.Copy, self.copy),
            (QKeySequence.StandardKey.SelectAll, self.select_all),
            (QKeySequence.StandardKey.ZoomIn, lambda: self.zoom(1)),
            (QKeySequence.StandardKey.ZoomOut, lambda: self.zoom(-1)),
        )
        for key, action in actions:
            if event.matches(key):
                action()
                return True
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in (Qt.Key.Key_0, Qt.Key.Key_Equal):
            self.zoom(0 if event.key() == Qt.Key.Key_0 else 1)
            return True
        if event.key() == Qt.Key.Key_Escape and self.has_selection:
            self._copying.cancel()
            self.clear_selection()
            return True
        return False

    def _moving_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            caret = self._pointer.extend(key, control=bool(modifiers & Qt.KeyboardModifier.ControlModifier))
            if caret is None:
                return False
            self._stop_following()
            self._page.reveal(caret)
            self._arrange()
            self._reveal_column(caret.line, caret.column)
            self._tell_line(caret.line)
            return True
        page = self._page.full_rows
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: 1 - page, Qt.Key.Key_PageDown: page - 1}
        across = self.horizontalScrollBar()
        if key in steps:
            self._scroll_rows(steps[key])
        elif key == Qt.Key.Key_Home:
            across.setValue(0)
            self._page.go_to(0)
            self._moved_by_person()
        elif key == Qt.Key.Key_End:
            self.set_follow(True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            across.setValue(across.value() + across.singleStep() * (1 if key == Qt.Key.Key_Right else -1))
        else:
            return False
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.context_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

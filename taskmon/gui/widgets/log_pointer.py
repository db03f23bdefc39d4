"""How a log is selected: by dragging, by words and lines, by keys. Moves places on a page, knows no widget."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from taskmon.gui.widgets.log_selection import Caret, Selection, word_at

if TYPE_CHECKING:
    from taskmon.gui.widgets.log_page import LogPage


class Grain(Enum):
    """What a drag selects at once."""

    CHARACTER = 1
    WORD = 2
    LINE = 3


class LogPointer:
    """Holds the selection of one view. `selection` is None until the log is first clicked."""

    def __init__(self, page: LogPage) -> None:
        self._page = page
        self._grain = Grain.CHARACTER
        self._first = Selection(Caret(0, 0), Caret(0, 0))
        self.selection: Selection | None = None
        self.dragging = False

    def clear(self) -> None:
        self.selection = None
        self.dragging = False

    def press(self, caret: Caret, grain: Grain, *, extend: bool) -> None:
        """The mouse went down; with `extend` (Shift) the selection reaches from its anchor to here."""
        self._grain = grain
        self.dragging = True
        if extend and self.selection is not None:
            self._first = Selection(self.selection.anchor, self.selection.anchor)
            self.drag(caret)
            return
        self._first = Selection(*self._unit(caret))
        self.selection = self._first

    def drag(self, caret: Caret) -> None:
        """The mouse moved while it was down."""
        if self._grain is Grain.CHARACTER:
            self.selection = Selection(self._first.anchor, caret)
        else:
            self.selection = self._first.extended_to(*self._unit(caret))

    def release(self) -> None:
        self.dragging = False

    def _unit(self, caret: Caret) -> tuple[Caret, Caret]:
        if self._grain is Grain.CHARACTER:
            return caret, caret
        if self._grain is Grain.LINE:
            last = self._page.source.line_count - 1
            if caret.line < last:
                return Caret(caret.line, 0), Caret(caret.line + 1, 0)
            return Caret(caret.line, 0), self._page.last_caret()
        placed = self._page.line(caret.line)
        start, end = word_at(placed.text if placed else "", caret.column)
        return Caret(caret.line, start), Caret(caret.line, end)

    def select_all(self) -> None:
        self.selection = Selection(Caret(0, 0), self._page.last_caret())

    def extend(self, key: Qt.Key, *, control: bool) -> Caret | None:
        """Moves the end of the selection by a key; None for keys that do not move it."""
        selection = self.selection
        if selection is None:
            start = Caret(self._page.top_line, 0)
            selection = Selection(start, start)
        target = self._target(selection.caret, key, control)
        if target is not None:
            self.selection = Selection(selection.anchor, target)
        return target

    def _target(self, caret: Caret, key: Qt.Key, control: bool) -> Caret | None:
        keys, last = Qt.Key, max(0, self._page.source.line_count - 1)
        length = self._page.length(caret.line)
        if key == keys.Key_Home:
            return Caret(0, 0) if control else Caret(caret.line, 0)
        if key == keys.Key_End:
            return self._page.last_caret() if control else Caret(caret.line, length)
        if key == keys.Key_Left:
            if caret.column > 0:
                return Caret(caret.line, caret.column - 1)
            return Caret(caret.line - 1, self._page.length(caret.line - 1)) if caret.line > 0 else caret
        if key == keys.Key_Right:
            if caret.column < length:
                return Caret(caret.line, caret.column + 1)
            return Caret(caret.line + 1, 0) if caret.line < last else caret
        steps = {
            keys.Key_Up: -1,
            keys.Key_Down: 1,
            keys.Key_PageUp: -self._page.full_rows,
            keys.Key_PageDown: self._page.full_rows,
        }
        if key in steps:
            line = min(max(0, caret.line + steps[key]), last)
            return Caret(line, min(caret.column, self._page.length(line)))
        return None

"""What a screen reader is told of a log: where it stands, the rows on the screen as one text, news.

Qt asks for the text by an interface that Python can offer since 6.8, with two gaps: a selection cannot be told (its
numbers are lost on the way, so the description tells it), and "no such interface" must be a null pointer, as None ends
the process. Tried with AT-SPI, on Linux; other systems have name, description and news.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from PySide6.QtCore import QObject, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleTextInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import Shiboken

from taskmon.core.units import count_text, size_text
from taskmon.gui.widgets.log_page import UNKNOWN
from taskmon.gui.widgets.log_selection import Caret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.gui.widgets.log_canvas import LogCanvas
    from taskmon.gui.widgets.log_page import LogPage, PageRow
    from taskmon.gui.widgets.log_selection import Selection

_PAUSE_MS: Final = 1000
_UTF16: Final = "utf-16-le"


class LogSpeech(QObject):
    """Keeps the description of `view` up to date, once a second at most, however quickly the log grows."""

    def __init__(self, view: QWidget, describe: Callable[[], str]) -> None:
        super().__init__(view)
        self._view = view
        self._describe = describe
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.tell_standing)

    def changed(self) -> None:
        """Something is on the screen that was not there before."""
        if not self._pause.isActive():
            self._pause.start()

    def tell_standing(self) -> None:
        """Describes the log as it stands now."""
        self._view.setAccessibleDescription(self._describe())

    def announce(self, text: str) -> None:
        """Has news said aloud where a screen reader listens."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, text))


def standing(page: LogPage, follows: bool, selection: Selection | None) -> str:
    """What is on the screen, in words."""
    source, state = page.source, "following" if follows else "paused"
    if page.counting:
        return f"the end of {size_text(source.size)}, lines are being counted, {state}"
    if not source.line_count:
        return "empty"
    last = min(page.top_line + page.full_rows, source.line_count)
    lines = selection.end.line - selection.start.line + 1 if selection else 0
    selected = f", {count_text(lines, 'line')} selected" if lines else ""
    return f"line {page.top_line + 1:,} to {last:,} of {source.line_count:,}, {state}{selected}"


class SpokenPage:
    """Rows of a page as one text, a line for each row. Offsets count UTF-16 units, as Qt's do."""

    def __init__(self, rows: Sequence[PageRow]) -> None:
        self.rows = rows
        self._texts = [row.placed.row_text(row.row) for row in rows]
        self._coded = "\n".join(self._texts).encode(_UTF16, "replace")

    def __len__(self) -> int:
        return len(self._coded) // 2

    def text(self, start: int, end: int) -> str:
        """The text between two offsets."""
        return self._coded[2 * max(0, start) : 2 * max(0, end)].decode(_UTF16, "replace")

    def offset(self, place: int, column: int) -> int:
        """The offset of a column, counted from the beginning of its row, of the row at `place` on the screen."""
        before = "\n".join([*self._texts[:place], self._texts[place][:column]])
        return len(before.encode(_UTF16, "replace")) // 2

    def place(self, offset: int) -> tuple[int, int]:
        """The row, by its place on the screen, and its column at an offset."""
        before = self.text(0, offset).split("\n")
        place = min(len(before), len(self._texts)) - 1
        return place, len(before[place])

    def begin(self, place: int) -> int:
        """The column of its line with which a row begins."""
        placed, row = self.rows[place].placed, self.rows[place].row
        return sum(len(placed.row_text(earlier)) for earlier in range(row))

    def caret(self, offset: int) -> Caret:
        """The place in the log at an offset."""
        place, column = self.place(offset)
        return Caret(self.rows[place].line, self.begin(place) + column)

    def offset_of(self, caret: Caret) -> int | None:
        """The offset of a place in the log; None where it is not on the screen."""
        for place, row in enumerate(self.rows):
            if row.line == caret.line and row.placed.row_of(min(caret.column, row.placed.length)) == row.row:
                return self.offset(place, caret.column - self.begin(place))
        return None


class LogWords(QAccessibleTextInterface):
    """The text of a view's screen, its caret and where each character is; read when asked for, nothing is kept."""

    def __init__(self, view: LogCanvas) -> None:
        super().__init__()
        self._view = ref(view)  # what Qt asks lives as long as the program

    def _spoken(self) -> SpokenPage:
        view = self._view()
        return SpokenPage(view.page.rows() if view is not None and Shiboken.isValid(view) else ())

    def characterCount(self) -> int:
        return len(self._spoken())

    def text(self, start: int, end: int, /) -> str:
        return self._spoken().text(start, end)

    def cursorPosition(self) -> int:
        """The caret; the beginning of the last row where none is on the screen."""
        spoken, view = self._spoken(), self._view()
        if view is None or not spoken.rows:
            return 0
        offset = spoken.offset_of(view.caret) if view.caret is not None else None
        return offset if offset is not None else spoken.offset(len(spoken.rows) - 1, 0)

    def setCursorPosition(self, position: int, /) -> None:
        spoken, view = self._spoken(), self._view()
        if view is not None and spoken.rows and spoken.rows[0].line != UNKNOWN:
            view.put_caret(spoken.caret(position))

    def characterRect(self, offset: int, /) -> QRect:
        spoken, view = self._spoken(), self._view()
        if view is None or not spoken.rows:
            return QRect()
        place, column = spoken.place(offset)
        row, first = spoken.rows[place], spoken.begin(place)
        left = row.placed.x_of(first + column) if column else 0.0
        width = max(row.placed.x_of(first + column + 1) - left, view.page.metrics.advance)
        x = round(view.page.text_left - view.horizontalScrollBar().value() + left)
        corner = view.viewport().mapToGlobal(QPoint(x, round(row.y)))
        return QRect(corner, QSize(round(width), round(view.page.metrics.height)))

    def offsetAtPoint(self, point: QPoint, /) -> int:
        spoken, view = self._spoken(), self._view()
        if view is None or not spoken.rows:
            return -1
        here = view.viewport().mapFromGlobal(point)
        place = min(max(0, int(here.y() // view.page.metrics.height)), len(spoken.rows) - 1)
        x = here.x() - view.page.text_left + view.horizontalScrollBar().value()
        row = spoken.rows[place]
        return spoken.offset(place, max(0, row.placed.column_at(row.row, x) - spoken.begin(place)))

    def selectionCount(self) -> int:
        return 0

    def selection(self, *_: Any) -> None:
        """Cannot be told."""

    def attributes(self, *_: Any) -> str:
        return ""

    def addSelection(self, _start: int, _end: int, /) -> None:
        """Cannot be told, so is not done."""

    def removeSelection(self, _place: int, /) -> None:
        """Cannot be told, so is not done."""

    def setSelection(self, _place: int, _start: int, _end: int, /) -> None:
        """Cannot be told, so is not done."""

    def scrollToSubstring(self, _start: int, _end: int, /) -> None:
        """All of the text is on the screen."""


class LogInterface(QAccessibleWidget):
    """A log as a text that can be read and not edited."""

    def __init__(self, view: LogCanvas) -> None:
        super().__init__(view, QAccessible.Role.EditableText)
        self._words = LogWords(view)

    def interface_cast(self, kind: QAccessible.InterfaceType, /) -> Any:
        if kind == QAccessible.InterfaceType.TextInterface:
            return self._words
        found = super().interface_cast(kind)
        return found if found is not None else Shiboken.VoidPtr(0)

    def state(self) -> QAccessible.State:
        state = super().state()
        state.readOnly = state.multiLine = state.selectableText = True
        return state


@cache
def offer_text() -> None:
    """Lets screen readers read every log that is shown from now on; once for the program."""
    if sys.platform == "linux":
        QAccessible.installFactory(_interface_of)


def _interface_of(_kind: str, thing: QObject) -> LogInterface | None:
    from taskmon.gui.widgets.log_canvas import LogCanvas

    return LogInterface(thing) if isinstance(thing, LogCanvas) else None

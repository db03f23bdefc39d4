"""The filter box: words to find tasks by, with completion of keys and known values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QToolTip, QVBoxLayout, QWidget

from taskmon.gui.theme import LIGHT, Theme, ui_font

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLACEHOLDER: Final = "Filter: words, status:failed, project:wing, since:2h, /regex/  (Ctrl+F)"
DEBOUNCE_MS: Final = 80
HELP: Final = (
    ("wing re-12", "rows in which both are found, anywhere"),
    ("status:failed", "a state; or active, queued, running, ended, done, stopped"),
    ("project:wing", "in one field; also sim: group: id: name: reason:"),
    ('project:="wing"', "exactly this; of a reason, numbers and paths do not matter"),
    ("since:2h", "submitted within two hours; also 7d, today, yesterday or 2026-11-20"),
    ("before:today", "submitted earlier; since:yesterday before:today are yesterday's"),
    ("-killed", "without it; also -project:wing"),
    ('"cannot open"', "words that belong together"),
    ("/case-0.*7$/", "a regular expression; also reason:/nan|inf/"),
)
"""What the filter understands, by example; no word of it is markup."""
_HELP_MS: Final = 60_000
_LINK_HINT: Final = "This is a link to a task's log: press Enter to open it."


class FilterBox(QWidget):
    """Emits `filter_changed(str)` shortly after the last key stroke; Escape empties it, Return does not wait.

    Down offers what the word at the cursor may become; where it may become nothing, and on
    Escape in an empty box, `left()` is told: the keys go on.
    A link to a log is no filter: Return tells it by `link_given(str)`, and the filter before stays.
    A problem with the text is told below the box without taking the focus or moving anything.
    """

    filter_changed = Signal(str)
    link_given = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._told = ""
        self._values: dict[str, tuple[str, ...]] = {}
        self._edit = QLineEdit(self)
        self._edit.setPlaceholderText(PLACEHOLDER)
        self._edit.setClearButtonEnabled(True)
        self._edit.setAccessibleName("Filter the tasks")
        self._edit.setToolTip(_help_text())
        self._edit.installEventFilter(self)
        self._debounce = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._debounce.timeout.connect(self._tell)
        self._edit.textEdited.connect(self._edited)
        self._edit.textChanged.connect(lambda: self._debounce.start())
        self._edit.returnPressed.connect(self._entered)
        self._make_completer()
        self._problem = QLabel(self)
        self._problem.setWordWrap(True)
        self._problem.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.hide()
        self.setFocusProxy(self._edit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._edit)
        self.set_theme(LIGHT)

    def _make_completer(self) -> None:
        self._choices = QStringListModel(self)
        self._completer = QCompleter(self._choices, self)
        self._completer.setWidget(self._edit)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setMaxVisibleItems(12)
        self._completer.activated.connect(self._complete)

    def show_help(self) -> None:
        """What the filter understands, beside the box while one types."""
        self._edit.setFocus()
        below = self._edit.mapToGlobal(QPoint(0, self._edit.height()))
        QToolTip.showText(below, self._edit.toolTip(), self._edit, QRect(), _HELP_MS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._follow()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._follow()

    def _follow(self) -> None:
        """What is wrong is said below the box, wherever the toolbar puts it."""
        if self._problem.isVisible():
            QTimer.singleShot(0, self, self._place_problem)  # when the line within is as wide as the box

    def sizeHint(self) -> QSize:
        return QSize(430, self._edit.sizeHint().height())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._problem.setFont(ui_font(9.0))
        self._problem.setStyleSheet(
            f"background: {theme.error_fill}; color: {theme.error_ink}; border: 1px solid {theme.error_ink};"
            "border-radius: 5px; padding: 5px 8px;"
        )
        self._show_bad(self._problem.isVisible())

    def text(self) -> str:
        """The text in the box."""
        return self._edit.text()

    def set_text(self, text: str) -> None:
        """Another text, told at once; its beginning is in sight unless somebody types."""
        self._edit.setText(text)
        if not self._edit.hasFocus():
            self._edit.home(False)
        self._tell()

    def show_values(self, values: Mapping[str, Sequence[str]]) -> None:
        """What is offered after a key: for example {"project": [...], "status": [...]}, in that order of keys."""
        self._values = {key: tuple(known) for key, known in values.items()}

    # What is typed -----------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self._debounce.stop()
        text = self._edit.text().strip()
        if self._is_link(text):
            self.show_problem(_LINK_HINT)
            return
        if self.problem() == _LINK_HINT:
            self.show_problem("")
        if text != self._told:
            self._told = text
            self.filter_changed.emit(text)

    @staticmethod
    def _is_link(text: str) -> bool:
        from taskmon.core.log_link import looks_like_link  # after the first paint

        return looks_like_link(text)

    def _entered(self) -> None:
        text = self._edit.text().strip()
        if self._is_link(text):
            self.show_problem("")
            self.set_text(self._told)
            self.link_given.emit(text)
        else:
            self._tell()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key()
        if pressed == Qt.Key.Key_Escape:
            if not self._edit.text():
                self.left.emit()
            self.set_text("")
            return True
        if pressed == Qt.Key.Key_Down:
            choices = self._offers(self._word(self._edit.text()))
            self._offer(choices)
            if not choices:
                self._tell()
                self.left.emit()
            return True
        return super().eventFilter(watched, event)

    def _edited(self, text: str) -> None:
        """Offers keys for the word at the cursor, and known values after its colon."""
        word = self._word(text)
        choices = self._offers(word) if len(word.lstrip("-")) >= 2 else []
        self._offer(choices if choices != [word] else [])

    def _offer(self, choices: list[str]) -> None:
        """Lists `choices` below the box; nothing where there are none."""
        self._choices.setStringList(choices)
        popup = self._completer.popup()
        if popup is None:
            return
        popup.setObjectName("completions")
        popup.setFont(ui_font())
        if choices:
            self._completer.complete()
        else:
            popup.hide()

    def _offers(self, word: str) -> list[str]:
        """What `word` may become."""
        minus = "-" if word.startswith("-") else ""
        key, colon, typed = word.removeprefix("-").lower().partition(":")
        if not colon:
            return [f"{minus}{known}:" for known in self._values if known.startswith(key)]
        wanted = typed.lstrip('="')
        found = [value for value in self._values.get(key, ()) if wanted in value.lower()]
        return [f"{minus}{key}:{_quoted(value)}" for value in found]

    def _word(self, text: str) -> str:
        return text[: self._edit.cursorPosition()].rpartition(" ")[2]

    def _complete(self, choice: str) -> None:
        text, at = self._edit.text(), self._edit.cursorPosition()
        start = at - len(self._word(text))
        self._edit.setText(text[:start] + choice + text[at:])
        self._edit.setCursorPosition(start + len(choice))
        if choice.endswith(":"):
            QTimer.singleShot(0, self, lambda: self._edited(self._edit.text()))  # when the list of keys has gone

    # What is wrong -----------------------------------------------------------------------------------------------

    def show_problem(self, sentence: str) -> None:
        """Why the text cannot be used; an empty sentence takes the problem away."""
        self._problem.setText(sentence)
        self._edit.setAccessibleDescription(sentence)
        self._show_bad(bool(sentence))
        self._problem.setVisible(bool(sentence))
        if sentence:
            self._place_problem()

    def problem(self) -> str:
        """The sentence that is shown below the box."""
        return self._problem.text()

    def _show_bad(self, bad: bool) -> None:
        self._edit.setStyleSheet(f"QLineEdit {{ border-color: {self._theme.error_ink}; }}" if bad else "")

    def _place_problem(self) -> None:
        """Under the box, over whatever is there: a child of the window, so that nothing has to make room."""
        window = self.window()
        if self._problem.parentWidget() is not window:
            self._problem.setParent(window)
        width = max(320, self._edit.width())
        corner = self._edit.mapTo(window, QPoint(0, self._edit.height() + 3))
        left = max(4, min(corner.x(), window.width() - width - 4))
        self._problem.setGeometry(left, corner.y(), width, self._problem.heightForWidth(width))
        self._problem.show()
        self._problem.raise_()


def _help_text() -> str:
    rows = (f"<tr><td><code>{each}</code>&nbsp;&nbsp;</td><td>{means}</td></tr>" for each, means in HELP)
    return f"<qt><table>{''.join(rows)}</table></qt>"


def _quoted(value: str) -> str:
    return value if value and not any(letter.isspace() or letter == '"' for letter in value) else f'"{value}"'

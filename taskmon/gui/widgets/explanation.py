"""Below the diagram: what happened, why, and the next step, which is a button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.lifecycle import Status, facts
from taskmon.core.task_story import command_sentence, counts_sentence, queue_sentence
from taskmon.gui.icons import icon, tinted_icon
from taskmon.gui.theme import LIGHT, Theme, log_font, mark, ui_font
from taskmon.gui.widgets.status_mark import paint_mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QPaintEvent

    from taskmon.core.task import QueuePosition, Task

WORDS: Final = {
    "resubmit": "Run again",
    "download": "Download outputs",
    "kill": "Kill task",
    "show_log": "Show log",
    "submit": "Submit a folder",
}
"""Every action that can be asked for, with the words of its button."""

_ICONS: Final = {"resubmit": "resubmit", "download": "download", "kill": "kill", "show_log": "log", "submit": "submit"}
_STEPS: Final[Mapping[Status, tuple[str, ...]]] = {
    Status.SUBMITTED: ("kill",),
    Status.COMPUTATION_STARTED: ("show_log", "kill"),
    Status.SUCCESS: ("download", "show_log"),
    Status.FAILED: ("show_log", "resubmit"),
    Status.KILLED: ("resubmit", "download"),
    Status.EXECUTER_FAILED: ("resubmit", "show_log"),
}
_MOST_ERROR_LINES: Final = 6


def next_steps(status: Status) -> tuple[str, ...]:
    """The actions that make sense in a state, the natural one first."""
    return _STEPS.get(status, ("resubmit",) if facts(status).resubmittable else ())


def _next_steps_of(task: Task) -> tuple[str, ...]:
    """Those of its state; a task that no machine ever took has nothing to download."""
    found = next_steps(task.status)
    return found if task.start_time is not None else tuple(step for step in found if step != "download")


class Explanation(QWidget):
    """Explains one task (`show_task`), one state (`show_status`) or a selection (`show_counts`).

    `action_requested` carries a key of `WORDS`. Words from outside are only ever shown as plain text. The words
    scroll, so that the diagram above keeps its size whatever is explained; the next step stays in sight below them.
    """

    action_requested = Signal(str)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._page = page = QWidget()
        self._title = _Title(page)
        self._sections = [_Section(caption, page) for caption in ("What happened", "Why", "Next step")]
        self._error = _ErrorText(page)
        self._fact = _text_label(page)
        self._buttons = [QPushButton(self) for _ in range(2)]
        for button in self._buttons:
            button.clicked.connect(self._ask)
        self._arrange(page)
        self.setAccessibleName("Explanation")
        self.set_theme(theme)
        self.show_nothing()

    def show_task(self, task: Task, position: QueuePosition | None = None) -> None:
        """One task; `position` is its place in the queue where the service tells it."""
        self._show_facts(task.status)
        command = _command_sentence(task)
        sentences = [queue_sentence(position)] if position and task.status is Status.SUBMITTED else []
        error = task.error_detail or (task.executer.error_detail if task.executer else None) or ""
        sentences += [command] if command and command != error else []  # nothing is said twice
        self._show_fact(" ".join(sentences))
        self._error.show_text(error)
        self._offer(_next_steps_of(task))

    def show_status(self, status: Status) -> None:
        """A state in general, without a task."""
        self._show_facts(status)
        self._show_fact("")
        self._error.show_text("")
        self._offer(())

    def show_counts(self, counts: Mapping[Status, int]) -> None:
        """Several tasks at once: how many are in which state."""
        self._show_only(counts_sentence(counts))
        self._offer(())

    def show_nothing(self) -> None:
        """No task is selected."""
        self._show_only("Select a task to see what happened to it, or submit a folder.")
        self._offer(("submit",))

    def set_theme(self, theme: Theme) -> None:
        """Shows itself in `theme` from now on."""
        self._theme = theme
        for section in self._sections:
            section.set_theme(theme)
        self._fact.setStyleSheet(f"color: {theme.text}")
        self._page.setStyleSheet(f".QWidget {{ background: {theme.surface}; }}")
        ground = self.palette()
        ground.setColor(QPalette.ColorRole.Window, QColor(theme.surface))
        self.setPalette(ground)
        self.setAutoFillBackground(True)
        self._error.set_theme(theme)
        self._title.set_theme(theme)
        self._style_buttons()

    def sizeHint(self) -> QSize:
        return QSize(360, 250)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 90)

    def _arrange(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._sections[0])
        column.addWidget(self._fact)
        column.addWidget(self._error)
        for section in self._sections[1:]:
            column.addWidget(section)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout()
        row.setContentsMargins(14, 6, 14, 12)
        row.setSpacing(8)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(row)

    def _show_facts(self, status: Status) -> None:
        told = facts(status)
        self._title.show_status(status)
        for section, words in zip(self._sections, (told.what, told.why, told.next_step), strict=True):
            section.show_words(words)

    def _show_only(self, sentence: str) -> None:
        self._title.hide()
        for section in self._sections:
            section.hide()
        self._error.show_text("")
        self._show_fact(sentence)

    def _show_fact(self, sentence: str) -> None:
        self._fact.setText(sentence)
        self._fact.setVisible(bool(sentence))

    def _offer(self, actions: tuple[str, ...]) -> None:
        for index, button in enumerate(self._buttons):
            action = actions[index] if index < len(actions) else ""
            button.setObjectName(action)
            button.setText(WORDS.get(action, ""))
            button.setVisible(bool(action))
        self._style_buttons()

    def _style_buttons(self) -> None:
        """The natural step is filled, unless it ends something: that must never look like the thing to press."""
        theme = self._theme
        for index, button in enumerate(self._buttons):
            action = button.objectName()
            filled = index == 0 and action != "kill"
            if filled:
                button.setStyleSheet(_button_style(theme.accent, theme.accent_text, theme.accent, theme.text))
            else:
                button.setStyleSheet(_button_style(theme.raised, theme.text, theme.faint, theme.accent))
            button.setFont(ui_font())
            button.setIconSize(QSize(16, 16))
            if action:
                picture = _ICONS[action]
                button.setIcon(tinted_icon(picture, theme.accent_text) if filled else icon(picture, theme))

    def _ask(self) -> None:
        self.action_requested.emit(self.sender().objectName())


def _command_sentence(task: Task) -> str:
    """What is known about the command that went wrong; a list tells nothing about it."""
    from taskmon.core.task import TaskDetail  # the first picture is painted without a task

    return command_sentence(task) if isinstance(task, TaskDetail) else ""


def _button_style(fill: str, ink: str, line: str, strong_line: str) -> str:
    return (
        f"QPushButton {{ background: {fill}; color: {ink}; border: 1px solid {line}; border-radius: 6px; "
        f"padding: 5px 12px; }} QPushButton:hover, QPushButton:focus {{ border: 1px solid {strong_line}; }}"
    )


def _text_label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(ui_font())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class _Section(QWidget):
    """A small caption and a sentence under it."""

    def __init__(self, caption: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._caption = QLabel(caption, self)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._caption.setFont(ui_font(8.5, strong=True))
        self._words = _text_label(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self._caption)
        column.addWidget(self._words)

    def show_words(self, words: str) -> None:
        self._words.setText(words)
        self.setAccessibleName(f"{self._caption.text()}: {words}")
        self.show()

    def set_theme(self, theme: Theme) -> None:
        self._caption.setStyleSheet(f"color: {theme.muted}")
        self._words.setStyleSheet(f"color: {theme.text}")


class _Title(QWidget):
    """The state's mark and name in its colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._status = Status.PENDING_INPUT
        self.setFixedHeight(round(QFontMetricsF(ui_font(11.5, strong=True)).height()) + 4)

    def show_status(self, status: Status) -> None:
        self._status = status
        self.setAccessibleName(facts(status).alias)
        self.show()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ink = QColor(self._theme.of(self._status).ink if self._status.known else self._theme.muted)
        painter = QPainter(self)
        paint_mark(painter, QRectF(0, (self.height() - 14) / 2, 14, 14), mark(self._status), ink)
        painter.setFont(ui_font(11.5, strong=True))
        painter.setPen(ink)
        words = QRectF(21, 0, self.width() - 21, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, facts(self._status).alias)
        painter.end()


class _ErrorText(QPlainTextEdit):
    """What the service or the runner said went wrong, as it is: plain, selectable, as tall as a few lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFont(log_font(9))
        self.setAccessibleName("Error detail")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
        self.setVisible(bool(text))
        self.updateGeometry()

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {theme.error_fill}; color: {theme.error_ink}; border: none; "
            f"border-radius: 6px; padding: 4px; selection-background-color: {theme.error_ink}; "
            f"selection-color: {theme.error_fill}; }}"
        )

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        columns = max(20, int((self.width() - 24) / max(1.0, metrics.averageCharWidth())))
        lines = sum(1 + len(line) // columns for line in self.toPlainText()[:4000].split("\n"))
        return QSize(200, round(min(lines, _MOST_ERROR_LINES) * metrics.lineSpacing()) + 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

"""Below the diagram: what happened, why, and the next step, which is a button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from taskmon.core.lifecycle import Status, facts
from taskmon.core.plain_text import some_lines
from taskmon.core.task_story import command_sentence, counts_sentence, general_why, queue_sentence, told_error
from taskmon.gui.icons import icon, tinted_icon
from taskmon.gui.theme import LIGHT, Theme, ui_font
from taskmon.gui.widgets.dock_room import STRIP
from taskmon.gui.widgets.explanation_parts import ErrorText, Section, Title, text_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from taskmon.core.task import QueuePosition, Task

WORDS: Final = {
    "resubmit": "Run again",
    "download": "Download outputs",
    "kill": "Kill",
    "show_log": "Show log",
    "submit": "Submit a folder",
}
"""Every action that can be asked for, with the words of its button."""

_WITHOUT_SELECTION: Final = "Select one to see what happened to it, or click a state to list the tasks in it."

_LOW: Final = 150
"""Pixels of height in which caption, words and buttons have no room below one another."""

_ROOMY: Final = 480
"""Pixels of width from which on buttons beside the title have room for their words."""

_UNBOUND: Final = 16_777_215

_ICONS: Final = {"resubmit": "resubmit", "download": "download", "kill": "kill", "show_log": "log", "submit": "submit"}
_STEPS: Final[Mapping[Status, tuple[str, ...]]] = {
    Status.SUBMITTED: ("kill",),
    Status.COMPUTATION_STARTED: ("show_log", "kill"),
    Status.SUCCESS: ("download", "show_log"),
    Status.FAILED: ("show_log", "resubmit"),
    Status.KILLED: ("resubmit", "download"),
    Status.EXECUTER_FAILED: ("resubmit", "show_log"),
}


def next_steps(status: Status) -> tuple[str, ...]:
    """The actions that make sense in a state, the natural one first."""
    return _STEPS.get(status, ("resubmit",) if facts(status).resubmittable else ())


def _next_steps_of(task: Task) -> tuple[str, ...]:
    """Those of its state; a task that no machine ever took has nothing to download."""
    found = next_steps(task.status)
    return found if task.start_time is not None else tuple(step for step in found if step != "download")


def _next_steps_of_many(counts: Mapping[Status, int]) -> tuple[str, ...]:
    present = [status for status, count in counts.items() if count]
    if not all(facts(status).terminal for status in present):
        return ("kill",)
    return ("resubmit", "download") if Status.SUCCESS in present else ("resubmit",)


class Explanation(QWidget):
    """Explains one task (`show_task`), one state (`show_status`) or a selection (`show_counts`).

    `action_requested` carries a key of `WORDS`. Words from outside are only ever shown as plain text. The words
    scroll, so that the diagram above keeps its size whatever is explained; title and next step stay in sight. Where
    there is little height, the next step stands beside the title, where that is narrow as an icon, and the captions
    leave their room to the words.
    """

    action_requested = Signal(str)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._page = page = QWidget()
        self._title = Title(self)
        self._sections = [Section(caption, page) for caption in ("What happened", "Why", "Next step")]
        self._error = ErrorText(page)
        self._fact = text_label(page)
        self._buttons = [QPushButton(self) for _ in range(2)]
        self._head, self._foot = QHBoxLayout(), QHBoxLayout()
        self._low = self._tight = False
        self._steps: tuple[str, ...] = ()
        self._log_seen = False
        for button in self._buttons:
            button.clicked.connect(self._ask)
        self._arrange(page)
        self.setAccessibleName("Explanation")
        self.set_theme(theme)
        self.show_nothing()

    def show_task(self, task: Task, position: QueuePosition | None = None) -> None:
        """One task; `position` is its place in the queue where the service tells it."""
        self._show_facts(task.status, general_why(task))
        command = _command_sentence(task)
        sentences = [queue_sentence(position)] if position and task.status is Status.SUBMITTED else []
        error = told_error(task)
        sentences += [command] if command and command not in error else []  # nothing is said twice
        self._show_fact(" ".join(sentences))
        self._error.show_text(some_lines(error))
        self._spare_words()
        self._offer(_next_steps_of(task))

    def show_status(self, status: Status) -> None:
        """A state in general, without a task."""
        self._show_facts(status, facts(status).why)
        self._show_fact("")
        self._error.show_text("")
        self._offer(())

    def show_counts(self, counts: Mapping[Status, int], *, selected: bool = True) -> None:
        """Several tasks at once: how many are in which state; without `selected` they are all that are listed."""
        self._show_only(counts_sentence(counts) if selected else f"{counts_sentence(counts)} {_WITHOUT_SELECTION}")
        self._offer(_next_steps_of_many(counts) if selected else ("submit",))

    def show_nothing(self) -> None:
        """No task is selected."""
        self._show_only("Select a task to see what happened to it, or submit a folder.")
        self._offer(("submit",))

    def set_log_seen(self, seen: bool) -> None:
        """Whether the log is on the screen: then nobody is offered to be shown it."""
        if seen != self._log_seen:
            self._log_seen = seen
            self._offer(self._steps)

    def set_theme(self, theme: Theme) -> None:
        """Shows itself in `theme` from now on."""
        self._theme = theme
        for section in self._sections:
            section.set_theme(theme)
        self._fact.setStyleSheet(f"color: {theme.text}")
        self._page.setStyleSheet(f".QWidget {{ background: {theme.surface}; }}")
        self._error.set_theme(theme)
        self._title.set_theme(theme)
        self._style_buttons()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground; as a palette it would be lost where another place takes this pane in."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.surface))
        painter.end()

    def set_strip(self, strip: bool) -> None:
        """Whether it is a strip of a few lines, as wide as there is room."""
        self.setMaximumHeight(STRIP if strip else _UNBOUND)

    def sizeHint(self) -> QSize:
        return QSize(360, 250)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 90)

    def _arrange(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 2, 14, 12)
        column.setSpacing(8)
        column.addWidget(self._sections[0])
        column.addWidget(self._fact)
        column.addWidget(self._error)
        for section in self._sections[1:]:
            column.addWidget(section)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setObjectName("read_by_keys")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._head.setContentsMargins(14, 8, 14, 2)
        self._head.addWidget(self._title, 1000)
        self._head.addStretch(1)
        self._foot.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._head)
        whole.addWidget(scroll, 1)
        whole.addLayout(self._foot)
        self._place_buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (self.height() < _LOW) != self._low:
            self._low = not self._low
            self._place_buttons()
            self._spare_words()
        if (self._low and self.width() < _ROOMY) != self._tight:
            self._tight = not self._tight
            for button in self._buttons:
                self._name(button)

    def _spare_words(self) -> None:
        """In little height there are no captions, and the text of an error comes before what its state says."""
        for section in self._sections:
            section.set_captioned(not self._low)
        if self._title.isVisibleTo(self):
            self._sections[0].setVisible(not (self._low and self._error.toPlainText()))

    def _place_buttons(self) -> None:
        """In a row of their own below the words, or beside the title."""
        for place, button in enumerate(self._buttons):
            (self._foot if self._low else self._head).removeWidget(button)
            row = self._head if self._low else self._foot
            row.insertWidget(place + 2 if self._low else place, button)  # after title and stretch
        self._head.setSpacing(6)
        self._foot.setSpacing(8)
        self._foot.setContentsMargins(*((0, 0, 0, 0) if self._low else (14, 6, 14, 12)))

    def _name(self, button: QPushButton) -> None:
        words = WORDS.get(button.objectName(), "")
        button.setText("" if self._tight else words)
        button.setToolTip(words if self._tight else "")
        button.setAccessibleName(words)

    def _show_facts(self, status: Status, why: str) -> None:
        told = facts(status)
        self._title.show_status(status)
        for section, words in zip(self._sections, (told.what, why, told.next_step), strict=True):
            section.show_words(words)
            section.setVisible(bool(words))

    def _show_only(self, sentence: str) -> None:
        self._title.hide()
        for section in self._sections:
            section.hide()
        self._error.show_text("")
        self._show_fact(sentence)

    def _show_fact(self, sentence: str) -> None:
        self._fact.setText(some_lines(sentence))
        self._fact.setVisible(bool(sentence))

    def _offer(self, steps: tuple[str, ...]) -> None:
        self._steps = steps
        actions = [step for step in steps if step != "show_log" or not self._log_seen]
        for index, button in enumerate(self._buttons):
            action = actions[index] if index < len(actions) else ""
            button.setObjectName(action)
            self._name(button)
            button.setVisible(bool(action))
        self._style_buttons()

    def _style_buttons(self) -> None:
        """The natural step is filled, unless it ends something: that must never look like the thing to press."""
        theme = self._theme
        for button in self._buttons:
            action = button.objectName()
            filled = action == next(iter(self._steps), "") != "kill"
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

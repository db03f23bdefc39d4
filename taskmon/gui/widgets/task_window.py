"""A task in a window of its own: its log, the diagram of its life and what happened, to stand beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from taskmon.core.lifecycle import can_kill, facts
from taskmon.core.plain_text import one_line, short_name
from taskmon.core.task_reason import no_outputs_sentence
from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT, mark, ui_font
from taskmon.gui.widgets.dock_room import LEAST_LOWER, LEAST_WINDOW, LowerPane
from taskmon.gui.widgets.explanation import Explanation
from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.status_mark import paint_mark
from taskmon.gui.widgets.tool_buttons import tool_button

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QCloseEvent, QResizeEvent

    from taskmon.core.task import QueuePosition, Task
    from taskmon.gui.theme import Theme

_BUTTONS: Final = {
    "kill": ("Kill", "Stop this task", "kill"),
    "resubmit": ("Run again", "Run this task again as it was", "resubmit"),
    "download": ("Download", "Download and unpack the outputs", "download"),
}
"""Words, tip and icon of what can be done to the task."""

_SIZE: Final = QSize(1180, 760)
_SIDE: Final = 400
_MOST_OF_SCREEN: Final = 0.92
_MARK: Final = 15


class TaskWindow(QWidget):
    """Signals: `wished(str)`, a key of the buttons or of the explanation's next steps; `closed()`, once.

    A window that is too narrow for the diagram beside the log shows a few lines of the explanation above the log.
    """

    wished = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._task: Task | None = None
        self.pane = LogPane(self)
        self.diagram = LifecycleDiagram()
        self.explanation = Explanation()
        self.explanation.set_log_seen(True)
        self._mark, self._state, self._name, self._about = QLabel(), QLabel(), QLabel(), QLabel()
        self._buttons = {key: tool_button(words, tip) for key, (words, tip, _) in _BUTTONS.items()}
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._side = QSplitter(Qt.Orientation.Vertical)
        self._unfolded: QByteArray | None = None  # the halves as they were, while the window is too narrow for both
        self._arrange()
        self.setMinimumWidth(LEAST_WINDOW.width())
        for key, button in self._buttons.items():
            button.clicked.connect(lambda _=False, wish=key: self.wished.emit(wish))
        self.explanation.action_requested.connect(self.wished)
        QShortcut(QKeySequence.StandardKey.Close, self, self.close)
        room = self.screen().availableSize() * _MOST_OF_SCREEN
        self.resize(_SIZE.boundedTo(room))
        self._halves.setSizes([_SIZE.width() - _SIDE, _SIDE])
        self.pane.focus_lines()  # and not Kill, which comes first

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 10, 8)
        head.setSpacing(8)
        self._name.setFont(ui_font(12))
        for label in (self._mark, self._state, self._name, self._about):
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._name, self._about):  # a long name must not keep the window wide
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        head.addWidget(self._mark)
        head.addWidget(self._state)
        head.addWidget(self._name, 1)
        head.addWidget(self._about, 1)
        for button in self._buttons.values():
            head.addWidget(button)
        self._side.addWidget(self.diagram)
        self._side.addWidget(self.explanation)
        self._side.setStretchFactor(0, 1)
        self._side.setChildrenCollapsible(False)
        below = LowerPane(self.pane)
        self._put_above_log = below.put_above
        self._halves.addWidget(below)
        self._halves.addWidget(self._side)
        self._halves.setStretchFactor(0, 1)
        self._halves.setCollapsible(0, False)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(head)
        page.addWidget(self._halves, 1)

    # -- values in ------------------------------------------------------------------------------------------------

    def show_task(self, task: Task, now: datetime, position: QueuePosition | None = None) -> None:
        """The task as it is now; a TaskDetail tells more. `position` is its place in the queue."""
        self._task = task
        self.diagram.show_task(task, now)
        self.explanation.show_task(task, position)
        self._name.setText(one_line(task.name))
        parts = [task.simulator, task.project, task.task_id if task.task_id != task.name else ""]
        self._about.setText(" · ".join(one_line(part) for part in parts if part))
        self._buttons["kill"].setEnabled(can_kill(task.status))
        without = no_outputs_sentence(task)
        self._buttons["download"].setEnabled(not without)
        self._buttons["download"].setToolTip(without or _BUTTONS["download"][1])
        self._show_state()

    def _show_state(self) -> None:
        if self._task is None:
            return
        status = self._task.status
        self.setWindowTitle(f"{short_name(self._task.name)} · {facts(status).alias} – taskmon")
        ink = QColor(self._theme.of(status).ink)
        ratio = self.devicePixelRatioF()
        picture = QPixmap(QSize(_MARK, _MARK) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, QRectF(1, 1, _MARK - 2, _MARK - 2), mark(status), ink)
        painter.end()
        self._mark.setPixmap(picture)
        self._state.setText(facts(status).alias)
        self._state.setStyleSheet(f"color: {ink.name()};")

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for pane in (self.pane, self.diagram, self.explanation):
            pane.set_theme(theme)
        for key, (_, _, name) in _BUTTONS.items():
            self._buttons[key].setIcon(icon(name, theme))
        self._about.setStyleSheet(f"color: {theme.muted};")
        self._show_state()

    # -- size -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < LEAST_LOWER + self.diagram.minimumWidth() + self._halves.handleWidth()
        if narrow == (self._unfolded is not None):
            return
        self.explanation.set_strip(narrow)
        self._side.setVisible(not narrow)
        if narrow:
            self._unfolded = self._halves.saveState()
            self._put_above_log(self.explanation)
        elif self._unfolded is not None:
            self._side.addWidget(self.explanation)
            self._halves.restoreState(self._unfolded)
            self._unfolded = None

    def save_arrangement(self) -> tuple[QByteArray, QByteArray]:
        """Geometry and the halves, for `restore_arrangement`."""
        return self.saveGeometry(), self._unfolded or self._halves.saveState()

    def restore_arrangement(self, geometry: bytes | None, halves: bytes | None) -> None:
        """As it was left; what makes no sense changes nothing."""
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        if halves:
            self._halves.restoreState(QByteArray(halves))

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

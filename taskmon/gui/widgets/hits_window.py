"""One search through the logs of several tasks, in a window beside the list: what to look for, and the hits by task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.log_hits import Hit, LogHits
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.units import count_text
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.form_controls import CheckBox, ChoiceBox
from taskmon.gui.widgets.hit_rows import HIT, TASK_ID, HitPainter, TaskRow
from taskmon.gui.widgets.tool_buttons import sign_toggle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QCloseEvent

    from taskmon.gui.theme import Theme

FILES: Final = {
    "stdout and stderr": (STDOUT_FILE, STDERR_FILE),
    "stdout": (STDOUT_FILE,),
    "stderr": (STDERR_FILE,),
}
"""What can be searched, by its words."""

_SHOW_MS: Final = 60
"""Hits that arrive within this time are shown together."""

_LEAST_COLUMN: Final = 150
"""Pixels of width that names need, however narrow the window is."""


class HitsWindow(QWidget):
    """Signals: `search_requested(pattern, regex, case, paths)`, `stop_requested()`, `hit_chosen(task id, Hit)`,
    `task_chosen(task id)`, `closed()`."""

    search_requested = Signal(str, bool, bool, tuple)
    stop_requested = Signal()
    hit_chosen = Signal(str, object)
    task_chosen = Signal(str)
    closed = Signal()

    def __init__(self, tasks: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`tasks` are (id, name) in the order in which they are shown."""
        super().__init__(parent, Qt.WindowType.Window)
        self._theme = LIGHT
        self._searching = False
        self._asked = False
        self._waiting: dict[str, LogHits] = {}
        self._due = QTimer(self, singleShot=True, interval=_SHOW_MS)
        self._due.timeout.connect(self.show_waiting)
        self.setWindowTitle(f"Search in the logs of {count_text(len(tasks), 'task')}")
        self.field = QLineEdit()
        self.field.setPlaceholderText("What to look for in every log")
        self.field.setAccessibleName("Search the logs of the tasks")
        self.field.setClearButtonEnabled(True)
        self.regex = sign_toggle(".*", "Regular expression", checked=True)
        self.case = sign_toggle("Aa", "Upper and lower case are different")
        self.files = ChoiceBox()
        self.files.setAccessibleName("Which output to search")
        self.files.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.files.setFixedWidth(168)
        for words, paths in FILES.items():
            self.files.addItem(words, paths)
        self.act = QPushButton("Search")
        self.only_found = CheckBox("Only tasks with hits")
        self.tree = QTreeWidget()
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self._painter = HitPainter()
        self._dress_tree()
        self._rows = {task_id: TaskRow(task_id, name) for task_id, name in tasks}
        self.tree.addTopLevelItems(list(self._rows.values()))
        self._arrange()
        self._connect()
        self._show_summary()
        self.resize(960, 620)

    def _dress_tree(self) -> None:
        tree = self.tree
        tree.setAccessibleName("Hits by task")
        tree.setHeaderLabels(["Task", "Hits"])
        tree.setUniformRowHeights(True)
        tree.setItemDelegate(self._painter)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        tree.header().setStretchLastSection(False)
        tree.header().setMinimumSectionSize(_LEAST_COLUMN)
        tree.setColumnWidth(1, 400)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(10, 10, 10, 8)
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        for widget in (self.regex, self.case, self.files, self.act):
            row.addWidget(widget)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 5, 12, 7)
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.only_found)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(row)
        page.addWidget(self.tree, 1)
        page.addLayout(foot)

    def _connect(self) -> None:
        self.field.returnPressed.connect(self.ask)
        self.act.clicked.connect(lambda: self.stop_requested.emit() if self._searching else self.ask())
        self.tree.currentItemChanged.connect(lambda item, _before: self._choose(item))
        self.tree.itemActivated.connect(self._choose)
        self.only_found.toggled.connect(lambda _: self._hide_rows())

    # -- values in ------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._painter.set_theme(theme)
        self.only_found.set_theme(theme)
        self.tree.viewport().update()
        self._show_summary()

    def show_searching(self, searching: bool) -> None:
        """A search has begun, or has ended."""
        self._searching = searching
        self.act.setText("Stop" if searching else "Search")
        if searching:
            self._asked = True
            self._waiting.clear()
            for row in self._rows.values():
                row.show_hits(LogHits())
            self._hide_rows()
        else:
            self.show_waiting()
            for row in self._rows.values():
                row.show_stopped()
        self._show_summary()

    def show_hits(self, task_id: str, found: LogHits) -> None:
        """What was found in the logs of one task so far."""
        self._waiting[task_id] = found
        if not self._due.isActive():
            self._due.start()

    def show_waiting(self) -> None:
        """Shows what has come since."""
        for task_id, found in self._waiting.items():
            self._rows[task_id].show_hits(found)
        self._waiting.clear()
        self._hide_rows()
        self._show_summary()

    def show_problem(self, sentence: str) -> None:
        """Why there is no search."""
        self.summary.setText(sentence)
        self.summary.setStyleSheet(f"color: {self._theme.error_ink};")

    # -- wishes ---------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Searches for what the field says."""
        if self.field.text():
            paths = FILES[self.files.currentText()]
            self.search_requested.emit(self.field.text(), self.regex.isChecked(), self.case.isChecked(), paths)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        hit = item.data(0, HIT)
        if isinstance(hit, Hit):
            self.hit_chosen.emit(str(item.data(0, TASK_ID)), hit)
        else:
            self.task_chosen.emit(str(item.data(0, TASK_ID)))

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _hide_rows(self) -> None:
        only = self.only_found.isChecked()
        for row in self._rows.values():
            row.setHidden(only and not row.found.count)

    def _show_summary(self) -> None:
        self.summary.setStyleSheet(f"color: {self._theme.muted};")
        found = [row.found for row in self._rows.values()]
        tasks = count_text(len(found), "task")
        if not self._asked:
            self.summary.setText(f"The logs of {tasks}, as far as they are written when you press Enter.")
            return
        hits, having = sum(each.count for each in found), sum(bool(each.count) for each in found)
        open_, failed = sum(not each.finished for each in found), sum(each.failed for each in found)
        parts = [f"{count_text(hits, 'hit')} in {having:,} of {tasks}"]
        if open_:
            parts.append(f"{open_:,} still to be searched" if self._searching else f"stopped: {open_:,} not searched")
        if failed:
            parts.append(f"{failed:,} could not be read")
        self.summary.setText(" · ".join(parts))

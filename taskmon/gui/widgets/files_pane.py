"""The files of a task: a tree with sizes and ages, a filter of names, a look at one, download of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.file_tree import FileTree
from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text, size_text
from taskmon.gui.icons import icon
from taskmon.gui.styles import restyle
from taskmon.gui.theme import LIGHT, ui_font
from taskmon.gui.widgets.file_preview import FilePreview, is_picture
from taskmon.gui.widgets.file_tree_view import FileTreeView
from taskmon.gui.widgets.transfer_row import TransferRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QHideEvent, QShowEvent

    from taskmon.core.file_tree import Entry
    from taskmon.gui.theme import Theme

_AGE_MS: Final = 1000
_RENEWAL_TICKS: Final = 5
_FILTER_MS: Final = 120


class FilesPane(QWidget):
    """Paths are below the task's output folder. Ages are told once there is a clock."""

    log_requested = Signal(str)
    download_requested = Signal(list, object)
    """The paths of chosen files and folders, [""] for all, and the FileTree that is shown."""
    preview_requested = Signal(str)
    """A file was chosen, or the one that is looked at has changed."""
    refresh_requested = Signal()
    """The person wants to see the newest."""
    renewal_due = Signal()
    """The pane is looked at, and what it shows may be old."""
    told = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._all = FileTree()
        self._complete = True
        self._reason = ""
        self._looked_at: tuple[int | None, datetime | None] | None = None
        self._ticks = 0
        self.filter = QLineEdit(self)
        self.tree = FileTreeView(self)
        self.preview = FilePreview(self)
        self.transfer = TransferRow(self)
        self._note = QLabel(self)
        self._empty = QLabel(self)
        self._open = QPushButton("Open as log", self)
        self._get = QPushButton("Download…", self)
        self._refresh = QPushButton("Refresh", self)
        self._timer = QTimer(self, interval=_AGE_MS)
        self._filter_timer = QTimer(self, interval=_FILTER_MS, singleShot=True)
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.show_nothing()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(8)
        self.filter.setPlaceholderText("Filter by name")
        self.filter.setAccessibleName("Filter the files by name")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(260)
        row.addWidget(self.filter, 1)
        row.addWidget(self._note, 2)
        for button in (self._refresh, self._open, self._get):
            row.addWidget(button)
        for label in (self._note, self._empty):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._stack = QStackedLayout()
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self.tree)
        halves.addWidget(self.preview)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setChildrenCollapsible(False)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(halves)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.transfer)
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        self._timer.timeout.connect(self._tick)
        self._filter_timer.timeout.connect(self._filter_now)
        self.filter.textChanged.connect(lambda _: self._filter_timer.start())
        self.filter.returnPressed.connect(self.tree.setFocus)
        self.tree.choice_changed.connect(self._choose)
        self.tree.shown.connect(self._say)
        self.tree.file_opened.connect(self._open_file)
        self.tree.log_requested.connect(self.log_requested)
        self.tree.download_requested.connect(self._ask_for_download)
        self.tree.copied.connect(lambda count: self.told.emit(f"Copied {count_text(count, 'path')}."))
        self.preview.log_requested.connect(self.log_requested)
        self._open.clicked.connect(self._open_current)
        self._get.clicked.connect(self._ask_for_download)
        self._refresh.clicked.connect(self.refresh_requested)

    # -- values in ------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        restyle(self._note, f"color: {theme.muted};")
        restyle(self._empty, f"color: {theme.muted}; background: {theme.surface}; padding: 24px;")
        self._empty.setFont(ui_font(11))
        self._get.setIcon(icon("download", theme))
        self._open.setIcon(icon("log", theme))
        self.tree.set_theme(theme)
        self.preview.set_theme(theme)
        self.transfer.set_theme(theme)

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """Lets ages be told, not just times."""
        self.tree.files.set_clock(clock)
        self.tree.viewport().update()

    def show_nothing(self, note: str = "Select one task to see its files.") -> None:
        """No files, and why."""
        self._all, self._complete = FileTree(), True
        self.filter.clear()
        self._filter_timer.stop()
        self._reason = note
        self.tree.begin_with(self._all)

    def show_files(self, tree: FileTree, *, complete: bool) -> None:
        """The files that the task has now; `complete` says that it writes no more."""
        began = not self._all
        self._all, self._complete, self._reason = tree, complete, ""
        if began:
            self.tree.begin_with(tree)
            self.tree.show_matching(self.filter.text())
        else:
            self.tree.go_on_with(tree)

    def show_problem(self, sentence: str) -> None:
        """Why the files cannot be told now; those that are known stay."""
        if self._all:
            self._note.setText(sentence)
        else:
            self._say_empty(sentence)

    def show_preview_problem(self, path: str, sentence: str) -> None:
        """Why a file cannot be looked at now; it is asked for again with the next list."""
        if path == self.preview.path:
            self._looked_at = None
            self.preview.show_note(path, sentence)

    def _say_empty(self, sentence: str) -> None:
        self._empty.setText(sentence)
        self._note.setText("")
        self._stack.setCurrentIndex(0)
        self.preview.show_nothing()
        self._enable()

    def _say(self) -> None:
        if not self._all:
            none = "The task left no files." if self._complete else "The task has written no files yet."
            self._say_empty(self._reason or none)
            return
        shown = self.tree.files.rows.tree
        if not shown:
            self._empty.setText(f"No name has “{one_line(self.filter.text().strip())}” in it.")
        self._stack.setCurrentIndex(1 if shown else 0)
        self._note.setText(_summary(self._all, shown, self._complete))

    # -- time -----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.renewal_due.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _tick(self) -> None:
        self.tree.viewport().update()  # ages run
        self._ticks += 1
        if self._ticks % _RENEWAL_TICKS == 0:
            self.renewal_due.emit()

    # -- wishes ---------------------------------------------------------------------------------------------------

    def _filter_now(self) -> None:
        self.tree.show_matching(self.filter.text())

    def _choose(self) -> None:
        self._enable()
        entry = self.tree.current()
        if entry is None:
            count = self.tree.count_chosen()
            self.preview.show_nothing(f"{count:,} are selected." if count else "Select a file to look at it.")
        elif entry.is_folder:
            size = f", {size_text(entry.size)}" if entry.size is not None else ""
            self.preview.show_nothing(f"{one_line(entry.name)}: {count_text(entry.files, 'file')}{size}.")
        elif entry.path != self.preview.path or self._has_changed(entry):
            self._looked_at = entry.size, entry.modified
            self.preview.show_waiting(entry.path)
            self.preview_requested.emit(entry.path)

    def _has_changed(self, entry: Entry) -> bool:
        """Whether the file that is looked at may be another one than was shown; one that nobody tells of may."""
        told = entry.size, entry.modified
        if self._looked_at is None:
            return True
        return not self._complete if told == (None, None) else told != self._looked_at

    def _open_file(self, path: str) -> None:
        """A double click or Enter: a picture is looked at already, everything else is read as a log."""
        if not is_picture(path):
            self.log_requested.emit(path)

    def _open_current(self) -> None:
        entry = self.tree.current()
        if entry is not None:
            self.log_requested.emit(entry.path)

    def _ask_for_download(self) -> None:
        if self.transfer.busy:
            self.told.emit("Another download goes on; stop it, or wait for its end.")
            return
        self.download_requested.emit(self.tree.chosen_paths() or [""], self.tree.files.rows.tree)

    def _enable(self) -> None:
        entry, shown = self.tree.current(), len(self.tree.files.rows.tree)
        self._open.setEnabled(entry is not None and not entry.is_folder and not is_picture(entry.path))
        self._get.setEnabled(bool(shown) and not self.transfer.busy)
        count = self.tree.chosen_files() or shown
        self._get.setText(f"Download {count_text(count, 'file')}…" if count else "Download…")

    def show_transfer(self, text: str | None, fraction: float | None = None) -> None:
        """How far a download is, from 0 to 1; None ends it."""
        held = self.window().focusWidget()
        if (held is self._get) if text is not None else self.transfer.isAncestorOf(held or self):
            self.tree.setFocus()  # else Qt takes another button: this one is disabled or hidden now
        self.transfer.show_state(text, fraction)
        self._enable()


def _summary(every: FileTree, shown: FileTree, complete: bool) -> str:
    count = count_text(len(every), "file")
    if shown is not every:
        count = f"{len(shown):,} of {count}"
    size = f", {size_text(shown.size)}" if shown.size is not None else ""
    growing = "" if complete else " · still being written"
    return f"{count}{size}{growing}"

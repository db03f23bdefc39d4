"""The head of the submit form: which folders, or which task, it is about."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QGridLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text
from taskmon.gui import theme
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskmon.gui.theme import Theme


class FolderHeader(QWidget):
    """A large name, a quiet line below it, and the way to another folder."""

    folder_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ElidedLabel("", self)
        self._name.setFont(theme.ui_font(15, strong=True))
        self._place = ElidedLabel("", self)
        self._choose = QuietButton("", self)
        self._choose.setMinimumHeight(32)
        self._choose.clicked.connect(self.folder_requested)
        self._task_line = ""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self._place, 1, 0)
        grid.addWidget(self._choose, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(0, 1)

    def show_folders(self, folders: Mapping[str, str]) -> None:
        """`folders` maps each path to what it is called."""
        names = list(folders.values())
        several = f"{count_text(len(names), 'folder')}: {', '.join(names[:4])}{'…' if len(names) > 4 else ''}"
        self._name.show_text(names[0] if len(names) == 1 else several if names else "No folder yet")
        self._place.show_text(_place(list(folders)) if folders else "Drop one here, or choose one.")
        self._choose.setText("Choose another &folder…" if names else "Choose a &folder…")
        self._choose.show()

    def allow_another(self, allowed: bool) -> None:
        """Whether another folder may be chosen now."""
        self._choose.setEnabled(allowed)

    def show_task(self, name: str, task_id: str) -> None:
        """The form is about a task that is run again."""
        self._name.show_text(f"Run {one_line(name)} again")
        self._task_line = f"Task {task_id}" if task_id != name else "Its stored input is used again"
        self._place.show_text(self._task_line)
        self._choose.hide()

    def show_changes(self, count: int) -> None:
        """How many settings differ from the task that is run again."""
        words = count_text(count, "change") if count else "no change yet"
        self._place.show_text(f"{self._task_line}  ·  {words}")

    def set_theme(self, colours: Theme) -> None:
        quiet = QPalette()
        quiet.setColor(QPalette.ColorRole.WindowText, QColor(colours.muted))
        self._place.setPalette(quiet)


def _place(paths: Sequence[str]) -> str:
    """The path of one folder; of several the folder they all stand in, if there is one."""
    if len(paths) == 1:
        return paths[0]
    parents = {str(PurePath(path).parent) for path in paths}
    return f"in {parents.pop()}" if len(parents) == 1 else f"in {len(parents):,} places"

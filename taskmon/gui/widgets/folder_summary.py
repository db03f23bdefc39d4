"""What will be sent: how much, the largest files, what is kept back by which rule, and what to think about first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHeaderView, QProgressBar, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line
from taskmon.core.submission import contents_text
from taskmon.core.units import count_text, size_text
from taskmon.gui import theme
from taskmon.gui.widgets.form_field import ElidedLabel, Sentence, Tone
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.submission import FolderContents
    from taskmon.gui.theme import Theme

_LISTED_FOLDERS: Final = 500
_WARNINGS: Final = 3
_ROW_HEIGHT: Final = 26


class FolderSummary(QWidget):
    """Shows one or several folders. Only the largest files and the first exclusions of each rule become rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = theme.LIGHT
        self._folders: Sequence[FolderContents] = ()
        self._count = ElidedLabel("", self)
        self._count.setFont(theme.ui_font(12, strong=True))
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(4)
        self._busy.hide()
        self._tree = _FileTree(self)
        self._warnings = [Sentence(self, boxed=True) for _ in range(_WARNINGS)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._count)
        layout.addWidget(self._busy)
        for sentence in self._warnings:
            layout.addWidget(sentence)
        layout.addWidget(self._tree, 1)

    def show_scanning(self) -> None:
        """Says that the folders are being read."""
        self._folders = ()
        self._fill()
        self._count.show_text("Reading the folder…")
        self._busy.show()

    def show_reused_input(self, task_name: str) -> None:
        """Says that nothing is sent because a task's stored input is used again."""
        self._folders = ()
        self._fill()
        self._count.show_text("Nothing to send")
        self._warnings[0].say(f"The input of {one_line(task_name)} is stored already and is used again.")

    def show_folders(self, folders: Sequence[FolderContents]) -> None:
        self._folders = folders
        self._fill()

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        for sentence in self._warnings:
            sentence.set_theme(colours)
        self._fill_tree()

    def _fill(self) -> None:
        self._busy.hide()
        self._count.show_text(contents_text(self._folders) if self._folders else "Nothing yet")
        self._fill_warnings()
        self._fill_tree()

    def _fill_warnings(self) -> None:
        several = len(self._folders) > 1
        found = [
            (f"{one_line(folder.name)}: {text}" if several else text, tone)
            for folder in self._folders
            for text, tone in _sentences(folder)
        ]
        found.sort(key=lambda entry: entry[1] is not Tone.ERROR)
        if len(found) > _WARNINGS:
            rest = len(found) - _WARNINGS + 1
            found[_WARNINGS - 1 :] = [(f"And {count_text(rest, 'more warning')}.", Tone.WARNING)]
        for index, sentence in enumerate(self._warnings):
            sentence.say(*(found[index] if index < len(found) else ("", Tone.QUIET)))

    def _fill_tree(self) -> None:
        self._tree.clear()
        self._tree.setEnabled(bool(self._folders))
        root = self._tree.invisibleRootItem()
        if len(self._folders) == 1:
            self._add_contents(root, self._folders[0])
            return
        for folder in self._folders[:_LISTED_FOLDERS]:
            item = self._row(folder.name, size_text(folder.total_size), tooltip=folder.path)
            item.setText(1, f"{count_text(len(folder.files), 'file')} · {size_text(folder.total_size)}")
            root.addChild(item)
            self._add_contents(item, folder)
        hidden = len(self._folders) - _LISTED_FOLDERS
        if hidden > 0:
            root.addChild(self._row(f"and {count_text(hidden, 'more folder')}", "", quiet=True))

    def _add_contents(self, parent: QTreeWidgetItem, folder: FolderContents) -> None:
        if folder.largest:
            files = self._row("Largest files" if len(folder.files) > len(folder.largest) else "Files", "", quiet=True)
            parent.addChild(files)
            for path, size in folder.largest:
                files.addChild(self._row(path, size_text(size)))
            files.setExpanded(True)
        if not folder.rules:
            return
        excluded = self._row("Not sent", count_text(len(folder.excluded), "file"), quiet=True)
        parent.addChild(excluded)
        for rule in folder.rules:
            by_rule = self._row(f"excluded by {rule.rule}", count_text(rule.count, "file"))
            excluded.addChild(by_rule)
            for path in rule.examples:
                by_rule.addChild(self._row(path, "", quiet=True))
            if rule.count > len(rule.examples):
                by_rule.addChild(self._row(f"and {rule.count - len(rule.examples):,} more", "", quiet=True))

    def _row(self, text: str, size: str, *, quiet: bool = False, tooltip: str = "") -> QTreeWidgetItem:
        line = one_line(text)
        item = QTreeWidgetItem([line, size])
        item.setSizeHint(0, QSize(0, _ROW_HEIGHT))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(0, plain_tooltip(one_line(tooltip) if tooltip else line))
        item.setForeground(1, QBrush(QColor(self._theme.muted)))
        if quiet:
            item.setForeground(0, QBrush(QColor(self._theme.muted)))
        return item


class _FileTree(QTreeWidget):
    """A flat two-column tree on the panel's own ground: names shortened in the middle, sizes in line on the right."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Files that will be sent")
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(24)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def sizeHint(self) -> QSize:
        return QSize(240, 160)


def _sentences(folder: FolderContents) -> list[tuple[str, Tone]]:
    if folder.problem:
        return [(folder.problem, Tone.ERROR)]
    return [(text, Tone.WARNING) for text in folder.warnings()]

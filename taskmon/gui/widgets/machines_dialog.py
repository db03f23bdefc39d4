"""The dialog of the machines: which groups there are, what their machines do, a new group, and the computer back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from taskmon.core.machine_story import reclaim_sentence
from taskmon.core.plain_text import one_line
from taskmon.gui import theme
from taskmon.gui.icons import icon
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import Sentence, Tone
from taskmon.gui.widgets.group_form import GroupForm
from taskmon.gui.widgets.plain_tooltip import plain_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.machine_story import GroupLine, MachineLine
    from taskmon.gui.theme import Theme

_GROUP: Final = Qt.ItemDataRole.UserRole
_TASK: Final = Qt.ItemDataRole.UserRole + 1
_BACK: Final = "&Give me my computer back"
_WORK: Final = "Let spot machines &work again"


class MachinesDialog(QDialog):
    """Emits `create_requested(GroupDraft)`, `start_requested(id)`, `terminate_requested(id)`, `reclaim_requested(bool)`
    and, for a machine's task that is double-clicked, `task_requested(id)`."""

    create_requested = Signal(object)
    start_requested = Signal(str)
    terminate_requested = Signal(str)
    reclaim_requested = Signal(bool)
    task_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Machines")
        self._theme: Theme = theme.LIGHT
        self._groups: dict[str, GroupLine] = {}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._reclaimed = False
        self._title = QLabel("Machines", self)
        self._title.setFont(theme.ui_font(15, strong=True))
        self._subtitle = Sentence(self)
        self._problem = Sentence(self, boxed=True, points=9.5)
        self.tree = self._make_tree()
        self.form = GroupForm(self)
        self._reclaim_note = Sentence(self)
        self.reclaim = QuietButton(_BACK, self)
        self.start = QuietButton("St&art", self)
        self.terminate = QuietButton("&Terminate…", self)
        self.close_button = QuietButton("Cl&ose", self)
        self._lay_out()
        self._connect()
        self._check()
        self.set_theme(theme.LIGHT)

    # What the controller shows ---------------------------------------------------------------------------------

    def show_groups(self, groups: Sequence[GroupLine]) -> None:
        """The groups as they are now; selection and folding stay."""
        self._problem.say("")
        self._groups = {group.id: group for group in groups}
        for gone in set(self._items) - set(self._groups):
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(self._items.pop(gone)))
        for group in groups:
            self._show_group(group)
        self._subtitle.say("Groups of machines that run tasks." if groups else "There is no machine group.")
        self.form.show_taken([group.name for group in groups])
        self._show_reclaim_note()
        self._check()

    def show_reclaim(self, *, offered: bool, reclaimed: bool) -> None:
        """Whether spot machines give way to the person now, where the service can do that."""
        self._reclaimed = reclaimed
        self.reclaim.setVisible(offered)
        self.reclaim.setText(_WORK if reclaimed else _BACK)
        self._reclaim_note.setVisible(offered)
        self._show_reclaim_note()

    def show_problem(self, sentence: str) -> None:
        """Says why the machines cannot be told, or what was asked for could not be done."""
        self._problem.say(sentence, Tone.ERROR)

    def selected(self) -> GroupLine | None:
        """The group that is selected, also by one of its machines."""
        item = self.tree.currentItem()
        return None if item is None else self._groups.get((item.parent() or item).data(0, _GROUP))

    def set_theme(self, colours: Theme) -> None:
        self._theme = colours
        for part in (self._subtitle, self._problem, self._reclaim_note, self.form):
            part.set_theme(colours)
        for item in self._items.values():
            item.setIcon(0, icon("machine", colours))

    # Inside ----------------------------------------------------------------------------------------------------

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setHeaderLabels(["Group", "State"])
        tree.setAccessibleName("Machine groups and their machines")
        tree.setUniformRowHeights(True)
        tree.setSelectionBehavior(QTreeWidget.SelectionBehavior.SelectRows)
        header = tree.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        return tree

    def _lay_out(self) -> None:
        deeds = QHBoxLayout()
        deeds.setSpacing(10)
        for button in (self.start, self.terminate, self.reclaim):
            button.setMinimumHeight(30)
            deeds.addWidget(button)
        deeds.addStretch(1)
        self.close_button.setMinimumHeight(32)
        grid = QGridLayout(self)
        grid.setContentsMargins(22, 20, 22, 18)
        grid.setHorizontalSpacing(26)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(self._subtitle, 1, 0, 1, 2)
        grid.setRowMinimumHeight(2, 8)
        grid.addWidget(self._problem, 3, 0, 1, 2)
        grid.addWidget(self.tree, 4, 0)
        grid.addWidget(self.form, 4, 1, 3, 1)
        grid.addLayout(deeds, 5, 0)
        grid.addWidget(self._reclaim_note, 6, 0)
        grid.addWidget(self.close_button, 7, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(5, 44)
        grid.setColumnStretch(0, 6)
        grid.setColumnStretch(1, 5)
        grid.setRowStretch(4, 1)
        self.setMinimumSize(760, 420)
        self.resize(960, 500)

    def _connect(self) -> None:
        self.tree.currentItemChanged.connect(self._choose)
        self.tree.itemDoubleClicked.connect(self._open_task)
        self.form.create_requested.connect(self.create_requested)
        self.start.clicked.connect(lambda: self._emit(self.start_requested))
        self.terminate.clicked.connect(lambda: self._emit(self.terminate_requested))
        self.reclaim.clicked.connect(lambda: self.reclaim_requested.emit(not self._reclaimed))
        self.close_button.clicked.connect(self.accept)

    def _emit(self, wish: object) -> None:
        group = self.selected()
        if group is not None:
            wish.emit(group.id)  # type: ignore[attr-defined]

    def _open_task(self, item: QTreeWidgetItem) -> None:
        task_id = item.data(0, _TASK)
        if task_id:
            self.task_requested.emit(task_id)

    def _show_group(self, group: GroupLine) -> None:
        item = self._items.get(group.id)
        if item is None:
            item = QTreeWidgetItem(self.tree)
            item.setData(0, _GROUP, group.id)
            item.setIcon(0, icon("machine", self._theme))
            item.setExpanded(True)
            self._items[group.id] = item
        _write(item, one_line(group.name), f"{group.state}, {group.facts}")
        while item.childCount() > len(group.machines):
            item.takeChild(item.childCount() - 1)
        for number, machine in enumerate(group.machines):
            self._show_machine(item.child(number) or QTreeWidgetItem(item), machine)

    @staticmethod
    def _show_machine(item: QTreeWidgetItem, machine: MachineLine) -> None:
        item.setData(0, _TASK, machine.task_id)
        _write(item, one_line(machine.name), one_line(machine.state))

    def _show_reclaim_note(self) -> None:
        count = sum(group.spot for group in self._groups.values())
        self.reclaim.setEnabled(self._reclaimed or count > 0)
        if not self.reclaim.isHidden():
            self._reclaim_note.say(reclaim_sentence(reclaimed=self._reclaimed, spot_groups=count))

    def _choose(self, now: QTreeWidgetItem | None) -> None:
        """What the buttons act on is seen to be chosen, also where the keys have come to it by themselves."""
        if now is not None:
            now.setSelected(True)
        self._check()

    def _check(self) -> None:
        group = self.selected()
        self.start.setEnabled(group is not None and group.can_start)
        self.terminate.setEnabled(group is not None)


def _write(item: QTreeWidgetItem, *texts: str) -> None:
    for column, text in enumerate(texts):
        if item.text(column) != text:
            item.setText(column, text)
            item.setToolTip(column, plain_tooltip(text))

"""The table of tasks: calm rows that stay under the reader's eyes while data arrives."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from taskmon.gui.task_rows import SortKey, TaskRows
from taskmon.gui.theme import Theme
from taskmon.gui.widgets.copy_rows import as_csv, as_mime, menu_of_copies, row_values
from taskmon.gui.widgets.group_folding import GroupFolding
from taskmon.gui.widgets.painted_table import PaintedTable
from taskmon.gui.widgets.plain_tooltip import PlainTooltips
from taskmon.gui.widgets.row_keeper import RowKeeper
from taskmon.gui.widgets.selection_note import SelectionNote


class TaskTable(PaintedTable):
    """Shows `TaskRows`, and lets a person choose, order and copy them.

    Signals: `selection_changed(list[str], str)` with the selected ids in the order of the rows and the one of them
    that is current, empty if none is; `task_activated(str)` on Enter or double click;
    `kill_requested(list[str])` on Delete; `context_menu_requested(QPoint)` in global coordinates.
    `arranged()` when columns, order, grouping or folded groups may be others than before.
    What the filter hides comes back selected as it went, unless something else was chosen meanwhile.
    """

    selection_changed = Signal(list, str)
    task_activated = Signal(str)
    kill_requested = Signal(list)
    context_menu_requested = Signal(QPoint)
    arranged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper: RowKeeper | None = None
        self._note = SelectionNote(self)
        self._header.sort_requested.connect(self._sort)
        self._header.sectionResized.connect(self.arranged)
        self._header.sectionMoved.connect(self.arranged)
        self.setAccessibleName("Tasks")
        self.setItemDelegate(PlainTooltips(self))
        self.doubleClicked.connect(self._double_clicked)

    # What others set ---------------------------------------------------------------------------------------------

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Shows the rows of `model`, which must be `TaskRows`."""
        if not isinstance(model, TaskRows):
            super().setModel(model)
            return
        self._keeper = RowKeeper(self, model, self._header.shown_columns)
        super().setModel(model)
        self._show_rows(model)
        self._keeper.watch_selection()
        GroupFolding(self, model, self._keeper)
        self._keeper.selection_changed.connect(self.selection_changed)
        self._keeper.counted.connect(self._note_selection)
        self._note.all_requested.connect(self.select_everything)
        for told in (model.headerDataChanged, model.grouping_changed, model.folding_changed):
            told.connect(self.arranged)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._note.set_theme(theme)

    def save_state(self) -> bytes:
        """Columns and order, for `restore_state`."""
        return self._header.save_state()

    def restore_state(self, state: bytes) -> bool:
        """Columns and order as they were; False, and nothing changed, for a value that makes no sense."""
        return self._header.restore_state(state)

    def choose_columns(self) -> None:
        """Offers the columns below the header."""
        self._offer_below_header(self._header.column_menu())

    def choose_order(self) -> None:
        """Offers to sort by each column, below the header."""
        self._offer_below_header(self._header.order_menu())

    def _offer_below_header(self, menu: QMenu) -> None:
        menu.popup(self._header.mapToGlobal(self._header.rect().bottomLeft()))

    def reset_columns(self) -> None:
        """The first choice, order and width of columns."""
        self._header.reset_columns()

    # Selection by id ---------------------------------------------------------------------------------------------

    def _selected_between(self, first: int, last: int) -> set[int]:
        return set() if self._keeper is None else self._keeper.selected_between(first, last)

    def selected_ids(self) -> list[str]:
        """The selected tasks in the order of their rows."""
        return [] if self._keeper is None else self._keeper.selected_ids()

    def current_id(self) -> str:
        """The current task; empty if no shown row is current."""
        return "" if self._keeper is None else self._keeper.current_id()

    def select_task(self, task_id: str) -> bool:
        """Makes a task the only selected one and brings it into view; False if the filter hides it."""
        return self._keeper is not None and self._keeper.select_task(task_id)

    def select_also(self, task_ids: Iterable[str]) -> None:
        """Selects these tasks beside what is selected, as far as the filter shows them."""
        if self._keeper is not None:
            self._keeper.select_also(task_ids)

    def select_everything(self) -> None:
        """Selects all that match, and what is still being loaded as it arrives, until something else is chosen."""
        if self._keeper is not None:
            self._keeper.select_everything()

    def selectAll(self) -> None:
        self.select_everything()

    def end_everything(self) -> None:
        """Another filter: what comes now was not meant by `select_everything`."""
        if self._keeper is not None:
            self._keeper.end_everything()

    def expect_rows(self, unloaded: int) -> None:
        """So many tasks are still being loaded, 0 at the end: said beside the selection, and awaited by
        `select_everything`."""
        if self._keeper is not None:
            self._keeper.expect_rows(unloaded)

    def awaited(self) -> int:
        """How many tasks that are still being loaded `select_everything` is waiting for: those among them that match
        will be selected too."""
        return 0 if self._keeper is None else self._keeper.awaited()

    def set_loading(self, is_loading: bool) -> None:
        """Whether the list is incomplete: then rows come everywhere and the current one stays where it is."""
        if self._keeper is not None:
            self._keeper.is_loading = is_loading

    def _note_selection(self, selected: int, everything: bool, unloaded: int) -> None:
        matching = self._rows.matching() if self._rows is not None else 0
        self._note.show_selection(selected, matching, unloaded, everything=everything)

    def _sort(self, keys: list[SortKey]) -> None:
        if self._rows is None or self._keeper is None:
            return
        first, last = self._visible_rows()
        if not first <= self.currentIndex().row() <= last:
            self.verticalScrollBar().setValue(0)
        self._keeper.bring_current()
        self._rows.sort_by(keys)
        self._header.viewport().update()

    # Mouse and keyboard ------------------------------------------------------------------------------------------

    def _double_clicked(self, index: QModelIndex) -> None:
        if self._rows is not None and index.isValid():
            self.task_activated.emit(self._rows.task_at(index.row()).task_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        position = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            position = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        self.context_menu_requested.emit(position)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and last row; Qt's table would stay in the row, and go to the side."""
        if action not in (QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd):
            return super().moveCursor(action, modifiers)
        corner = super().moveCursor(action, modifiers | Qt.KeyboardModifier.ControlModifier)
        current = self.currentIndex()
        return corner.siblingAtColumn(current.column() if current.isValid() else self.columnAt(0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.Delete) and self.selected_ids():
            self.kill_requested.emit(self.selected_ids())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_id():
            self.task_activated.emit(self.current_id())
        elif self._begins_at_current(event):
            self.selectRow(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def _begins_at_current(self, event: QKeyEvent) -> bool:
        """Whether an arrow chooses the row that the keys are at: Qt, which made it current when the table got the keys,
        would pass it by."""
        arrow = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers()
        return arrow and bool(self.current_id()) and not self.selected_ids()

    def keyboardSearch(self, _search: str) -> None:
        """Nothing: Qt would ask for the text of every row. The filter box finds tasks."""

    # The clipboard -----------------------------------------------------------------------------------------------

    def copy_selection(self) -> None:
        """The selected rows with titles, as tab-separated text and as CSV; the program that pastes takes its choice."""
        if self.selected_ids():
            QGuiApplication.clipboard().setMimeData(as_mime(self._selected_values()))

    def copy_csv(self) -> None:
        """The selected rows with titles as comma-separated text."""
        if self.selected_ids():
            QGuiApplication.clipboard().setText(as_csv(self._selected_values()))

    def copy_ids(self) -> None:
        """The ids of the selected tasks, one per line."""
        if self.selected_ids():
            QGuiApplication.clipboard().setText("\n".join(self.selected_ids()) + "\n")

    def copy_menu(self, parent: QWidget) -> QMenu:
        """A submenu with the ways to copy the selected rows."""
        ways = (("As text", self.copy_selection), ("As CSV", self.copy_csv), ("Task ids", self.copy_ids))
        return menu_of_copies(parent, ways, enabled=bool(self.selected_ids()))

    def _selected_values(self) -> list[list[str]]:
        return [] if self._rows is None else row_values(self._rows, self._header.shown_columns(), self.selected_ids())

"""The list of tasks: filter box, sidebar and table of one mind; empty states step in where nothing is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStackedWidget

    from taskmon.client.poller import Freshness
    from taskmon.client.task_store import Change, TaskStore
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.empty_state import EmptyState
    from taskmon.gui.widgets.filter_box import FilterBox
    from taskmon.gui.widgets.sidebar import Sidebar
    from taskmon.gui.widgets.task_table import TaskTable


class TaskListController:
    """Shows the store through `model`; `stack` holds table, first-start state and no-match state in this order."""

    def __init__(
        self,
        store: TaskStore,
        model: TaskTableModel,
        table: TaskTable,
        sidebar: Sidebar,
        filter_box: FilterBox,
        stack: QStackedWidget,
        first_start: EmptyState,
    ) -> None:
        self._store = store
        self._model = model
        self._table = table
        self._sidebar = sidebar
        self._filter_box = filter_box
        self._stack = stack
        self._first_start = first_start
        self._loaded_once = False
        filter_box.filter_changed.connect(self.filter_by)
        sidebar.filter_requested.connect(filter_box.set_text)
        store.subscribe(self._store_changed)
        self._show_counts()

    def filter_by(self, text: str) -> None:
        """Narrows the table; a mistake in the text is said in the box and the last good filter stays."""
        try:
            self._model.set_filter(text)
        except InvalidInputError as error:
            self._filter_box.show_problem(str(error))
            return
        self._filter_box.show_problem("")
        self._sidebar.show_active_filter(text)
        self._choose_page()

    def hear_freshness(self, freshness: Freshness) -> None:
        """Stale rows are pale; an empty list is believed only once it has been loaded."""
        self._table.set_stale(not freshness.connected)
        if freshness.connected and freshness.loaded >= freshness.total:
            self._loaded_once = True
        self._choose_page()

    def _store_changed(self, change: Change) -> None:
        self._show_counts()
        if change.added or change.removed:
            self._choose_page()

    def _show_counts(self) -> None:
        self._sidebar.show_counts(self._model.counts())

    def _choose_page(self) -> None:
        if not len(self._store):
            page = 1 if self._loaded_once else 0
        else:
            page = 0 if self._model.rowCount() else 2
        if self._stack.currentIndex() != page:
            self._stack.setCurrentIndex(page)

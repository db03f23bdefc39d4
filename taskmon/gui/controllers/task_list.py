"""The list of tasks: filter box, sidebar and table of one mind; empty states step in where nothing is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.errors import InvalidInputError
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtWidgets import QStackedWidget

    from taskmon.client.poller import Freshness
    from taskmon.client.task_store import TaskStore
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.empty_state import EmptyState
    from taskmon.gui.widgets.filter_box import FilterBox
    from taskmon.gui.widgets.sidebar import Sidebar
    from taskmon.gui.widgets.task_table import TaskTable


class TaskListController:
    """Shows the store through `model`; `stack` holds table, first-start state and no-match state in this order.

    `tell_size` is told how many tasks there are, how many of them are loaded, and how many match.
    """

    def __init__(
        self,
        store: TaskStore,
        model: TaskTableModel,
        table: TaskTable,
        sidebar: Sidebar,
        filter_box: FilterBox,
        stack: QStackedWidget,
        no_match: EmptyState,
        tell_size: Callable[[str], None],
    ) -> None:
        self._store = store
        self._model = model
        self._table = table
        self._sidebar = sidebar
        self._filter_box = filter_box
        self._stack = stack
        self._no_match = no_match
        self._tell_size = tell_size
        self._loaded_once = self._answers = False
        self._loaded, self._total = 0, 0
        self._remembered = ""
        self._expecting = False
        filter_box.filter_changed.connect(self.filter_by)
        sidebar.filter_requested.connect(filter_box.set_text)
        model.counts_changed.connect(self._counts_changed)
        self._counts_changed()

    def filter_by(self, text: str) -> None:
        """Narrows the table; a mistake in the text is said in the box and the last good filter stays."""
        self._table.end_everything()
        try:
            self._model.set_filter(text)
        except InvalidInputError as error:
            self._filter_box.show_problem(str(error))
            return
        self._filter_box.show_problem("")
        self._sidebar.show_filter(text)
        self._choose_page()

    def hear_freshness(self, freshness: Freshness) -> None:
        """Stale rows are pale; an empty list is believed only once it has been loaded."""
        if freshness.connected:
            self._model.set_as_of(None)
        elif freshness.last_answer is not None:
            self._model.set_as_of(freshness.last_answer + freshness.skew)
        self._answers = freshness.connected
        self._table.set_stale(not freshness.connected)
        self._loaded, self._total = freshness.loaded, freshness.total
        if freshness.connected:
            self._remembered = ""
        if freshness.connected and freshness.whole:
            self._loaded_once = True
        self._expect_rows()
        self._choose_page()

    def expect_load(self) -> None:
        """The window turns to another service: whether it has tasks is not known yet."""
        self._loaded_once = self._answers = False
        self._loaded, self._total, self._remembered = 0, 0, ""
        self._model.set_as_of(None)
        self._choose_page()

    def show_remembered(self, words: str, seen_at: datetime | None = None) -> None:
        """What is shown now was seen earlier, as `words` say: pale until the service has answered. Times stand still
        where it is known when it was seen."""
        self._model.set_as_of(seen_at)
        self._table.set_stale(True)
        self._remembered = words
        self._choose_page()

    def _size(self) -> str:
        match = f"{self._model.matching():,} match" if self._model.filter_text().strip() else ""
        if self._remembered or self._loaded < self._total:
            size = self._remembered or f"{self._loaded:,} of {self._total:,} loaded"
            return f"{size}, {match}" if match else size
        if not len(self._store) and not self._loaded_once:
            return "loading the list…" if self._answers else ""  # nobody knows yet
        count = count_text(len(self._store), "task")
        return f"{match.removesuffix(' match')} of {count} match" if match else count

    def _expect_rows(self) -> None:
        """Tells the table how many tasks of a list that is being loaded have no row yet: the last page is in the store
        a moment before it is shown."""
        behind = max(0, len(self._store) - self._model.total()) if self._expecting else 0
        expected = max(0, self._total - self._loaded) + behind
        self._expecting = expected > 0
        self._table.expect_rows(expected)
        self._table.set_loading(self._expecting or not self._loaded_once)

    def _counts_changed(self) -> None:
        self._expect_rows()
        self._sidebar.show_counts(self._model.counts())
        self._filter_box.show_values(self._model.values())
        self._choose_page()

    def _choose_page(self) -> None:
        if not len(self._store):
            page = 1 if self._loaded_once else 0
        else:  # without rows and without a filter they are about to come
            hides = self._model.filter_text().strip() and self._model.total() and not self._model.rowCount()
            page = 2 if hides else 0
        if page == 2:
            self._no_match.show_no_match(self._model.filter_text(), self._model.total())
        if self._stack.currentIndex() != page:
            self._stack.setCurrentIndex(page)
        self._tell_size(self._size())

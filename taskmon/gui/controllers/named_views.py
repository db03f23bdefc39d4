"""My views: saved under a name from what the table shows, brought back by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from taskmon.core.errors import InvalidInputError
from taskmon.gui.models.named_views import NamedView, NamedViews

if TYPE_CHECKING:
    from taskmon.gui.messages import Messages
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.filter_box import FilterBox
    from taskmon.gui.widgets.sidebar import Sidebar
    from taskmon.gui.widgets.task_table import TaskTable

_KEPT_AS: Final = "views"


class Kept(Protocol):
    """Where byte strings are kept from one start to the next, by name."""

    def load(self, name: str) -> bytes | None: ...
    def save(self, name: str, value: bytes) -> None: ...
    def flush(self) -> None:
        """Writes what was saved, and learns what others have."""


class NamedViewsController:
    """Keeps the views in `kept` and shows them in the sidebar, with the number of tasks that each would show."""

    def __init__(
        self,
        model: TaskTableModel,
        table: TaskTable,
        sidebar: Sidebar,
        filter_box: FilterBox,
        messages: Messages,
        kept: Kept,
    ) -> None:
        self._model = model
        self._table = table
        self._sidebar = sidebar
        self._filter_box = filter_box
        self._messages = messages
        self._kept = kept
        self._views = NamedViews.load(kept.load(_KEPT_AS))
        sidebar.view_requested.connect(self.show)
        sidebar.view_save_requested.connect(self.save)
        sidebar.view_rename_requested.connect(self.rename)
        sidebar.view_delete_requested.connect(self.delete)
        self._tell_model()

    def show(self, name: str) -> None:
        """Columns, order and filter as they were when the view was saved."""
        view = self._views.get(name)
        if view is not None:
            self._table.restore_state(view.columns)
            self._filter_box.set_text(view.filter_text)

    def save(self, name: str) -> None:
        """What the table shows now, under a name; an older view of that name is replaced."""
        self._learn()
        replaced = self._views.get(name) is not None
        try:
            self._views.save(NamedView(name, self._model.filter_text(), self._table.save_state()))
        except InvalidInputError as error:
            self._messages.tell_problem(error)
            return
        self._keep()
        self._messages.tell(f"{'Replaced' if replaced else 'Saved'} the view “{' '.join(name.split())}”.")

    def rename(self, name: str, new: str) -> None:
        self._learn()
        try:
            self._views.rename(name, new)
        except InvalidInputError as error:
            self._messages.tell_problem(error)
            return
        self._keep()

    def delete(self, name: str) -> None:
        self._learn()
        self._views.delete(name)
        self._keep()
        self._messages.tell(f"Deleted the view “{name}”.")

    def _learn(self) -> None:
        """The views as they are kept now: another window may have changed them."""
        self._kept.flush()
        self._views = NamedViews.load(self._kept.load(_KEPT_AS))

    def _keep(self) -> None:
        self._kept.save(_KEPT_AS, self._views.dump())
        self._kept.flush()
        self._tell_model()

    def _tell_model(self) -> None:
        self._model.set_views({view.name: view.filter_text for view in self._views})
        self._sidebar.show_counts(self._model.counts())

"""Equal failures under headings: the menu's actions and the table's model say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.main_window import MainWindow

_FOLDING: Final = (Wish.FOLD_GROUPS, Wish.UNFOLD_GROUPS)


class GroupingController:
    """Ticks the action where the tasks are grouped, and offers to fold only then."""

    def __init__(self, model: TaskTableModel, window: MainWindow) -> None:
        self._model = model
        self._window = window
        model.grouping_changed.connect(self._show)
        self._show(model.grouped())

    def deeds(self) -> dict[Wish, Callable[[], None]]:
        """What this answers."""
        return {
            Wish.GROUP: lambda: self._model.group_by_reason(not self._model.grouped()),
            Wish.FOLD_GROUPS: lambda: self._model.set_all_open(False),
            Wish.UNFOLD_GROUPS: lambda: self._model.set_all_open(True),
        }

    def _show(self, on: bool) -> None:
        self._window.action(Wish.GROUP).setChecked(on)
        self._window.set_enabled(_FOLDING, on)

"""What each wish of a person does, and the small dialogs and menus that need nothing but the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QMessageBox

import taskmon
from taskmon.core.errors import TaskmonError
from taskmon.gui.shell import TABS
from taskmon.gui.widgets.pane_keys import KeyPane, go_to_pane
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPoint

    from taskmon.gui.desk import Desk
    from taskmon.gui.shell import Shell
    from taskmon.gui.widgets.main_window import MainWindow

_ROW_WISHES = (
    Wish.RESUBMIT,
    Wish.RESUBMIT_CHANGED,
    Wish.KILL,
    Wish.DOWNLOAD,
    Wish.COPY_ID,
    Wish.OPEN_TASK,
    Wish.SEARCH_LOGS,
    *TABS,
)
EXPLANATION_WISHES = {
    "resubmit": Wish.RESUBMIT,
    "download": Wish.DOWNLOAD,
    "kill": Wish.KILL,
    "show_log": Wish.SHOW_LOG,
    "submit": Wish.SUBMIT,
}
"""What the links in the explanation of a status mean."""


def deeds(desk: Desk) -> dict[Wish, Callable[[], object]]:
    """All but the wishes for a tab or a theme; they act on the tasks that are selected now."""
    selected = desk.detail.selected
    return {
        Wish.SUBMIT: desk.submit.choose,
        Wish.EXAMPLE: desk.submit.submit_example,
        Wish.KILL: lambda: desk.actions.kill(selected, unloaded=desk.shell.table.awaited()),
        Wish.RESUBMIT: lambda: desk.actions.resubmit(selected),
        Wish.RESUBMIT_CHANGED: lambda: desk.submit.open_again(selected[0]),
        Wish.DOWNLOAD: lambda: desk.actions.download(selected),
        Wish.OPEN_OUTPUTS: desk.actions.open_downloaded,
        Wish.COPY_ID: lambda: desk.actions.copy_ids(selected),
        Wish.REFRESH: desk.connection.refresh,
        Wish.COLUMNS: desk.shell.table.choose_columns,
        Wish.ORDER: desk.shell.table.choose_order,
        Wish.NEXT_PANE: lambda: go_to_pane(_panes(desk), 1),
        Wish.PREVIOUS_PANE: lambda: go_to_pane(_panes(desk), -1),
        **desk.grouping.deeds(),
        Wish.FIND_TASK: desk.shell.filter_box.setFocus,
        Wish.FIND_IN_LOG: desk.find_in_log,
        Wish.OPEN_TASK: lambda: desk.windows.open(selected),
        Wish.SEARCH_LOGS: lambda: desk.survey.open(selected, desk.log_pane.search.field.text()),
        Wish.PALETTE: desk.window.show_palette,
        Wish.FILTER_HELP: desk.shell.filter_box.show_help,
        Wish.RESET_LAYOUT: desk.shell.reset_layout,
        Wish.CONNECT: desk.connections.open_dialog,
        Wish.MACHINES: desk.machines.open_dialog,
        Wish.RECLAIM: lambda: desk.machines.reclaim(wanted=True),
        Wish.RELEASE: lambda: desk.machines.reclaim(wanted=False),
        **desk.notify.deeds(),
        Wish.ABOUT: lambda: show_about(desk.window),
        Wish.QUIT: desk.window.close_requested.emit,
    }


def _panes(desk: Desk) -> list[KeyPane]:
    """Where the keys can go, in their order: the list, the task's tab, what happened to it, the groups."""
    shell = desk.shell
    list_page = shell.stack.currentWidget()
    tab = desk.window.current_tab()
    return [
        KeyPane(shell.stack, list_page),
        KeyPane(tab, desk.log_pane.view if shell.is_in_front(Wish.SHOW_LOG) else None),
        KeyPane(shell.diagram),
        KeyPane(shell.explanation),
        KeyPane(shell.sidebar),
    ]


def offer_row_menu(shell: Shell, at: QPoint) -> None:
    """The menu of the selected rows, at a point of the screen."""
    menu = QMenu(shell.window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for wish in _ROW_WISHES:
        if wish is Wish.SHOW_LOG:
            menu.addSeparator()
        menu.addAction(shell.window.action(wish))
    menu.addMenu(shell.table.copy_menu(menu))
    menu.popup(at)


def show_about(window: MainWindow) -> None:
    """Which version this is, and under which licence."""
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("About taskmon")
    box.setText(f"taskmon {taskmon.__version__}")
    box.setInformativeText("A desktop task monitor for engineers who run simulations.\nApache License 2.0.")
    box.open()


def explain_drop(shell: Shell) -> None:
    """Says why nothing happens with what was dropped."""
    title = "What was dropped is not a folder on this computer."
    shell.messages.tell_problem(TaskmonError(title, "Drop the folder that holds the simulation's input files."))

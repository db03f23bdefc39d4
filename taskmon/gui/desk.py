"""The window with all its panes and controllers, each signal connected to the one who answers it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QMenu, QMessageBox, QSplitter, QStackedWidget, QWidget

import taskmon
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import TaskmonError
from taskmon.core.units import count_text
from taskmon.gui.controllers.chart import ChartController
from taskmon.gui.controllers.connection import ConnectionController
from taskmon.gui.controllers.log import LogController
from taskmon.gui.controllers.progress import ProgressController
from taskmon.gui.controllers.submit import SubmitController
from taskmon.gui.controllers.task_actions import TaskActionsController
from taskmon.gui.controllers.task_detail import TaskDetailController
from taskmon.gui.controllers.task_list import TaskListController
from taskmon.gui.crash import CrashReporter
from taskmon.gui.dialogs import Question, ask
from taskmon.gui.messages import Messages
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT, Theme, system_theme
from taskmon.gui.widgets.chart_pane import ChartPane
from taskmon.gui.widgets.connection_badge import ConnectionBadge
from taskmon.gui.widgets.details_pane import DetailsPane
from taskmon.gui.widgets.empty_state import EmptyState
from taskmon.gui.widgets.explanation import Explanation
from taskmon.gui.widgets.files_pane import FilesPane
from taskmon.gui.widgets.filter_box import FilterBox
from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.main_window import MainWindow, Panes
from taskmon.gui.widgets.sidebar import Sidebar
from taskmon.gui.widgets.task_table import TaskTable
from taskmon.gui.widgets.timeline import Timeline
from taskmon.gui.widgets.wishes import Wish
from taskmon.gui.window_state import WindowState
from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QApplication

    from taskmon.core.task import Task
    from taskmon.gui.background import Background

_THEMES = {Wish.THEME_LIGHT: LIGHT, Wish.THEME_DARK: DARK}
_TABS = (Wish.SHOW_LOG, Wish.SHOW_CHARTS, Wish.SHOW_TIMELINE, Wish.SHOW_FILES, Wish.SHOW_DETAILS)
_ROW_WISHES = (Wish.RESUBMIT, Wish.RESUBMIT_CHANGED, Wish.KILL, Wish.DOWNLOAD, Wish.COPY_ID, *_TABS)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the window keeps its arrangement and crash reports (`state`) and its log spools (`cache`)."""

    state: Path
    cache: Path


class Desk(QObject):
    """Built before the first paint without touching the network; `furnish` adds what needs a running loop."""

    def __init__(self, application: QApplication, clock: Callable[[], datetime], folders: Folders) -> None:
        super().__init__()
        self._application = application
        self._clock = clock
        self._folders = folders
        self._state = WindowState(folders.state / "window.ini")
        self.left = asyncio.Event()
        self.messages = Messages(self)
        self.store = TaskStore()
        self.model = TaskTableModel(self.store, clock)
        self._make_panes()
        self.crash = CrashReporter(folders.state / "crashes", clock, self.window)
        self.messages.fact_told.connect(self.window.show_fact)
        self.messages.problem_told.connect(self.window.show_problem)
        self._wear(self._chosen_theme())
        self._restore_arrangement()

    # Panes ---------------------------------------------------------------------------------------------------------

    def _make_panes(self) -> None:
        self.table = TaskTable()
        self.table.setModel(self.model)
        self.table.set_clock(self._clock)
        self.first_start = EmptyState()
        self.no_match = EmptyState()
        self.stack = QStackedWidget()
        for page in (self.table, self.first_start, self.no_match):
            self.stack.addWidget(page)
        self.sidebar = Sidebar()
        self.filter_box = FilterBox()
        self.badge = ConnectionBadge(self._clock)
        self.diagram = LifecycleDiagram()
        self.explanation = Explanation()
        lifecycle = QSplitter(Qt.Orientation.Vertical)
        lifecycle.addWidget(self.diagram)
        lifecycle.addWidget(self.explanation)
        lifecycle.setStretchFactor(0, 1)
        lifecycle.setChildrenCollapsible(False)
        self.log_pane, self.chart_pane, self.timeline = LogPane(), ChartPane(), Timeline()
        self.files_pane, self.details_pane = FilesPane(), DetailsPane()
        tabs: dict[Wish, tuple[str, QWidget]] = {
            Wish.SHOW_LOG: ("Log", self.log_pane),
            Wish.SHOW_CHARTS: ("Charts", self.chart_pane),
            Wish.SHOW_TIMELINE: ("Timeline", self.timeline),
            Wish.SHOW_FILES: ("Files", self.files_pane),
            Wish.SHOW_DETAILS: ("Details", self.details_pane),
        }
        self.window = MainWindow(Panes(self.stack, self.sidebar, lifecycle, self.filter_box, self.badge, tabs))
        self.window.setWindowIcon(QIcon(str(resource_path("app/taskmon.svg"))))

    # Controllers ---------------------------------------------------------------------------------------------------

    def furnish(self, background: Background) -> None:
        """Makes the controllers and connects every signal; needs the running loop."""
        self._background = background
        clock, window, messages, store, model = self._clock, self.window, self.messages, self.store, self.model
        self.connection = ConnectionController(background, window, self.badge, store, messages, clock)
        connection = self.connection
        self.list = TaskListController(
            store, model, self.table, self.sidebar, self.filter_box, self.stack, self.no_match
        )
        self.detail = TaskDetailController(background, connection, store, model, window, clock)
        self.actions = TaskActionsController(background, connection, store, messages, window)
        self.submit = SubmitController(background, connection, store, messages, window, self._state, self.theme)
        self.log = LogController(background, connection, self.log_pane, messages, window, self._folders.cache / "logs")
        self.chart = ChartController(background, connection, self.chart_pane, messages, window)
        self.progress = ProgressController(connection, store, model, clock)
        background.watch(self.progress.watch_forever(), "progress")
        self.detail.show_in(self.diagram, self.explanation, self.timeline, self.details_pane, self.files_pane)
        self._connect()
        self._ticker = QTimer(self)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start(1000)

    def _connect(self) -> None:
        self.connection.on_freshness(self.list.hear_freshness)
        self.detail.on_task(self.log.show_task)
        self.detail.on_task(self.chart.show_task)
        self.table.selection_changed.connect(lambda ids, _current: self.detail.select(ids))
        self.table.task_activated.connect(lambda _id: self.window.show_tab(Wish.SHOW_LOG))
        self.table.kill_requested.connect(lambda _ids: self.actions.kill(self.detail.selected))
        self.table.context_menu_requested.connect(self._offer_row_menu)
        self.diagram.status_clicked.connect(lambda status: self.filter_box.set_text(f"status:={status}"))
        self.explanation.action_requested.connect(self._answer_explanation)
        self.files_pane.log_requested.connect(self._read_as_log)
        self.files_pane.download_requested.connect(self._download_file)
        self.first_start.example_requested.connect(self.submit.submit_example)
        self.first_start.connect_requested.connect(lambda: self.fulfil(Wish.CONNECT))
        self.first_start.folders_dropped.connect(self.submit.open)
        self.no_match.clear_filter_requested.connect(lambda: self.filter_box.set_text(""))
        self.window.folders_dropped.connect(self.submit.open)
        self.window.drop_refused.connect(self._explain_drop)
        self.window.wished.connect(self.fulfil)
        self.window.close_requested.connect(lambda: self._background.start(self._leave(), "leave"))
        self.window.tab_shown.connect(lambda pane: self.chart.set_in_front(pane is self.chart_pane))
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self._wear(self._chosen_theme()))

    # Wishes --------------------------------------------------------------------------------------------------------

    def fulfil(self, wish: Wish) -> None:
        """Carries out what the person asked for."""
        if wish in _TABS:
            self.window.show_tab(wish)
        elif wish in (Wish.THEME_SYSTEM, *_THEMES):
            self._choose_theme(wish)
        else:
            self._deeds()[wish]()

    def _deeds(self) -> dict[Wish, Callable[[], None]]:
        selected = self.detail.selected
        return {
            Wish.SUBMIT: self.submit.choose,
            Wish.EXAMPLE: self.submit.submit_example,
            Wish.KILL: lambda: self.actions.kill(selected),
            Wish.RESUBMIT: lambda: self.actions.resubmit(selected),
            Wish.RESUBMIT_CHANGED: lambda: self.submit.open_again(selected[0]),
            Wish.DOWNLOAD: lambda: self.actions.download(selected),
            Wish.COPY_ID: lambda: self.actions.copy_ids(selected),
            Wish.REFRESH: self.connection.refresh,
            Wish.FIND_TASK: self.filter_box.setFocus,
            Wish.FIND_IN_LOG: self._find_in_log,
            Wish.PALETTE: self.window.show_palette,
            Wish.RESET_LAYOUT: self._reset_layout,
            Wish.CONNECT: self._show_connection,
            Wish.ABOUT: self._show_about,
            Wish.QUIT: self.window.close_requested.emit,
        }

    def _answer_explanation(self, action: str) -> None:
        wishes = {
            "resubmit": Wish.RESUBMIT,
            "download": Wish.DOWNLOAD,
            "kill": Wish.KILL,
            "show_log": Wish.SHOW_LOG,
            "submit": Wish.SUBMIT,
        }
        self.fulfil(wishes[action])

    def _read_as_log(self, path: str) -> None:
        self.log.show_file(path)
        self.window.show_tab(Wish.SHOW_LOG)

    def _download_file(self, path: str) -> None:
        for task in self.detail.selected[:1]:
            self.actions.download_file(task, path)

    def _find_in_log(self) -> None:
        self.window.show_tab(Wish.SHOW_LOG)
        self.log_pane.focus_search()

    def _explain_drop(self) -> None:
        title = "What was dropped is not a folder on this computer."
        self.messages.tell_problem(TaskmonError(title, "Drop the folder that holds the simulation's input files."))

    def _offer_row_menu(self, at: QPoint) -> None:
        menu = QMenu(self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for wish in _ROW_WISHES:
            if wish is Wish.SHOW_LOG:
                menu.addSeparator()
            menu.addAction(self.window.action(wish))
        menu.popup(at)

    def _show_connection(self) -> None:
        place = self.connection.place
        advice = (
            "To see the tasks of another service, start taskmon with its address:\n"
            "taskmon --url https://api.inductiva.ai --api-key-file FILE"
        )
        self._tell("Connection", f"{place.name if place else 'No service'}\n{self.connection.client.url}", advice)

    def _show_about(self) -> None:
        what = "A desktop task monitor for engineers who run simulations.\nApache License 2.0."
        self._tell("About taskmon", f"taskmon {taskmon.__version__}", what)

    def _tell(self, title: str, text: str, detail: str) -> None:
        box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(title)
        box.setText(text)
        box.setInformativeText(detail)
        box.open()

    # Colours and arrangement ---------------------------------------------------------------------------------------

    def theme(self) -> Theme:
        """The theme that the window wears now."""
        return self._theme

    def _chosen_theme(self) -> Theme:
        chosen = (self._state.load("theme") or b"").decode(errors="replace")
        for wish in (Wish.THEME_SYSTEM, *_THEMES):
            self.window.action(wish).setChecked(wish == chosen or (wish is Wish.THEME_SYSTEM and not chosen))
        return next((theme for wish, theme in _THEMES.items() if wish == chosen), None) or system_theme()

    def _choose_theme(self, wish: Wish) -> None:
        self._state.save("theme", wish.encode())
        self._wear(self._chosen_theme())

    def _wear(self, theme: Theme) -> None:
        self._theme = theme
        dress(self._application, theme)
        for pane in (
            self.window, self.table, self.first_start, self.no_match, self.sidebar, self.filter_box, self.badge,
            self.diagram, self.explanation, self.log_pane, self.chart_pane, self.timeline, self.files_pane,
            self.details_pane,
        ):  # fmt: skip
            pane.set_theme(theme)

    def _restore_arrangement(self) -> None:
        for name, restore in (
            ("geometry", self.window.restoreGeometry),
            ("panes", self.window.restoreState),
            ("table", self.table.restore_state),
        ):
            saved = self._state.load(name)
            if saved:
                restore(saved)

    def _reset_layout(self) -> None:
        self.window.reset_layout()
        self.table.reset_columns()

    def put_away(self) -> None:
        """Remembers the arrangement and lets go of files; the last thing before the window closes."""
        self._ticker.stop()
        self.log.close()
        self._state.save("geometry", self.window.saveGeometry())
        self._state.save("panes", self.window.saveState())
        self._state.save("table", self.table.save_state())
        self._state.flush()
        self.window.hide()

    # Leaving -------------------------------------------------------------------------------------------------------

    def leave_now(self) -> None:
        """Leaves without a question: the process was asked to stop."""
        self.left.set()

    async def _leave(self) -> None:
        tasks = self.submit.stopping_with_window
        if tasks:
            number = count_text(len(tasks), "task")
            detail = "It was" if len(tasks) == 1 else "They were"
            question = Question(
                "Close the window", f"Closing stops {number}.", f"{detail} submitted to stop with the window.", "Close"
            )
            if not await ask(question, self.window):
                return
        self.left.set()

    async def stop_sync_tasks(self) -> None:
        """Kills what was submitted to stop with the window; a service that does not answer is not waited for."""
        for task in self.submit.stopping_with_window:
            await self._kill_quietly(task)

    async def _kill_quietly(self, task: Task) -> None:
        try:
            async with asyncio.timeout(5):
                await self.connection.client.kill(task.task_id)
        except (TaskmonError, TimeoutError) as error:
            self.messages.tell_problem(TaskmonError(f"{task.name} could not be stopped: {error}"))

    def _tick(self) -> None:
        self.badge.refresh()
        self.detail.tick()

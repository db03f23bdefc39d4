"""The desk behind the window: the controllers and the later panes, each signal connected to the one who answers it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMenu, QMessageBox

import taskmon
from taskmon.client.credentials import Credentials
from taskmon.core.connection import CLOUD
from taskmon.core.errors import TaskmonError
from taskmon.core.units import count_text
from taskmon.gui.controllers.bound_tasks import BoundTasksController
from taskmon.gui.controllers.chart import ChartController
from taskmon.gui.controllers.connection import ConnectionController
from taskmon.gui.controllers.connection_book import ConnectionBook
from taskmon.gui.controllers.connections import ConnectionsController
from taskmon.gui.controllers.faults import FaultsController
from taskmon.gui.controllers.file_preview import FilePreviewController
from taskmon.gui.controllers.links import LinksController
from taskmon.gui.controllers.list_memory import ListMemoryController
from taskmon.gui.controllers.log import LogController
from taskmon.gui.controllers.log_preferences import LogPreferences
from taskmon.gui.controllers.log_survey import LogSurveyController
from taskmon.gui.controllers.machines import MachinesController
from taskmon.gui.controllers.named_views import NamedViewsController
from taskmon.gui.controllers.progress import ProgressController
from taskmon.gui.controllers.submit import SubmitController
from taskmon.gui.controllers.task_actions import TaskActionsController
from taskmon.gui.controllers.task_detail import TaskDetailController
from taskmon.gui.controllers.task_list import TaskListController
from taskmon.gui.controllers.task_windows import Surroundings, TaskWindowsController
from taskmon.gui.crash import CrashReporter
from taskmon.gui.dialogs import Question, ask
from taskmon.gui.shell import TABS, THEMES
from taskmon.gui.widgets.chart_pane import ChartPane
from taskmon.gui.widgets.details_pane import DetailsPane
from taskmon.gui.widgets.files_pane import FilesPane
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.timeline import Timeline
from taskmon.gui.widgets.wishes import Wish
from taskmon.settings import settings_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPoint

    from taskmon.client.poller import Freshness
    from taskmon.gui.background import Background
    from taskmon.gui.shell import Shell

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


def crash_reporter(shell: Shell) -> CrashReporter:
    """Keeps the reports of this window's bugs."""
    return CrashReporter(shell.folders.state / "crashes", shell.clock, shell.window)


class Desk(QObject):
    """Brings the shell to life; made on the running loop, after the first paint."""

    def __init__(self, shell: Shell, background: Background, credentials: Credentials | None = None) -> None:
        super().__init__()
        self.shell = shell
        self._background = background
        self._credentials = credentials
        self.window, self.messages, self.store, self.model = shell.window, shell.messages, shell.store, shell.model
        self._to_select = (shell.state.load("selected") or b"").decode(errors="replace")
        self._make_panes()
        self._make_controllers()
        self._connect()
        self._ticker = QTimer(self)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start(1000)

    def _make_panes(self) -> None:
        self.shell.add_hidden()
        self.log_pane, self.chart_pane, self.timeline = LogPane(), ChartPane(), Timeline()
        self.files_pane, self.details_pane = FilesPane(), DetailsPane()
        for wish, pane in (
            (Wish.SHOW_LOG, self.log_pane),
            (Wish.SHOW_CHARTS, self.chart_pane),
            (Wish.SHOW_TIMELINE, self.timeline),
            (Wish.SHOW_FILES, self.files_pane),
            (Wish.SHOW_DETAILS, self.details_pane),
        ):
            self.shell.add_pane(wish, pane, pane.set_theme)

    def _make_controllers(self) -> None:
        shell, background = self.shell, self._background
        clock, window, messages, store, model = shell.clock, self.window, self.messages, self.store, self.model
        self.connection = ConnectionController(background, window, shell.badge, store, messages, clock)
        connection = self.connection
        settings_file = settings_path(shell.folders.config)
        credentials = self._credentials or Credentials(settings_file.parent / "keys")
        book = ConnectionBook(settings_file, credentials)
        shell.diagram.set_reduce_motion(book.settings().settings.reduce_motion)
        self.connections = ConnectionsController(
            background, connection, window, shell.notice, messages, book, self._may_leave, shell.theme
        )
        self.list = TaskListController(
            store, model, shell.table, shell.sidebar, shell.filter_box, shell.stack, shell.no_match,
            window.show_loaded,
        )  # fmt: skip
        self.views = NamedViewsController(model, shell.table, shell.sidebar, shell.filter_box, messages, shell.state)
        self.memory = ListMemoryController(
            background, connection, store, self.list, clock, shell.folders.cache / "lists"
        )
        self.detail = TaskDetailController(background, connection, store, model, window, shell.server_clock)
        self.actions = TaskActionsController(background, connection, store, messages, window)
        self.bound = BoundTasksController(background, connection, store, messages)
        self.machines = MachinesController(
            background, connection, store, messages, window, shell.server_clock, shell.theme, self._select_soon
        )
        self.faults = FaultsController(
            background, connection, shell, messages, lambda wanted: self.machines.reclaim(wanted=wanted)
        )
        self.submit = SubmitController(
            background,
            connection,
            self.bound,
            messages,
            window,
            shell.state,
            shell.theme,
            lambda: book.settings().settings.excludes,
        )
        self.progress = ProgressController(connection, store, model, shell.server_clock)
        logs, silence_of = shell.folders.cache / "logs", self.progress.silence_of
        preferences = LogPreferences(settings_file, shell.state)
        self.log = LogController(background, connection, self.log_pane, messages, window, logs, preferences, silence_of)
        around = Surroundings(
            background, connection, store, messages, logs, preferences, silence_of, shell.server_clock
        )
        self.windows = TaskWindowsController(around, self.actions, shell.state, shell.theme)
        self.links = LinksController(background, connection, shell, self.log)
        self.survey = LogSurveyController(background, connection, window, logs, self.links.show, shell.theme)
        self.chart = ChartController(background, connection, self.chart_pane, messages, window)
        self.preview = FilePreviewController(background, connection, self.files_pane, clock)
        background.watch(self.progress.watch_forever(), "progress")
        background.start(asyncio.to_thread(model.preload), "preload")
        self.detail.show_in(shell.diagram, shell.explanation, self.timeline, self.details_pane, self.files_pane)

    def _connect(self) -> None:
        self.connection.on_freshness(self.list.hear_freshness)
        self.connection.on_freshness(self._hear_clock)
        self.connection.on_move(lambda _: self.submit.leave_service())
        self.connection.on_move(lambda _: self.list.expect_load())
        self.connection.on_move(lambda _: self._close_windows())
        self.shell.theme_changed.connect(self.survey.set_theme)
        self.shell.theme_changed.connect(self.windows.set_theme)
        self.log_pane.window_requested.connect(lambda: self.windows.open_file(*self.log.shown))
        self.submit.on_submitted(self._select_soon)
        self.shell.theme_changed.connect(self.submit.set_theme)
        self.shell.theme_changed.connect(self.connections.set_theme)
        self.shell.theme_changed.connect(self.machines.set_theme)
        self.model.counts_changed.connect(self._select_now)
        self.detail.on_task(self.log.show_task)
        self.detail.on_task(self.chart.show_task)
        self.detail.on_task(self.preview.show_task)
        self.shell.table.selection_changed.connect(self._selected)
        self.shell.table.task_activated.connect(self.windows.open_by_id)
        self.shell.table.kill_requested.connect(lambda _ids: self.actions.kill(self.detail.selected))
        self.shell.table.context_menu_requested.connect(self._offer_row_menu)
        self.shell.diagram.status_clicked.connect(lambda status: self.shell.filter_box.set_text(f"status:={status}"))
        self.shell.explanation.action_requested.connect(self._answer_explanation)
        self.files_pane.log_requested.connect(self._read_as_log)
        self.files_pane.download_requested.connect(self._download_file)
        self.shell.first_start.example_requested.connect(self.submit.submit_example)
        self.shell.first_start.connect_requested.connect(lambda: self.connections.open_dialog(CLOUD.name))
        self.shell.first_start.folders_dropped.connect(self.submit.open)
        self.shell.no_match.clear_filter_requested.connect(lambda: self.shell.filter_box.set_text(""))
        self.window.folders_dropped.connect(self.submit.open)
        self.window.drop_refused.connect(self._explain_drop)
        self.window.wished.connect(self.fulfil)
        self.window.link_given.connect(self.links.open)
        self.shell.filter_box.link_given.connect(self.links.open)
        self.window.close_requested.connect(lambda: self._background.start(self._leave(), "leave"))
        self.window.tab_shown.connect(lambda _: self.chart.set_in_front(self.shell.is_in_front(Wish.SHOW_CHARTS)))

    # Wishes --------------------------------------------------------------------------------------------------------

    def fulfil(self, wish: Wish) -> None:
        """Carries out what the person asked for."""
        if wish in TABS:
            self.window.show_tab(wish)
        elif wish in (Wish.THEME_SYSTEM, *THEMES):
            self.shell.choose_theme(wish)
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
            Wish.OPEN_OUTPUTS: self.actions.open_downloaded,
            Wish.COPY_ID: lambda: self.actions.copy_ids(selected),
            Wish.REFRESH: self.connection.refresh,
            Wish.FIND_TASK: self.shell.filter_box.setFocus,
            Wish.FIND_IN_LOG: self._find_in_log,
            Wish.OPEN_TASK: lambda: self.windows.open(selected),
            Wish.SEARCH_LOGS: self._search_logs,
            Wish.PALETTE: self.window.show_palette,
            Wish.RESET_LAYOUT: self.shell.reset_layout,
            Wish.CONNECT: self.connections.open_dialog,
            Wish.MACHINES: self.machines.open_dialog,
            Wish.RECLAIM: lambda: self.machines.reclaim(wanted=True),
            Wish.RELEASE: lambda: self.machines.reclaim(wanted=False),
            Wish.ABOUT: self._show_about,
            Wish.QUIT: self.window.close_requested.emit,
        }

    def _selected(self, ids: list[str], _current: str) -> None:
        if ids:
            self._to_select = ""  # the person was faster
        self.detail.select(ids)

    def _select_soon(self, task_id: str) -> None:
        """Selects a task once the list has it: what a person has just submitted is what they want to watch."""
        self._to_select = task_id
        self._select_now()

    def _select_now(self) -> None:
        if self._to_select and self.shell.table.select_task(self._to_select):
            self._to_select = ""

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

    def _close_windows(self) -> None:
        """All but the main one."""
        self.survey.close()
        self.windows.close()

    def _search_logs(self) -> None:
        self.survey.open(self.detail.selected, self.log_pane.search.field.text())

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
        menu.addMenu(self.shell.table.copy_menu(menu))
        menu.popup(at)

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

    def put_away(self) -> None:
        """Lets go of files and remembers the arrangement; the last thing before the window closes."""
        self._ticker.stop()
        self._close_windows()
        self.log.close()
        self.shell.state.save("selected", self.shell.table.current_id().encode())
        self.shell.put_away()

    # Leaving -------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        if await self._may_end("Close the window", "Close the window?", "Close"):
            self.shell.left.set()

    async def _may_leave(self, name: str) -> bool:
        """Whether to go to another service: what is half done here, or ends with the window, would end now."""
        if not await self._may_end("Switch", f"Switch to {name}?", "Switch"):
            return False
        await self.bound.stop_all()
        return True

    async def _may_end(self, title: str, text: str, consequence: str) -> bool:
        """Asks if anything would be lost."""
        tasks = self.bound.living
        ends = ["Folders that are being sent are withdrawn."] if self.submit.sending else []
        if tasks:
            ends.append(f"{count_text(len(tasks), 'task')} submitted to stop with the window would be stopped now.")
        return not ends or await ask(Question(title, text, " ".join(ends), consequence), self.window)

    def _hear_clock(self, freshness: Freshness) -> None:
        self.shell.server_clock.skew = freshness.skew

    def _tick(self) -> None:
        handle = self.window.windowHandle()
        self.connection.set_visible(handle is not None and handle.isExposed())
        self.shell.badge.refresh()
        self.detail.tick()
        self.windows.tick()

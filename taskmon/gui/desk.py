"""The desk behind the window: the controllers and the later panes, each signal connected to the one who answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from taskmon.client.spool_pruning import prune_now_and_then
from taskmon.core.connection import CLOUD
from taskmon.gui.controllers.bound_tasks import BoundTasksController
from taskmon.gui.controllers.chart import ChartController
from taskmon.gui.controllers.failure_lines import FailureLinesController
from taskmon.gui.controllers.faults import FaultsController
from taskmon.gui.controllers.file_downloads import FileDownloadsController
from taskmon.gui.controllers.file_preview import FilePreviewController
from taskmon.gui.controllers.grouping import GroupingController
from taskmon.gui.controllers.links import LinksController
from taskmon.gui.controllers.log import LogController, LogHabits
from taskmon.gui.controllers.log_preferences import LogPreferences
from taskmon.gui.controllers.log_survey import LogSurveyController
from taskmon.gui.controllers.machines import MachinesController
from taskmon.gui.controllers.notify_switches import NotifySwitches
from taskmon.gui.controllers.progress import ProgressController
from taskmon.gui.controllers.submit import SubmitController
from taskmon.gui.controllers.surroundings import Surroundings
from taskmon.gui.controllers.task_actions import TaskActionsController
from taskmon.gui.controllers.task_detail import TaskDetailController
from taskmon.gui.controllers.task_files import TaskFilesController
from taskmon.gui.controllers.task_windows import TaskWindowNeeds, TaskWindowsController
from taskmon.gui.deeds import EXPLANATION_WISHES, deeds, explain_drop, offer_row_menu
from taskmon.gui.leaving import may_close, may_go_to
from taskmon.gui.shell import TABS, THEMES
from taskmon.gui.widgets.chart_pane import ChartPane
from taskmon.gui.widgets.details_pane import DetailsPane
from taskmon.gui.widgets.files_pane import FilesPane
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.gui.widgets.log_speech import offer_text
from taskmon.gui.widgets.timeline import Timeline
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from taskmon.gui.list_desk import ListDesk


class Desk(QObject):
    """Brings the rest of the window to life once the list is on its way."""

    def __init__(self, first: ListDesk) -> None:
        super().__init__()
        self.first, self.shell = first, first.shell
        shell = first.shell
        self.window, self.messages, self.store, self.model = shell.window, shell.messages, shell.store, shell.model
        self.connection, self.connections, self.memory = first.connection, first.connections, first.memory
        self._background = first.background
        self._to_select = (shell.state.load("selected") or b"").decode(errors="replace")
        shell.arrangement.add("selected", lambda: (self._to_select or shell.table.current_id()).encode())
        self._make_panes()
        self._make_controllers()
        self._connect()
        self._selected(shell.table.selected_ids(), shell.table.current_id())
        self._select_now()
        first.may_leave = lambda name: may_go_to(name, self.window, self.bound, self.submit)
        first.postponed.ask_again()
        self._ticker = QTimer(self)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start(1000)

    def _make_panes(self) -> None:
        offer_text()
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
        self.shell.add_lifecycle()  # after the panes: Tab leads from them to it
        self.shell.diagram.set_reduce_motion(self.first.book.settings().settings.reduce_motion)

    def _make_controllers(self) -> None:
        shell, background = self.shell, self._background
        window, messages, store, model = self.window, self.messages, self.store, self.model
        connection, settings_file, book = self.connection, self.first.settings_file, self.first.book
        around = Surroundings(background, connection, store, messages, window)
        self.detail = TaskDetailController(background, connection, store, model, window, shell.server_clock)
        self.actions = TaskActionsController(around)
        self.bound = BoundTasksController(around)
        self.machines = MachinesController(around, window, shell.server_clock, shell.theme, self._select_soon)
        self.faults = FaultsController(
            background, connection, shell, messages, lambda wanted: self.machines.reclaim(wanted=wanted)
        )
        self.submit = SubmitController(
            around,
            window,
            self.bound,
            shell.state,
            shell.theme,
            lambda: book.settings().settings.excludes,
        )
        self.progress = ProgressController(connection, store, model, shell.server_clock)
        logs = shell.folders.cache / "logs"
        habits = LogHabits(logs, LogPreferences(settings_file, shell.state), self.progress.silence_of)
        self.log = LogController(around, self.log_pane, habits)
        needs = TaskWindowNeeds(around, habits, shell.server_clock, model.explained)
        self.windows = TaskWindowsController(needs, self.actions, shell.state, shell.theme)
        self.failure_lines = FailureLinesController(background, connection, model, shell.table, self.windows)
        self.failure_lines.on_told(self.detail.note_reason)
        self.grouping = GroupingController(shell.model, shell.window)
        self.links = LinksController(background, connection, shell, self.log)
        self.survey = LogSurveyController(background, connection, window, logs, self.links.show, shell.theme)
        self.notify = NotifySwitches(
            background, connection, shell, book, self.links.show_tasks, self.progress.on_silence
        )
        self.chart = ChartController(around, self.chart_pane)
        self.preview = FilePreviewController(background, connection, self.files_pane)
        self.files = TaskFilesController(background, connection, self.files_pane, shell.server_clock)
        self.file_downloads = FileDownloadsController(around, self.files_pane, self.actions.note_downloaded)
        background.watch(self.progress.watch_forever(), "progress")
        background.watch(prune_now_and_then(logs, shell.clock), "old logs")
        self.detail.show_in(shell.diagram, shell.explanation, self.timeline, self.details_pane)

    def _connect(self) -> None:
        self.connection.on_move(lambda _: self.submit.leave_service())
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
        for files in (self.preview, self.files, self.file_downloads):
            self.detail.on_task(files.show_task)
        self.shell.table.selection_changed.connect(self._selected)
        self.shell.table.task_activated.connect(self.windows.open_by_id)
        self.shell.table.kill_requested.connect(lambda _ids: self.fulfil(Wish.KILL))
        self.shell.table.context_menu_requested.connect(lambda at: offer_row_menu(self.shell, at))
        self.shell.diagram.status_clicked.connect(lambda status: self.shell.filter_box.set_text(f"status:={status}"))
        self.shell.explanation.action_requested.connect(lambda action: self.fulfil(EXPLANATION_WISHES[action]))
        self.log_pane.seen_changed.connect(self.shell.explanation.set_log_seen)
        self.shell.explanation.set_log_seen(self.log_pane.isVisible())
        self.files_pane.log_requested.connect(self._read_as_log)
        self.files_pane.told.connect(self.messages.tell)
        self.shell.first_start.example_requested.connect(self.submit.submit_example)
        self.shell.first_start.connect_requested.connect(lambda: self.connections.open_dialog(CLOUD.name))
        self.shell.first_start.folders_dropped.connect(self.submit.open)
        self.window.folders_dropped.connect(self.submit.open)
        self.window.drop_refused.connect(lambda: explain_drop(self.shell))
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
            deeds(self)[wish]()

    def _selected(self, ids: list[str], _current: str) -> None:
        if ids:
            self._to_select = ""  # the person was faster
        self.detail.select(ids)
        self.shell.arrangement.note()

    def _select_soon(self, task_id: str) -> None:
        """Selects a task once the list has it: what a person has just submitted is what they want to watch."""
        self._to_select = task_id
        self._select_now()

    def _select_now(self) -> None:
        if self._to_select and self.shell.table.select_task(self._to_select):
            self._to_select = ""

    def _read_as_log(self, path: str) -> None:
        self.log.show_file(path)
        self.window.show_tab(Wish.SHOW_LOG)

    def find_in_log(self) -> None:
        """Lets the person type what to look for."""
        self.window.show_tab(Wish.SHOW_LOG)
        self.log_pane.focus_search()

    def _close_windows(self) -> None:
        """All but the main one."""
        self.survey.close()
        self.windows.close()

    def put_away(self) -> None:
        """Lets go of files and remembers the arrangement; the last thing before the window closes."""
        self._ticker.stop()
        self.first.end()
        self._close_windows()
        self.log.close()
        self.shell.put_away()

    async def _leave(self) -> None:
        if await may_close(self.window, self.bound, self.submit):
            self.shell.left.set()

    def _tick(self) -> None:
        self.detail.tick()
        self.windows.tick()
        self.notify.tick()

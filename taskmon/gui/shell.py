"""What stands on the screen at the first paint: the window and the panes that are seen at once. No network, no tasks.

Everything that can wait (controllers, the panes behind the log) is imported and built by `gui/desk.py` afterwards.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QDockWidget, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from taskmon.client.clock_skew import ServerClock
from taskmon.client.task_store import TaskStore
from taskmon.core.place_name import may_be_list
from taskmon.core.units import count_text
from taskmon.gui.arrangement import Arrangement
from taskmon.gui.first_screen import load_first_screen
from taskmon.gui.messages import Messages
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.models.task_times import time_text
from taskmon.gui.styles import colour, dress, style
from taskmon.gui.theme import DARK, LIGHT, Theme, system_theme
from taskmon.gui.widgets.connection_badge import ConnectionBadge
from taskmon.gui.widgets.filter_box import FilterBox
from taskmon.gui.widgets.main_window import MainWindow, Panes
from taskmon.gui.widgets.sidebar import Sidebar
from taskmon.gui.widgets.task_table import TaskTable
from taskmon.gui.widgets.wishes import Wish
from taskmon.gui.window_state import WindowState
from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.models.first_rows import FirstRows
    from taskmon.gui.widgets.notice_bar import NoticeBar

THEMES = {Wish.THEME_LIGHT: LIGHT, Wish.THEME_DARK: DARK}
TABS = {
    Wish.SHOW_LOG: "Log",
    Wish.SHOW_CHARTS: "Charts",
    Wish.SHOW_TIMELINE: "Timeline",
    Wish.SHOW_FILES: "Files",
    Wish.SHOW_DETAILS: "Details",
}


_RIGHT = "lifecycle width"


class Folders(NamedTuple):
    """Where the window keeps arrangement and crash reports (`state`), log spools (`cache`), settings (`config`)."""

    state: Path
    cache: Path
    config: Path | None = None


class LaterPane(QWidget):
    """Keeps the place of a pane that is built later."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def fill(self, pane: QWidget) -> None:
        self._layout.addWidget(pane)


class Shell(QObject):
    """The window, its first panes, the store and its model; colours and arrangement as the person left them."""

    theme_changed = Signal(object)

    def __init__(self, application: QApplication, clock: Callable[[], datetime], folders: Folders) -> None:
        super().__init__()
        self._application = application
        self.clock = clock
        self.server_clock = ServerClock(clock)
        """What the service's clock shows, by which the times of tasks are."""
        self.folders = folders
        self.lists = folders.cache / "lists"
        """What is remembered of the lists of tasks."""
        self.state = WindowState(folders.state / "window.ini")
        self.messages = Messages(self)
        self.store = TaskStore()
        self.model = TaskTableModel(self.store, self.server_clock)
        self._first: FirstRows | None = None
        self._theme = self._chosen_theme()
        colour(application, self._theme)  # before the first widget: it measures itself with the font it finds
        self._places = {wish: LaterPane() for wish in TABS}
        self._make_panes()
        style(application, self._theme)
        self.messages.fact_told.connect(self.window.show_fact)
        self.messages.problem_told.connect(self.window.show_problem)
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self._change_theme())
        self._wear(self._theme)
        self._restore_arrangement()
        self._keep_arrangement()

    def _list_pane(self) -> QWidget:
        """The list in a column where the bar for notices finds its place above it."""
        pane = QWidget()
        self._list_column = QVBoxLayout(pane)
        self._list_column.setContentsMargins(0, 0, 0, 0)
        self._list_column.setSpacing(0)
        self._list_column.addWidget(self.stack, 1)
        pane.setFocusProxy(self.table)
        return pane

    @cached_property
    def left(self) -> asyncio.Event:
        """Set when the person leaves."""
        import asyncio  # after the first paint

        return asyncio.Event()

    def _make_panes(self) -> None:
        self.table = TaskTable()
        self.table.setModel(self.model)
        self.table.set_clock(self.server_clock)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.sidebar = Sidebar()
        self.filter_box = FilterBox()
        self.badge = ConnectionBadge(self.clock)
        self._lifecycle = LaterPane()
        tabs: dict[Wish, tuple[str, QWidget]] = {wish: (title, self._places[wish]) for wish, title in TABS.items()}
        self.window = MainWindow(
            Panes(self._list_pane(), self.sidebar, self._lifecycle, self.filter_box, self.badge, tabs)
        )
        self._application.setWindowIcon(QIcon(str(resource_path("app/taskmon.svg"))))

    def add_hidden(self) -> None:
        """What the first paint does not show: the list's empty states, in `stack` after the table, and the notices."""
        from taskmon.gui.widgets.empty_state import EmptyState
        from taskmon.gui.widgets.notice_bar import NoticeBar

        self.first_start, self.no_match, self.notice = EmptyState(), EmptyState(), NoticeBar()
        self.stack.addWidget(self.first_start)
        self.stack.addWidget(self.no_match)
        self._list_column.insertWidget(0, self.notice)
        for pane in (self.first_start, self.no_match, self.notice):
            pane.set_theme(self._theme)
            self.theme_changed.connect(pane.set_theme)

    def add_lifecycle(self) -> None:
        """The diagram and the explanation beside the list, once the list is there."""
        from taskmon.gui.widgets.explanation import Explanation
        from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram

        self.diagram, self.explanation = LifecycleDiagram(self._theme), Explanation()
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(self.diagram)
        both.addWidget(self.explanation)
        both.setStretchFactor(0, 1)
        both.setChildrenCollapsible(False)
        for pane in (self.diagram, self.explanation):
            pane.set_theme(self._theme)
            self.theme_changed.connect(pane.set_theme)
        self._lifecycle.fill(both)
        self._beside_diagram = both
        self.window.room.folded.connect(self._place_explanation)
        self._place_explanation(self.window.room.is_folded)
        self.window.make_room()

    def _place_explanation(self, folded: bool) -> None:
        """Below the diagram, or, in a window that is too narrow for that, a few lines of it above the log."""
        self.explanation.set_strip(folded)
        if folded:
            self.window.task_pane.put_above(self.explanation)
        else:
            self._beside_diagram.addWidget(self.explanation)

    def add_pane(self, wish: Wish, pane: QWidget, set_theme: Callable[[Theme], None]) -> None:
        """Puts a pane that was built later into its place, dressed in the present theme and every later one."""
        set_theme(self._theme)
        self.theme_changed.connect(set_theme)
        self._places[wish].fill(pane)
        self.window.make_room()

    def add_notice(self, notice: NoticeBar) -> None:
        """Puts another bar above the list, dressed in the present theme and every later one."""
        notice.set_theme(self._theme)
        self.theme_changed.connect(notice.set_theme)
        self._list_column.insertWidget(0, notice)

    def is_in_front(self, wish: Wish) -> bool:
        """Whether the person sees this tab."""
        return self.window.current_tab() is self._places[wish]

    def show_first_screen(self, place: str = "") -> None:
        """The rows that were seen the last time, pale and with their age, until the list itself is there; if the window
        is known to go to `place`, only that one's."""
        first = load_first_screen(self.lists)
        self.show_first(first if first is None or not place or may_be_list(first.place, place) else None)

    def shows_first(self) -> bool:
        """Whether there are rows of a list that is not there yet."""
        return self._first is not None

    def show_first(self, first: FirstRows | None) -> None:
        """Rows of a list that is not there yet, pale and with their age."""
        self._first = first
        self.table.set_stale(first is not None)
        self.table.show_first(first)
        self.window.show_loaded(self._seen())

    def first_screen_of(self, place: str) -> str:
        """Which list is shown turns out: rows of any other one go. Returns how many were seen when, if they stay."""
        if self._first is not None and not may_be_list(self._first.place, place):
            self._first = None
            self.table.show_first(None)
        return self._seen()

    def _seen(self) -> str:
        first = self._first
        return f"{count_text(first.total, 'task')}, as of {time_text(first.seen_at, self.clock())}" if first else ""

    # Colours and arrangement ---------------------------------------------------------------------------------------

    def theme(self) -> Theme:
        """The theme that the window wears now."""
        return self._theme

    def choose_theme(self, wish: Wish) -> None:
        """Wears the theme of a `theme-…` wish from now on, also at the next start."""
        self.state.save("theme", wish.encode())
        self._change_theme()

    def reset_layout(self) -> None:
        """Every pane and column back where it was at first."""
        self.window.reset_layout()
        self.table.reset_columns()

    def put_away(self) -> None:
        """Remembers the arrangement and hides the window."""
        self.arrangement.keep()
        self.window.hide()

    def _theme_wish(self) -> Wish:
        chosen = (self.state.load("theme") or b"").decode(errors="replace")
        return next((wish for wish in THEMES if wish == chosen), Wish.THEME_SYSTEM)

    def _chosen_theme(self) -> Theme:
        return THEMES.get(self._theme_wish()) or system_theme()

    def _change_theme(self) -> None:
        theme = self._chosen_theme()
        dress(self._application, theme)
        self._wear(theme)

    def _wear(self, theme: Theme) -> None:
        self._theme = theme
        self.window.action(self._theme_wish()).setChecked(True)
        for pane in (self.window, self.table, self.sidebar, self.filter_box, self.badge):
            pane.set_theme(theme)
        self.theme_changed.emit(theme)

    def _restore_arrangement(self) -> None:
        for name, restore in (
            ("geometry", self.window.restoreGeometry),
            ("panes", self.window.restoreState),
            ("table", self.table.restore_state),
        ):
            saved = self.state.load(name)
            if saved:
                restore(saved)
        self.window.room.restore(self.state.load(_RIGHT) or b"")

    def _keep_arrangement(self) -> None:
        window, table = self.window, self.table
        self.arrangement = Arrangement(self.state, self)
        self.arrangement.add("geometry", window.saveGeometry)
        self.arrangement.add("panes", window.saveState)
        self.arrangement.add(_RIGHT, window.room.state)
        self.arrangement.add("table", table.save_state)
        for part in (window, *window.findChildren(QDockWidget)):
            self.arrangement.watch(part)
        table.arranged.connect(self.arrangement.note)

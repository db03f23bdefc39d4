"""The main window: places the panes, offers the actions, takes dropped folders. It knows nothing about tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from taskmon.core.plain_text import one_line
from taskmon.gui.icons import icon
from taskmon.gui.theme import Theme
from taskmon.gui.widgets.connection_button import ConnectionButton
from taskmon.gui.widgets.dock_room import DockRoom, LowerPane, PaneTabs
from taskmon.gui.widgets.drop_overlay import DropOverlay, accept_as_copy, dropped_folders
from taskmon.gui.widgets.plain_tooltip import plain_tooltip
from taskmon.gui.widgets.toolbar_room import ToolbarRoom
from taskmon.gui.widgets.wishes import WISHES, Wish

if TYPE_CHECKING:
    from collections.abc import Iterable

FACT_MS = 10_000
"""How long a fact stays in the status line."""
_BESIDE_TEXT = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
_THEMES = (Wish.THEME_SYSTEM, Wish.THEME_LIGHT, Wish.THEME_DARK)
_SWITCHES = (Wish.GROUP, Wish.NOTIFY_FAILED, Wish.NOTIFY_SILENT, Wish.NOTIFY_DONE)


class Panes(NamedTuple):
    """The widgets to place. `tabs` are (title, pane) in their order, keyed by the wish that shows them."""

    table: QWidget
    sidebar: QWidget
    lifecycle: QWidget
    filter_box: QWidget
    badge: QWidget
    tabs: dict[Wish, tuple[str, QWidget]]


def _first_size(screen: QSize) -> QSize:
    """Most of the screen, but not so much of a large one that the eye has to travel."""
    return QSize(min(1720, int(screen.width() * 0.92)), min(1080, int(screen.height() * 0.92)))


class MainWindow(QMainWindow):
    """Signals: `wished(Wish)` for every action, `folders_dropped(list[str])`, `drop_refused()` for a drop of
    something else, `link_given(str)` from the palette, `close_requested()`; the window closes only when its owner lets
    it."""

    wished = Signal(object)
    folders_dropped = Signal(list)
    drop_refused = Signal()
    close_requested = Signal()
    link_given = Signal(str)
    tab_shown = Signal(object)

    def __init__(self, panes: Panes) -> None:
        super().__init__()
        self._panes = panes
        self._actions: dict[Wish, QAction] = {}
        self.setWindowTitle("taskmon")
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # Qt's own could hide the toolbar for good
        self.setDockNestingEnabled(True)
        self.setUnifiedTitleAndToolBarOnMac(True)
        self._make_actions()
        self._make_menus()
        self._make_toolbar()
        self._make_panes()
        self._make_status_bar()
        self._overlay = DropOverlay(self)
        self._panes.table.setFocus()
        self.resize(_first_size(self.screen().availableSize()))
        self._arrange()
        self._default_state = self.saveState()

    # What others set -------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Icons follow the theme; the panes get it from their owner."""
        for text in WISHES:
            if text.icon:
                self._actions[text.wish].setIcon(icon(text.icon, theme))
        self._overlay.set_theme(theme)
        self.connection_button.setIcon(icon("machine", theme))
        self.resubmit_button.setIcon(icon("resubmit", theme))

    def action(self, wish: Wish) -> QAction:
        """The action of a wish, to enable it, check it or put it into a menu."""
        return self._actions[wish]

    def set_enabled(self, wishes: Iterable[Wish], enabled: bool, why: str = "") -> None:
        """`why` is what the tips of what is not enabled say: what keeps a person from it."""
        wanted = set(wishes)
        for text in (text for text in WISHES if text.wish in wanted):
            self._actions[text.wish].setEnabled(enabled)
            self._actions[text.wish].setToolTip((not enabled and why) or text.tooltip)
            self._actions[text.wish].setStatusTip((not enabled and why) or text.tip)
            if text.wish is Wish.RESUBMIT:
                self.resubmit_button.setEnabled(enabled)

    def show_connection(self, name: str) -> None:
        """The name of the service in the toolbar and the title."""
        self.connection_button.show_name(name)
        self.setWindowTitle(f"{name} – taskmon")

    def show_fact(self, sentence: str) -> None:
        """Something happened; it stays for ten seconds."""
        self._message.setProperty("problem", False)
        self._show_message(sentence)
        self._forget_message.start(FACT_MS)

    def show_problem(self, sentence: str) -> None:
        """Something went wrong; it stays until the next message."""
        self._forget_message.stop()
        self._message.setProperty("problem", True)
        self._show_message(sentence)

    def show_loaded(self, text: str) -> None:
        self._loaded.setText(text)

    def show_upload(self, label: str, fraction: float | None) -> None:
        """Progress of the uploads together, 0 to 1; None hides it."""
        self._upload_label.setText(label)
        self._upload_label.setVisible(fraction is not None)
        self._upload.setVisible(fraction is not None)
        self._upload.setValue(int(1000 * (fraction or 0.0)))

    def show_tab(self, wish: Wish) -> None:
        """Brings the pane of a `show-…` wish to the front."""
        self._tasks_dock.show()
        self._tabs.setCurrentWidget(self._panes.tabs[wish][1])

    def current_tab(self) -> QWidget:
        return self._tabs.currentWidget()

    def come_forward(self) -> None:
        """Before other windows, as far as the desktop allows it."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_palette(self) -> None:
        """Every action, found by typing."""
        from taskmon.gui.widgets.command_palette import CommandPalette  # when it is first asked for

        palette = CommandPalette([self._actions[text.wish] for text in WISHES if text.wish != Wish.PALETTE], self)
        palette.chosen.connect(lambda action: action.trigger())
        palette.link_given.connect(self.link_given)
        palette.open()

    def make_room(self) -> None:
        """A pane has been put into its place."""
        self.room.look_again()

    def reset_layout(self) -> None:
        """Every pane back where it was at first."""
        self.room.restore_docks(self._default_state)
        self._arrange()

    # How it is built -------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        themes = QActionGroup(self)
        for text in WISHES:
            action = QAction(text.text, self)
            action.setToolTip(text.tooltip)
            action.setStatusTip(text.tip)
            if text.shortcut:
                action.setShortcut(QKeySequence(text.shortcut))
            action.setCheckable(text.wish in (*_THEMES, *_SWITCHES))
            if text.wish in _THEMES:
                themes.addAction(action)
            action.triggered.connect(lambda _=False, wish=text.wish: self.wished.emit(wish))
            self._actions[text.wish] = action
            self.addAction(action)

    def _make_menus(self) -> None:
        menus: dict[str, QMenu] = {}
        for text in WISHES:
            if text.menu not in menus:
                menus[text.menu] = self.menuBar().addMenu(f"&{text.menu}")
            if text.wish in (
                Wish.QUIT,
                Wish.THEME_SYSTEM,
                Wish.NOTIFY_FAILED,
                Wish.RESET_LAYOUT,
                Wish.CONNECT,
                Wish.SHOW_LOG,
            ):
                menus[text.menu].addSeparator()
            menus[text.menu].addAction(self._actions[text.wish])
        self._panes_menu = menus["View"].addMenu("&Panes")

    def _make_toolbar(self) -> None:
        bar = QToolBar("Actions", self)
        bar.setObjectName("actions")
        bar.setMovable(False)
        bar.setToolButtonStyle(_BESIDE_TEXT)
        self.connection_button = ConnectionButton(bar)
        bar.addWidget(self.connection_button)
        bar.addSeparator()
        bar.addAction(self._actions[Wish.SUBMIT])
        bar.addAction(self._actions[Wish.KILL])
        bar.addWidget(self._make_resubmit_button(bar))
        bar.addAction(self._actions[Wish.DOWNLOAD])
        space = QWidget(bar)
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        bar.addWidget(self._panes.filter_box)
        bar.addWidget(self._panes.badge)
        self.addToolBar(bar)
        bar.toolButtonStyleChanged.connect(self.resubmit_button.setToolButtonStyle)
        ToolbarRoom(bar, self._panes.filter_box, self.connection_button)

    def _make_resubmit_button(self, bar: QToolBar) -> QToolButton:
        self.resubmit_button = QToolButton(bar)
        self.resubmit_button.setToolButtonStyle(_BESIDE_TEXT)
        self.resubmit_button.setText("Run again")
        self.resubmit_button.setToolTip(self._actions[Wish.RESUBMIT].toolTip())
        self.resubmit_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self.resubmit_button)
        menu.addAction(self._actions[Wish.RESUBMIT])
        menu.addAction(self._actions[Wish.RESUBMIT_CHANGED])
        self.resubmit_button.setMenu(menu)
        self.resubmit_button.clicked.connect(lambda: self.wished.emit(Wish.RESUBMIT))
        return self.resubmit_button

    def _make_panes(self) -> None:
        self.setCentralWidget(self._panes.table)
        area = Qt.DockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, area.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self._sidebar_dock = self._dock("Views", "views", self._panes.sidebar, area.LeftDockWidgetArea)
        self._lifecycle_dock = self._dock("Lifecycle", "lifecycle", self._panes.lifecycle, area.RightDockWidgetArea)
        self._tabs = PaneTabs(self)
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setExpanding(False)
        for title, pane in self._panes.tabs.values():
            self._tabs.addTab(pane, title)
        self._tabs.currentChanged.connect(lambda _: self.tab_shown.emit(self._tabs.currentWidget()))
        self.task_pane = LowerPane(self._tabs)
        self._tasks_dock = self._dock("Task", "task", self.task_pane, area.BottomDockWidgetArea)
        self._tasks_dock.setTitleBarWidget(QWidget(self))
        self._sidebar_dock.setTitleBarWidget(QWidget(self))
        self.room = DockRoom(self, self._lifecycle_dock, self._tasks_dock)

    def _dock(self, title: str, name: str, pane: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(pane)
        self.addDockWidget(area, dock)
        self._panes_menu.addAction(dock.toggleViewAction())
        return dock

    def _arrange(self) -> None:
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([self._sidebar_dock, self._lifecycle_dock], [180, 410], across)
        self.resizeDocks([self._tasks_dock], [340], down)

    def _make_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._message = QLabel(self)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setObjectName("message")
        self._message.setContentsMargins(8, 2, 8, 2)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._forget_message = QTimer(self, singleShot=True)
        self._forget_message.timeout.connect(lambda: self._show_message(""))
        self._upload_label = QLabel(self)
        self._upload_label.setTextFormat(Qt.TextFormat.PlainText)
        self._upload = QProgressBar(self)
        self._upload.setRange(0, 1000)
        self._upload.setTextVisible(False)
        self._upload.setFixedWidth(140)
        self._loaded = QLabel(self)
        self._loaded.setContentsMargins(8, 2, 12, 2)
        bar.addWidget(self._message, 1)
        for widget in (self._upload_label, self._upload, self._loaded):
            bar.addPermanentWidget(widget)
        self.show_upload("", None)

    def _show_message(self, sentence: str) -> None:
        shown = one_line(" ".join(sentence.split()))
        if shown:
            self.statusBar().clearMessage()  # the tip of the button that was clicked would hide what came of it
        self._message.setText(shown)
        self._message.setToolTip(plain_tooltip(shown))
        self._message.style().polish(self._message)

    # What Qt calls ---------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        folders = dropped_folders(event.mimeData())
        if not event.mimeData().hasUrls():
            return
        accept_as_copy(event)
        if folders:
            self._overlay.show_offer(folders)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_as_copy(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        accept_as_copy(event)
        folders = dropped_folders(event.mimeData())
        if folders:
            self.folders_dropped.emit(folders)
        else:
            self.drop_refused.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_requested.emit()

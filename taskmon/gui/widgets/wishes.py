"""All that a person can ask of the window, as data: toolbar, menus, context menu and palette show the same list."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Wish(StrEnum):
    """An action by its meaning. Controllers carry it out; the window only offers it."""

    SUBMIT = "submit"
    EXAMPLE = "example"
    KILL = "kill"
    RESUBMIT = "resubmit"
    RESUBMIT_CHANGED = "resubmit-changed"
    DOWNLOAD = "download"
    OPEN_OUTPUTS = "open-outputs"
    COPY_ID = "copy-id"
    REFRESH = "refresh"
    FIND_TASK = "find-task"
    FIND_IN_LOG = "find-in-log"
    OPEN_TASK = "open-task"
    SEARCH_LOGS = "search-logs"
    SHOW_LOG = "show-log"
    SHOW_CHARTS = "show-charts"
    SHOW_TIMELINE = "show-timeline"
    SHOW_FILES = "show-files"
    SHOW_DETAILS = "show-details"
    NEXT_PANE = "next-pane"
    PREVIOUS_PANE = "previous-pane"
    GROUP = "group"
    COLUMNS = "columns"
    ORDER = "order"
    FOLD_GROUPS = "fold-groups"
    UNFOLD_GROUPS = "unfold-groups"
    PALETTE = "palette"
    FILTER_HELP = "filter-help"
    THEME_SYSTEM = "theme-system"
    THEME_LIGHT = "theme-light"
    THEME_DARK = "theme-dark"
    NOTIFY_FAILED = "notify-failed"
    NOTIFY_SILENT = "notify-silent"
    NOTIFY_DONE = "notify-done"
    RESET_LAYOUT = "reset-layout"
    CONNECT = "connect"
    MACHINES = "machines"
    RECLAIM = "reclaim"
    RELEASE = "release"
    ABOUT = "about"
    QUIT = "quit"


class WishText(NamedTuple):
    """`menu` is the menu it stands in, `icon` a name of `gui.icons` or empty, `tip` one sentence."""

    wish: Wish
    text: str
    menu: str
    icon: str = ""
    shortcut: str = ""
    tip: str = ""

    @property
    def tooltip(self) -> str:
        """What the action does, and its keys."""
        what = self.tip or self.text
        return f"{what} ({self.shortcut})" if self.shortcut else what


_AWAY: Final = "By a notification of the desktop, while you look at another window"

WISHES: Final = (
    WishText(Wish.SUBMIT, "Submit…", "Task", "submit", "Ctrl+N", "Submit a folder of input files as a new task"),
    WishText(Wish.EXAMPLE, "Try the example", "Task", "play", "", "Submit the simulation that taskmon brings along"),
    WishText(Wish.KILL, "Kill", "Task", "kill", "Ctrl+Del", "Stop the selected tasks"),
    WishText(Wish.RESUBMIT, "Run again", "Task", "resubmit", "Ctrl+R", "Run the selected tasks again as they were"),
    WishText(
        Wish.RESUBMIT_CHANGED, "Run again with changes…", "Task", "resubmit", "Ctrl+Shift+R", "Change something first"
    ),
    WishText(Wish.DOWNLOAD, "Download", "Task", "download", "Ctrl+D", "Download and unpack the outputs"),
    WishText(Wish.OPEN_OUTPUTS, "Open the downloaded outputs", "Task", "folder", "", "Show the folder of the download"),
    WishText(Wish.COPY_ID, "Copy task id", "Task", "copy", "Ctrl+Shift+C", "Copy the ids of the selected tasks"),
    WishText(Wish.CONNECT, "Connections…", "Task", "connected", "", "Choose the service whose tasks are shown"),
    WishText(Wish.MACHINES, "Machines…", "Task", "machine", "Ctrl+M", "See, start and terminate machines"),
    WishText(Wish.RECLAIM, "Give me my computer back", "Task", "stop", "", "Spot machines give way to you at once"),
    WishText(Wish.RELEASE, "Let spot machines work again", "Task", "play", "", "You do not need the computer any more"),
    WishText(Wish.QUIT, "Quit", "Task", "close", "Ctrl+Q", "Close the window; tasks go on"),
    WishText(Wish.FIND_TASK, "Filter tasks", "View", "filter", "Ctrl+F", "Type to narrow the list of tasks"),
    WishText(Wish.FIND_IN_LOG, "Search the log", "View", "search", "Ctrl+Shift+F", "Search the log of the task"),
    WishText(
        Wish.OPEN_TASK,
        "Open in a window of its own",
        "View",
        "lifecycle",
        "Ctrl+Return",
        "Log, diagram and what happened, to be read beside others",
    ),
    WishText(
        Wish.SEARCH_LOGS,
        "Search in the logs of the selected tasks…",
        "View",
        "search",
        "Ctrl+Alt+F",
        "One search through the logs of all selected tasks",
    ),
    WishText(Wish.REFRESH, "Refresh now", "View", "resubmit", "F5", "Ask the service at once"),
    WishText(Wish.COLUMNS, "Columns…", "View", "", "", "Choose what the table tells of each task"),
    WishText(Wish.ORDER, "Sort by…", "View", "", "", "Choose which column the table is sorted by"),
    WishText(
        Wish.GROUP, "Group by reason", "View", "", "Ctrl+Shift+G", "Put tasks that failed for the same reason together"
    ),
    WishText(Wish.FOLD_GROUPS, "Fold all groups", "View", "", "", "Leave only the headings of the groups"),
    WishText(Wish.UNFOLD_GROUPS, "Unfold all groups", "View", "", "", "Show the tasks of every group"),
    WishText(Wish.SHOW_LOG, "Log", "View", "log", "Alt+1", "Show the log"),
    WishText(Wish.SHOW_CHARTS, "Charts", "View", "chart", "Alt+2", "Show the charts"),
    WishText(Wish.SHOW_TIMELINE, "Timeline", "View", "timeline", "Alt+3", "Show when each step happened"),
    WishText(Wish.SHOW_FILES, "Files", "View", "files", "Alt+4", "Show the files of the task"),
    WishText(Wish.SHOW_DETAILS, "Details", "View", "details", "Alt+5", "Show everything known about the task"),
    WishText(Wish.NEXT_PANE, "Next pane", "View", "", "F6", "Move the keys to the next pane"),
    WishText(Wish.PREVIOUS_PANE, "Previous pane", "View", "", "Shift+F6", "Move the keys to the pane before"),
    WishText(Wish.THEME_SYSTEM, "Colours as the system", "View", "settings"),
    WishText(Wish.THEME_LIGHT, "Light colours", "View", "light"),
    WishText(Wish.THEME_DARK, "Dark colours", "View", "dark"),
    WishText(Wish.NOTIFY_FAILED, "Notify when tasks fail", "View", "", "", _AWAY),
    WishText(Wish.NOTIFY_SILENT, "Notify when tasks may be stuck", "View", "", "", _AWAY),
    WishText(Wish.NOTIFY_DONE, "Notify when tasks are done", "View", "", "", _AWAY),
    WishText(Wish.RESET_LAYOUT, "Reset layout", "View", "settings", "", "Put every pane back where it was at first"),
    WishText(Wish.PALETTE, "All actions…", "Help", "palette", "Ctrl+K", "Find any action by typing"),
    WishText(Wish.FILTER_HELP, "What the filter understands", "Help", "filter", "F1", "By example, beside the box"),
    WishText(Wish.ABOUT, "About taskmon", "Help", "help"),
)

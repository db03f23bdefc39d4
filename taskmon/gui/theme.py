"""Every colour, font and mark of the window, light and dark. No other file names a colour.

Contrast of text on its background is at least 4.5:1, also on selected rows; `tests/gui/test_theme.py` measures it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

UI_FONT: Final = "Inter"
LOG_FONT: Final = "JetBrains Mono"


class Mark(StrEnum):
    """The shape that tells a kind of state without colour. `widgets/status_mark.py` paints it."""

    WAITING = "waiting"  # an empty ring
    RUNNING = "running"  # a filled disc
    TURNING = "turning"  # a half-filled disc: on its way to something else
    DONE = "done"  # a tick
    FAILED = "failed"  # a cross
    STOPPED = "stopped"  # a square


class KindColours(NamedTuple):
    """Ink is readable on `fill` and on the window's surface; `line` outlines a box filled with `fill`."""

    ink: str
    fill: str
    line: str


class Theme(NamedTuple):
    """All values are `#rrggbb`. `muted` is still readable text; `faint` is for lines and idle edges only."""

    name: str
    window: str
    surface: str
    raised: str
    text: str
    muted: str
    faint: str
    border: str
    accent: str
    accent_text: str
    selection: str
    selection_text: str
    row_hover: str
    warning_ink: str
    warning_fill: str
    error_ink: str
    error_fill: str
    match_fill: str
    kinds: Mapping[Kind, KindColours]
    ansi: tuple[str, ...]
    series: tuple[str, ...]

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    def of(self, status: Status) -> KindColours:
        """The colours of a state; an end that the service may resubmit by itself is coloured as passing."""
        known = facts(status)
        return self.kinds[Kind.TRANSIENT if known.may_auto_resubmit else known.kind]


LIGHT: Final = Theme(
    name="light",
    window="#f4f5f7",
    surface="#ffffff",
    raised="#fafbfc",
    text="#1c2128",
    muted="#57606a",
    faint="#c9d0d8",
    border="#dce1e7",
    accent="#1f62c4",
    accent_text="#ffffff",
    selection="#dbe8fb",
    selection_text="#10233f",
    row_hover="#f2f6fc",
    warning_ink="#7a4a00",
    warning_fill="#fff3d9",
    error_ink="#a5203f",
    error_fill="#fdeaee",
    match_fill="#ffe08a",
    kinds=MappingProxyType(
        {
            Kind.ACTIVE: KindColours("#14559e", "#e3effc", "#86b4e8"),
            Kind.TRANSIENT: KindColours("#834a00", "#fdeed8", "#e3b069"),
            Kind.TERMINAL_OK: KindColours("#17683a", "#dff4e6", "#7fc59c"),
            Kind.TERMINAL_FAILED: KindColours("#a3214c", "#fce4eb", "#e293ac"),
            Kind.USER_STOPPED: KindColours("#6a4560", "#f3e8f0", "#c7a3bd"),
        }
    ),
    ansi=(
        "#24292f", "#b3261e", "#17683a", "#7a5200", "#14559e", "#7d3a9c", "#0b6470", "#57606a",
        "#424a53", "#be2f1c", "#1c7441", "#855900", "#1f62c4", "#9040b1", "#0d6f7b", "#2f363d",
    ),
    series=("#1f62c4", "#b3541e", "#17683a", "#7d3a9c", "#0b6470", "#a3214c", "#7a5200", "#424a53"),
)  # fmt: skip

DARK: Final = Theme(
    name="dark",
    window="#16191d",
    surface="#1c2025",
    raised="#22272e",
    text="#e3e8ee",
    muted="#a3adb8",
    faint="#444c56",
    border="#30363e",
    accent="#78aff8",
    accent_text="#0d1b2e",
    selection="#24406a",
    selection_text="#f2f7ff",
    row_hover="#21262d",
    warning_ink="#f0c27a",
    warning_fill="#3a2d14",
    error_ink="#ff9db2",
    error_fill="#3d1c26",
    match_fill="#6b5410",
    kinds=MappingProxyType(
        {
            Kind.ACTIVE: KindColours("#8dbdfb", "#1b2f49", "#41699c"),
            Kind.TRANSIENT: KindColours("#f0bb76", "#3b2b14", "#8a6430"),
            Kind.TERMINAL_OK: KindColours("#84d3a2", "#173524", "#3b7553"),
            Kind.TERMINAL_FAILED: KindColours("#ff9fb8", "#411e2b", "#91455d"),
            Kind.USER_STOPPED: KindColours("#dcb4d0", "#352531", "#775468"),
        }
    ),
    ansi=(
        "#aab3bd", "#ff8a80", "#84d3a2", "#e3c16f", "#8dbdfb", "#d7a6f0", "#7fd3de", "#d0d7de",
        "#a3adb8", "#ffaba3", "#a5e3bc", "#f0d595", "#b0d2fd", "#e6c5f7", "#a5e3ea", "#f4f7fa",
    ),
    series=("#78aff8", "#f0a875", "#84d3a2", "#d7a6f0", "#7fd3de", "#ff9fb8", "#e3c16f", "#d0d7de"),
)  # fmt: skip

_MARKS: Final = MappingProxyType(
    {
        Kind.ACTIVE: Mark.RUNNING,
        Kind.TRANSIENT: Mark.TURNING,
        Kind.TERMINAL_OK: Mark.DONE,
        Kind.TERMINAL_FAILED: Mark.FAILED,
        Kind.USER_STOPPED: Mark.STOPPED,
    }
)


def mark(status: Status) -> Mark:
    """The shape of a state; waiting states are rings, so that a full disc always means work."""
    if status in (Status.PENDING_INPUT, Status.SUBMITTED):
        return Mark.WAITING
    return _MARKS[facts(status).kind]


def system_theme() -> Theme:
    """The theme that the desktop asks for; light where it does not say."""
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def palette(theme: Theme) -> QPalette:
    """Qt's palette for every stock control."""
    role = QPalette.ColorRole
    colours = QPalette()
    for where, value in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.accent_text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.selection),
        (role.HighlightedText, theme.selection_text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
        (role.Light, theme.raised),
        (role.Midlight, theme.border),
        (role.Mid, theme.border),
        (role.Dark, theme.faint),
        (role.Shadow, theme.faint),
        (role.Accent, theme.accent),
    ):
        colours.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        colours.setColor(QPalette.ColorGroup.Disabled, where, QColor(theme.muted))
    return colours


@cache
def load_fonts() -> None:
    """Makes the fonts of `resources/fonts` known to Qt; needs a QGuiApplication."""
    for path in sorted(resource_path("fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(path))


def ui_font(point_size: float = 10.0, *, strong: bool = False) -> QFont:
    """The window's font with tabular figures, so that numbers stay in their columns, and letters as they were written:
    its contextual alternates would show "5x27" in an id as a product."""
    font = QFont(UI_FONT)
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPointSizeF(point_size)
    if strong:
        font.setWeight(QFont.Weight.DemiBold)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def log_font(point_size: float = 10.0) -> QFont:
    """The fixed-width font of logs, without ligatures: a log shows what was written."""
    font = QFont(LOG_FONT)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPointSizeF(point_size)
    font.setFeature(QFont.Tag("liga"), 0)
    font.setFeature(QFont.Tag("calt"), 0)
    return font

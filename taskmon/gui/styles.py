"""Dresses the application in a theme: palette, font and the style sheet of the stock controls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QApplication

from taskmon.gui.theme import Theme, load_fonts, palette, ui_font
from taskmon.resource_files import resource_path

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_FUSION: Final = "fusion"


def style_sheet(theme: Theme) -> str:
    """`resources/styles/window.qss` with the theme's colours in it."""
    colours = {name: value for name, value in theme._asdict().items() if isinstance(value, str)}
    sheet = resource_path("styles/window.qss").read_text(encoding="utf-8")
    return re.sub(r"\$(\w+)", lambda name: colours[name[1]], sheet)


def new_application() -> QApplication:
    """Qt with Fusion from its first moment: asked for it later, PySide sets up the hundreds of numbers of QStyle."""
    application = QApplication(["taskmon", "-style", "Fusion"])
    application.setProperty(_FUSION, True)
    return application


def dress(application: QApplication, theme: Theme) -> None:
    """Gives every present and future control the theme."""
    colour(application, theme)
    style(application, theme)


def colour(application: QApplication, theme: Theme) -> None:
    """Gives every present and future control the font and the theme's palette."""
    load_fonts()
    if not application.property(_FUSION):
        application.setStyle("Fusion")
    application.setFont(ui_font())
    application.setPalette(palette(theme))


def style(application: QApplication, theme: Theme) -> None:
    """Gives every present and future control the theme's style sheet; those that are there, all at once."""
    application.setStyleSheet(style_sheet(theme))


def restyle(widget: QWidget, sheet: str) -> None:
    """Gives a control a style sheet of its own, unless it has just that: Qt measures and paints it anew each time."""
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)

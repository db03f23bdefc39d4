"""The icons: every drawing is there, in one hand, and takes the theme's colours."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage

from taskmon.core.errors import NotFoundError
from taskmon.gui.icons import icon, tinted_icon
from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.resource_files import resource_path

NEEDED = [
    "submit",
    "kill",
    "resubmit",
    "download",
    "folder",
    "follow",
    "wrap",
    "search",
    "next",
    "previous",
    "close",
    "copy",
    "settings",
    "filter",
    "clear",
    "log",
    "chart",
    "timeline",
    "files",
    "details",
    "machine",
    "project",
    "connected",
    "disconnected",
    "warning",
    "error",
    "play",
    "stop",
    "plus",
    "more",
    "light",
    "dark",
    "help",
    "palette",
]
DRAWN = sorted(path.stem for path in resource_path("icons").glob("*.svg"))


def strongest_colour(image: QImage) -> QColor:
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return max(pixels, key=lambda colour: colour.alpha())


def test_every_icon_that_the_window_names_is_drawn() -> None:
    assert set(NEEDED) <= set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_all_icons_are_one_hand(name: str) -> None:
    drawing = ET.parse(resource_path(f"icons/{name}.svg")).getroot()
    assert drawing.get("viewBox") == "0 0 24 24"
    assert (drawing.get("stroke"), drawing.get("stroke-width")) == ("currentColor", "1.5")
    colours = {part.get(key) for part in drawing.iter() for key in ("stroke", "fill")} - {None}
    assert colours <= {"currentColor", "none"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_icon_leaves_ink(app: object, name: str) -> None:
    image = icon(name, LIGHT).pixmap(QSize(16, 16), 1.0).toImage()
    assert strongest_colour(image).alpha() > 100


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_icons_are_inked_by_the_theme(app: object, theme: Theme) -> None:
    inks = {
        QIcon.Mode.Normal: theme.text,
        QIcon.Mode.Disabled: theme.faint,
        QIcon.Mode.Selected: theme.selection_text,
    }
    for mode, ink in inks.items():
        image = icon("stop", theme).pixmap(QSize(48, 48), 1.0, mode).toImage()
        assert strongest_colour(image).name() == ink


def test_an_icon_can_take_one_colour(app: object) -> None:
    image = tinted_icon("stop", LIGHT.warning_ink).pixmap(QSize(48, 48), 1.0).toImage()
    assert strongest_colour(image).name() == LIGHT.warning_ink


def test_icons_are_crisp_where_a_pixel_is_two(app: object) -> None:
    pixmap = icon("kill", LIGHT).pixmap(QSize(16, 16), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (32, 2.0)


def test_icons_are_drawn_once(app: object) -> None:
    assert icon("kill", DARK) is icon("kill", DARK)
    assert icon("kill", DARK) is not icon("kill", LIGHT)


def test_a_missing_icon_is_an_error_with_advice(app: object) -> None:
    with pytest.raises(NotFoundError, match="Install taskmon again"):
        icon("no-such-thing", LIGHT)

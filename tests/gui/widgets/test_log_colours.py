"""Whatever colours a program writes, its text can be read."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from taskmon.core.log_style import PLAIN, RGB, TextStyle
from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.gui.widgets.log_colours import contrast, style_colours

COLOURS = [None, *range(16), RGB, RGB + 0xFFFFFF, RGB + 0x14287A, RGB + 0xFFFF00, RGB + 0x808080]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_ink_can_be_read_on_every_paper(theme: Theme) -> None:
    for ink in COLOURS:
        for paper in COLOURS:
            for inverse in (False, True):
                style = TextStyle(ink=ink, paper=paper, inverse=inverse)
                for surface in (theme.surface, theme.error_fill):
                    colours = style_colours(style, theme, surface)
                    ground = colours.paper or QColor(surface)
                    assert contrast(colours.ink, ground) >= 4.5, style


def test_plain_text_has_the_colours_of_the_theme() -> None:
    assert style_colours(PLAIN, LIGHT, LIGHT.surface).ink == QColor(LIGHT.text)
    assert style_colours(TextStyle(dim=True), DARK, DARK.surface).ink == QColor(DARK.muted)
    assert style_colours(TextStyle(ink=2), DARK, DARK.surface).ink == QColor(DARK.ansi[2])

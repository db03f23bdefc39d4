"""The themes: what is written can be read, on every background and also where a row is selected."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFont, QFontInfo, QPalette, QTextLayout
from PySide6.QtWidgets import QApplication, QMenu

from taskmon.core.lifecycle import FACTS, Kind, Status, facts
from taskmon.gui import theme as themes
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT, Mark, Theme, mark

BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
BACKGROUNDS = ("window", "surface", "raised", "selection", "row_hover")
READABLE = 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def unreadable(pairs: dict[str, tuple[str, str]]) -> dict[str, float]:
    return {what: round(contrast(*pair), 2) for what, pair in pairs.items() if contrast(*pair) < READABLE}


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@BOTH
@pytest.mark.parametrize("ink", ["text", "muted", "selection_text", "accent", "warning_ink", "error_ink"])
def test_words_are_readable_on_every_background(theme: Theme, ink: str) -> None:
    assert not unreadable({where: (getattr(theme, ink), getattr(theme, where)) for where in BACKGROUNDS})


@BOTH
@pytest.mark.parametrize("kind", list(Kind))
def test_the_ink_of_a_state_is_readable_also_on_its_fill_and_on_a_selected_row(theme: Theme, kind: Kind) -> None:
    colours = theme.kinds[kind]
    pairs = {where: (colours.ink, getattr(theme, where)) for where in BACKGROUNDS}
    pairs["fill"] = (colours.ink, colours.fill)
    assert not unreadable(pairs)


@BOTH
def test_words_on_coloured_fills_are_readable(theme: Theme) -> None:
    pairs = {
        "accent": (theme.accent_text, theme.accent),
        "warning": (theme.warning_ink, theme.warning_fill),
        "error": (theme.error_ink, theme.error_fill),
        "text on error": (theme.text, theme.error_fill),
        "match": (theme.text, theme.match_fill),
    }
    assert not unreadable(pairs)


@BOTH
def test_log_colours_are_readable_also_when_selected(theme: Theme) -> None:
    assert len(theme.ansi) == 16
    for where in ("surface", "raised", "selection"):
        assert not unreadable({ink: (ink, getattr(theme, where)) for ink in theme.ansi})


@BOTH
def test_curves_stand_out_from_the_chart(theme: Theme) -> None:
    assert all(contrast(line, theme.surface) >= 3 for line in theme.series)


@BOTH
def test_states_that_look_alike_in_colour_differ_in_shape(theme: Theme) -> None:
    """The five kinds have five inks, and whoever cannot tell them apart has the marks."""
    assert len({theme.kinds[kind].ink for kind in Kind}) == len(Kind)
    shape = {kind: {mark(status) for status in FACTS if facts(status).kind is kind} for kind in Kind}
    assert all(shape[one].isdisjoint(shape[other]) for one, other in combinations(Kind, 2))


def test_every_state_has_colours_and_a_mark_even_one_from_a_newer_service() -> None:
    for status in (*Status, Status("frozen-solid")):
        assert LIGHT.of(status).ink.startswith("#")
        assert mark(status) in Mark


def test_a_full_disc_always_means_work() -> None:
    assert mark(Status.SUBMITTED) is Mark.WAITING
    assert mark(Status.COMPUTATION_STARTED) is Mark.RUNNING


@BOTH
def test_stock_controls_take_the_theme(app: object, theme: Theme) -> None:
    colours = themes.palette(theme)
    assert colours.color(QPalette.ColorRole.Highlight) == QColor(theme.selection)
    disabled = colours.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
    assert disabled == QColor(theme.muted)


def test_the_window_brings_its_own_fonts(app: object) -> None:
    themes.load_fonts()
    assert QFontInfo(themes.ui_font()).family() == themes.UI_FONT
    assert QFontInfo(themes.log_font()).family() == themes.LOG_FONT
    assert QFontInfo(themes.log_font()).fixedPitch()


@BOTH
def test_what_is_switched_on_in_a_menu_has_a_tick_that_can_be_read(app: QApplication, theme: Theme) -> None:
    dress(app, theme)
    menu = QMenu()
    off, on = menu.addAction("Same words"), menu.addAction("Same words")
    for action in (off, on):
        action.setCheckable(True)
    on.setChecked(True)
    menu.ensurePolished()
    menu.adjustSize()
    picture, ground = menu.grab().toImage(), theme.surface
    row = menu.actionGeometry(on)
    inked = {
        (x, y): picture.pixelColor(x, y).name()
        for x in range(row.left(), row.left() + 24)
        for y in range(row.top(), row.bottom())
        if contrast(picture.pixelColor(x, y).name(), ground) > 1.5
    }
    box = QRect()
    for x, y in inked:
        box |= QRect(x, y, 1, 1)
    menu.deleteLater()
    dress(app, LIGHT)
    assert max(contrast(ink, ground) for ink in inked.values()) > READABLE
    assert 0.1 < len(inked) / (box.width() * box.height()) < 0.65, "strokes, not a block"


def glyphs(text: str, font: QFont) -> list[int]:
    """The shapes with which a font shows a text, in their order."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return [glyph for run in layout.glyphRuns() for glyph in run.glyphIndexes()]


@pytest.mark.parametrize("text", ["plf5x27z", "a->b", "1:2", "!="])
def test_an_id_is_shown_letter_by_letter(app: object, text: str) -> None:
    themes.load_fonts()
    for font in (themes.ui_font(), themes.ui_font(strong=True), themes.log_font()):
        assert glyphs(text, font) == [glyph for letter in text for glyph in glyphs(letter, font)]

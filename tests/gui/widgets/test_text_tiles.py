"""Pictures of texts: each shows, pixel by pixel, what painting the text would."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from taskmon.gui.theme import load_fonts, log_font, ui_font
from taskmon.gui.widgets import text_tiles
from taskmon.gui.widgets.text_tiles import Face, TextStyle, TextTiles

GROUND, INK = QColor("#203040"), QColor("#f0e8d0")
TEXTS = ("case-000123", "VAWA Toffee", "12:34:56", "日本語 🙂 עברית", "e\u0301g", "a name that is too long for it")


@pytest.fixture(autouse=True)
def _with_fonts(app: QApplication) -> None:
    load_fonts()


def painted(tiles: TextTiles, ratio: float, style: TextStyle) -> QImage:
    image = QImage(round(220 * ratio), round(30 * len(TEXTS) * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(style.ground)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tiles.begin(painter)
    for number, text in enumerate(TEXTS):
        tiles.draw(painter, 8, 30 * number + style.face.drop(30), 150, text, style)
    painter.end()
    return image


@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_text_looks_the_same_whenever_it_is_painted(ratio: float, right: bool) -> None:
    for font in (ui_font(), log_font(9.0)):
        tiles = TextTiles()
        style = TextStyle(Face(font, Qt.TextElideMode.ElideMiddle), INK, GROUND, right=right)
        first = painted(tiles, ratio, style)
        assert any(first.pixelColor(x, y) == INK for x in range(first.width()) for y in range(first.height()))
        for _ in range(3):
            assert painted(tiles, ratio, style) == first


def test_another_screen_gets_its_own_pictures() -> None:
    tiles, style = TextTiles(), TextStyle(Face(ui_font()), INK, GROUND)
    for _ in range(3):
        painted(tiles, 1.0, style)
    assert painted(tiles, 2.0, style) == painted(TextTiles(), 2.0, style)


def test_what_nobody_paints_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tiles, "_GENERATION", 100_000)
    tiles, style = TextTiles(), TextStyle(Face(ui_font()), INK, GROUND)
    image = QImage(220, 30, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for number in range(300):
        for text in (f"case-{number:06d}", "openfoam"):
            tiles.draw(painter, 8, 7, 150, text, style)
            tiles.draw(painter, 8, 7, 150, text, style)
    painter.end()
    kept = [tile.picture for tile in (*tiles._tiles.values(), *tiles._older.values()) if not tile.picture.isNull()]
    assert sum(4 * picture.size().width() * picture.size().height() for picture in kept) <= 250_000
    assert any(key[0] == "openfoam" for key in tiles._tiles)


def test_a_page_of_new_texts_gets_its_pictures_over_several_paintings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tiles, "_AT_ONCE", 2)
    tiles, style = TextTiles(), TextStyle(Face(ui_font()), INK, GROUND)
    made = []
    for _ in range(5):
        painted(tiles, 1.0, style)
        made.append(sum(not tile.picture.isNull() for tile in tiles._tiles.values()))
    assert made == [0, 2, 4, 6, 6]

"""The marks: six shapes that can be told apart without colour."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from taskmon.gui.theme import Mark
from taskmon.gui.widgets.status_mark import paint_mark


def painted(mark: Mark, size: int = 12) -> QImage:
    image = QImage(size + 4, size + 4, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint_mark(painter, QRectF(2, 2, size, size), mark, QColor("black"))
    painter.end()
    return image


def greys(image: QImage) -> list[int]:
    return [image.pixelColor(x, y).value() for y in range(image.height()) for x in range(image.width())]


@pytest.mark.parametrize(("one", "other"), list(combinations(Mark, 2)))
def test_any_two_marks_look_different_at_table_size(app: object, one: Mark, other: Mark) -> None:
    difference = sum(abs(a - b) for a, b in zip(greys(painted(one)), greys(painted(other)), strict=True))
    assert difference / 255 > 8, "fewer than 8 whole pixels differ"


@pytest.mark.parametrize("mark", Mark)
@pytest.mark.parametrize("size", [8, 12, 20, 40])
def test_a_mark_stays_inside_its_square(app: object, mark: Mark, size: int) -> None:
    image = painted(mark, size)
    last = image.width() - 1
    edge = [image.pixelColor(x, y) for x in range(last + 1) for y in (0, last)]
    edge += [image.pixelColor(x, y) for y in range(last + 1) for x in (0, last)]
    assert all(colour == QColor("white") for colour in edge)


def test_the_painter_is_left_as_it_was(app: object) -> None:
    image = QImage(20, 20, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    painter.setPen(QColor("red"))
    paint_mark(painter, QRectF(0, 0, 20, 20), Mark.DONE, QColor("black"))
    assert painter.pen().color() == QColor("red")
    painter.end()

"""A line of wide, combining or right-to-left characters is laid out in pieces as it would be in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTextLayout, QTextOption

from taskmon.core.log_source import RawLine
from taskmon.core.log_text import line_text
from taskmon.gui.theme import LIGHT, log_font
from taskmon.gui.widgets.log_line import LogMetrics
from taskmon.gui.widgets.log_rich_line import RichLogLine
from taskmon.gui.widgets.log_runs import LineLook

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

WORDS = [
    "residual ",
    "収束しました",
    "日本語",
    "e\u0301",
    "か\u3099",
    "👩\u200d🔬",
    "שלום ",
    "العربية ",
    "1 2,3 ",
    "→ ",
    "->",
    "한국어",
]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=200).map(lambda words: "日" + "".join(words))


def rich(text: str) -> RichLogLine:
    raw = text.encode()
    return RichLogLine(line_text(raw), RawLine(raw, len(raw)), None, LogMetrics.of(log_font(10)))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def in_one(text: str, line: RichLogLine) -> QTextLayout:
    layout = QTextLayout(text, line.metrics.font)
    option = QTextOption(Qt.AlignmentFlag.AlignLeft)
    option.setTextDirection(Qt.LayoutDirection.LeftToRight)
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    layout.createLine().setLineWidth(1e7)
    layout.endLayout()
    return layout


def paint(line: RichLogLine, left: float = 0.0) -> QImage:
    image = QImage(600, 20, QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.surface))
    painter = QPainter(image)
    line.paint(painter, -left, 0.0, 0, LineLook(LIGHT, LIGHT.surface, QColor(LIGHT.text), (), 0.0, 600.0))
    painter.end()
    return image


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, data=st.data())
def test_every_column_is_where_it_would_be_in_one_layout(app: QApplication, text: str, data: st.DataObject) -> None:
    line = rich(text)
    layout = in_one(text, line)
    whole = layout.lineAt(0)
    column = data.draw(st.integers(0, len(text)))
    x = whole.cursorToX(units(text[:column]))
    assert line.x_of(column) == pytest.approx(x[0] if isinstance(x, tuple) else x, abs=1.0)
    line.x_of(len(text))
    assert line.width - 2 * line.metrics.advance == pytest.approx(whole.naturalTextWidth(), abs=1.0)


@settings(max_examples=30, deadline=None)
@given(text=TEXTS, part=st.floats(0, 1))
def test_what_is_seen_is_what_one_layout_shows(app: QApplication, text: str, part: float) -> None:
    line = rich(text)
    layout = in_one(text, line)
    left = float(round(part * layout.lineAt(0).naturalTextWidth()))
    expected = QImage(600, 20, QImage.Format.Format_RGB32)
    expected.fill(QColor(LIGHT.surface))
    painter = QPainter(expected)
    painter.setPen(QColor(LIGHT.text))
    place = QPointF(-left, line.metrics.ascent - layout.lineAt(0).ascent())
    layout.draw(painter, place, [], QRectF(0, 0, 600, 20))
    painter.end()
    assert differing(paint(line, left), expected) < 0.02


def differing(first: QImage, second: QImage) -> float:
    """The part of the pixels that differ by more than a letter moved by a fraction of a pixel would."""
    pairs = zip(bytes(first.constBits()), bytes(second.constBits()), strict=True)
    return sum(abs(one - other) > 128 for one, other in pairs) / (first.width() * first.height() * 4)


def test_only_what_is_seen_is_laid_out(app: QApplication) -> None:
    line = rich("収束しました" * 600)
    paint(line)
    assert len(line._pieces) == 1
    paint(line, 2000.0)
    assert 1 < len(line._pieces) < 6


@pytest.mark.parametrize("sign", ["日", "日e\u0301", "🙂 "])
def test_a_line_of_very_many_colours_shows_each(app: QApplication, sign: str) -> None:
    line = rich("".join(f"\x1b[48;2;{(number * 4)};90;10m{sign}" for number in range(60)))
    image = paint(line)
    seen = {QColor(image.pixel(x, 1)).red() for x in range(600)}
    assert {number * 4 for number in range(25)} <= seen

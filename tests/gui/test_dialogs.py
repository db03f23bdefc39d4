"""Questions to the person."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QWidget

from taskmon.gui.dialogs import Question, _box

FRAME_BUTTONS = 130
"""What icon and buttons of a window's frame take from its title, in pixels."""


def test_a_short_question_is_wide_enough_for_its_title(app: QApplication) -> None:
    parent = QWidget()
    box = _box(Question("Terminate machines", "Terminate “a”?", "Nothing runs on it.", "Terminate"), parent)
    box.show()
    assert box.width() >= QFontMetrics(app.font()).horizontalAdvance(box.windowTitle()) + FRAME_BUTTONS
    box.close()
    parent.deleteLater()

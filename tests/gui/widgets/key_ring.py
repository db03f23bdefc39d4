"""How a pane shows that the keys are on it."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from taskmon.gui.styles import dress
from taskmon.gui.theme import LIGHT


def has_ring_with_keys(app: QApplication, pane: QWidget) -> bool:
    """Whether the left edge of `pane`, dressed in the light theme, has the accent with the keys on it, and only then.
    The pane is deleted."""
    dress(app, LIGHT)
    pane.resize(400, 120)
    pane.show()
    pane.activateWindow()
    assert QTest.qWaitForWindowActive(pane)
    pane.clearFocus()
    edges = [pane.grab().toImage().pixelColor(0, 60)]
    pane.setFocus()
    edges.append(pane.grab().toImage().pixelColor(0, 60))
    pane.close()
    pane.deleteLater()
    return [edge == QColor(LIGHT.accent) for edge in edges] == [False, True]

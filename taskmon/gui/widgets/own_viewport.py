"""A scroll area whose viewport Python has made itself."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


def give_viewport(area: QAbstractScrollArea) -> None:
    """Replaces Qt's viewport by an equal one. Call it before anything else is set.

    When Python asks for a widget that Qt has made, PySide first looks which of all its classes of widgets that is and
    sets each of them up, which costs as much as half the toolbar.
    """
    viewport = QWidget()
    viewport.setBackgroundRole(QPalette.ColorRole.Base)
    viewport.setAutoFillBackground(True)
    area.setViewport(viewport)

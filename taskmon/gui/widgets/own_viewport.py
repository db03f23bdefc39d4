"""How a scroll area is set up whose viewport Python has made itself, and a table whose rows it paints."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QHeaderView, QTableView, QWidget


def give_viewport(area: QAbstractScrollArea) -> None:
    """Replaces Qt's viewport by an equal one. Call it before anything else is set.

    When Python asks for a widget that Qt has made, PySide first looks which of all its classes of widgets that is and
    sets each of them up, which costs as much as half the toolbar.
    """
    viewport = QWidget()
    viewport.setBackgroundRole(QPalette.ColorRole.Base)
    viewport.setAutoFillBackground(True)
    area.setViewport(viewport)


def set_up_rows(table: QTableView, height: int) -> None:
    """For a table that paints itself: rows of one `height` [px], chosen as a whole and scrolled by pixels."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setCornerButtonEnabled(False)
    table.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
    side = table.verticalHeader()
    side.hide()
    side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    side.setMinimumSectionSize(height)
    side.setDefaultSectionSize(height)
    table.verticalScrollBar().setSingleStep(height)

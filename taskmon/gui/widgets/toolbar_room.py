"""Room for everything in the toolbar of a narrow window: the buttons give up their words, nothing is pushed out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QToolBar, QWidget

LEAST_ELASTIC: Final = 190
"""Pixels of width that the elastic widget needs to be of use."""
_LOOKS: Final = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)


class ToolbarRoom(QObject):
    """Watches a toolbar whose `elastic` widget is as wide as there is room; the last widgets must stay in sight."""

    def __init__(self, bar: QToolBar, elastic: QWidget) -> None:
        super().__init__(bar)
        self._bar, self._elastic = bar, elastic
        self._words = 0  # the width that the words of the buttons take
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LOOKS:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        style = Qt.ToolButtonStyle
        present, bare = self._bar.sizeHint().width(), self._bar.toolButtonStyle() is style.ToolButtonIconOnly
        spare = max(0, self._elastic.sizeHint().width() - LEAST_ELASTIC)
        too_wide = present - spare + (self._words if bare else 0) > self._bar.width()
        if too_wide != bare:
            self._bar.setToolButtonStyle(style.ToolButtonIconOnly if too_wide else style.ToolButtonTextBesideIcon)
            if too_wide:
                self._words = max(0, present - self._bar.sizeHint().width())

"""Room for everything in the toolbar of a narrow window: the buttons give up their words, nothing is pushed out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

LEAST_ELASTIC: Final = 190
"""Pixels of width that the elastic widget needs to be of use."""
_LOOKS: Final = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)
_BARE: Final = Qt.ToolButtonStyle.ToolButtonIconOnly
_WITH_WORDS: Final = Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class ToolbarRoom(QObject):
    """Watches a toolbar whose `elastic` widget is as wide as there is room; the last widgets must stay in sight. The
    buttons of the bar lose their words first, then the `name`d one."""

    def __init__(self, bar: QToolBar, elastic: QWidget, name: QToolButton) -> None:
        super().__init__(bar)
        self._bar, self._elastic = bar, elastic
        self._wordy = (bar, name)
        self._gained: list[int] = []  # pixels, by each of them that has given up its words
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LOOKS:
            self._fit()
        return super().eventFilter(watched, event)

    def _least(self) -> int:
        """The width that the bar needs as it looks now."""
        return self._bar.sizeHint().width() - max(0, self._elastic.sizeHint().width() - LEAST_ELASTIC)

    def _fit(self) -> None:
        room = self._bar.width()
        while len(self._gained) < len(self._wordy) and self._least() > room:
            before = self._least()
            self._wordy[len(self._gained)].setToolButtonStyle(_BARE)
            self._gained.append(max(0, before - self._least()))
        while self._gained and self._least() + self._gained[-1] <= room:
            self._gained.pop()
            self._wordy[len(self._gained)].setToolButtonStyle(_WITH_WORDS)

"""Room for everything in the toolbar of a narrow window: the buttons give up their words, nothing is pushed out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

LEAST_ELASTIC: Final = 190
"""Pixels of width that the elastic widget needs to be of use."""
_TIGHT_ELASTIC: Final = 140
"""With so few it has to do before the name goes."""
_LOOKS: Final = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)
_BARE: Final = Qt.ToolButtonStyle.ToolButtonIconOnly
_WITH_WORDS: Final = Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class ToolbarRoom(QObject):
    """Watches a toolbar whose `elastic` widget is as wide as there is room; the last widgets must stay in sight. The
    buttons of the bar lose their words first, then the `name`d one."""

    def __init__(self, bar: QToolBar, elastic: QWidget, name: QToolButton) -> None:
        super().__init__(bar)
        self._bar, self._elastic = bar, elastic
        self._wordy = ((bar, LEAST_ELASTIC), (name, _TIGHT_ELASTIC))
        self._gained: list[int] = []  # pixels, by each of them that has given up its words
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LOOKS:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        room = self._bar.width()
        rigid = self._rigid()
        while len(self._gained) < len(self._wordy):
            wordy, elastic = self._wordy[len(self._gained)]
            if rigid + elastic <= room:
                break
            wordy.setToolButtonStyle(_BARE)
            before, rigid = rigid, self._rigid()
            self._gained.append(max(0, before - rigid))
        while self._gained:
            wordy, elastic = self._wordy[len(self._gained) - 1]
            if rigid + self._gained[-1] + elastic > room:
                break
            self._gained.pop()
            wordy.setToolButtonStyle(_WITH_WORDS)
            rigid = self._rigid()

    def _rigid(self) -> int:
        """The width of all but the elastic widget, as the bar looks now."""
        return self._bar.sizeHint().width() - self._elastic.sizeHint().width()

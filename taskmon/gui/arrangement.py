"""Keeps how a person arranged the window soon after they did, so that nothing is lost if it is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QByteArray
    from PySide6.QtWidgets import QWidget

    from taskmon.gui.window_state import WindowState

QUIET_MS: Final = 500
"""So long nothing must have been changed before it is written: a drag is one change."""

_REARRANGED: Final = (
    QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange,
)  # fmt: skip


class Arrangement(QObject):
    """Named values of `state`, each with the function that tells what it is now."""

    def __init__(self, state: WindowState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self._told: dict[str, Callable[[], bytes | QByteArray]] = {}
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self.keep)

    def add(self, name: str, told: Callable[[], bytes | QByteArray]) -> None:
        """From now on what `told` returns is kept under `name`."""
        self._told[name] = told

    def watch(self, widget: QWidget) -> None:
        """Where this widget is, and how large, belongs to the arrangement."""
        widget.installEventFilter(self)

    def note(self) -> None:
        """Something may be different: it is kept when it has been quiet for a moment."""
        self._quiet.start()

    def keep(self) -> None:
        """Writes what is different now."""
        self._quiet.stop()
        for name, told in self._told.items():
            value = bytes(told())  # type: ignore[arg-type]  # a QByteArray has a buffer
            if value != self._state.load(name):
                self._state.save(name, value)
        self._state.flush()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _REARRANGED:
            self.note()
        return super().eventFilter(watched, event)

"""Copies a selection bit by bit between two events: however long it is, the window goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDeadlineTimer, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Generator

_SLICE_MS: Final = 5


class LogCopying(QObject):
    """Puts text into the clipboard when it is whole. `refused` and `told` carry sentences.

    What is done within a few milliseconds is done at once, without a word.
    """

    refused = Signal(str)
    told = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Generator[None, None, str] | None = None
        self._what = ""
        self._more = QTimer(self, interval=0)
        self._more.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        return self._work is not None

    def begin(self, work: Generator[None, None, str], what: str) -> None:
        """Copies what `work` returns; `what` names it, e.g. “3 lines”. A copying under way is left."""
        self._work, self._what = work, what
        self._more.stop()
        self._go_on()
        if self.busy:
            self.told.emit(f"Copying {what}…")
            self._more.start()

    def cancel(self) -> None:
        """Leaves the clipboard as it is."""
        self._work = None
        self._more.stop()

    def _go_on(self) -> None:
        work, deadline, in_time = self._work, QDeadlineTimer(_SLICE_MS), not self._more.isActive()
        if work is None:
            return
        try:
            while not deadline.hasExpired():
                next(work)
        except StopIteration as ended:
            self.cancel()
            if ended.value:
                QGuiApplication.clipboard().setText(ended.value)
            if not in_time:
                self.told.emit(f"Copied {self._what}.")
        except InvalidInputError as error:
            self.cancel()
            self.refused.emit(str(error))

"""What a person asks for before there is somebody to answer it: kept, and asked again in the same order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance


class Postponed:
    """Hears the signals until `ask_again`; whoever answers them connects before that."""

    def __init__(self, *signals: SignalInstance) -> None:
        self._asked: list[tuple[SignalInstance, tuple[object, ...]]] = []
        self._ears = [(signal, partial(self._keep, signal)) for signal in signals]
        for signal, ear in self._ears:
            signal.connect(ear)

    def _keep(self, signal: SignalInstance, *values: object) -> None:
        self._asked.append((signal, values))

    def ask_again(self) -> None:
        """Stops to listen and emits what was heard."""
        for signal, ear in self._ears:
            signal.disconnect(ear)
        asked, self._ears, self._asked = self._asked, [], []
        for signal, values in asked:
            signal.emit(*values)

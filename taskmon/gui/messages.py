"""The one place that tells the person something: the status line for facts and refusals, quiet by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from taskmon.core.errors import TaskmonError


class Messages(QObject):
    """Sentences on their way to the status line; `problem_told` for what went wrong."""

    fact_told = Signal(str)
    problem_told = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest = ""

    @property
    def latest(self) -> str:
        """The sentence that was told last."""
        return self._latest

    def tell(self, sentence: str) -> None:
        """Something happened that the person may want to know."""
        self._latest = sentence
        self.fact_told.emit(sentence)

    def tell_problem(self, error: TaskmonError) -> None:
        """Something was refused or failed; what happened, then what to do."""
        self._latest = str(error)
        self.problem_told.emit(str(error))

    def replace(self, sentence: str, news: str) -> None:
        """What `sentence` said is over: `news` takes its place, if nothing else has done so."""
        if self._latest == sentence:
            self.tell(news)

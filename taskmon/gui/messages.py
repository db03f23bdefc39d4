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

    def tell(self, sentence: str) -> None:
        """Something happened that the person may want to know."""
        self.fact_told.emit(sentence)

    def tell_problem(self, error: TaskmonError) -> None:
        """Something was refused or failed; what happened, then what to do."""
        self.problem_told.emit(str(error))

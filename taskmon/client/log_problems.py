"""Finds every error and warning line of a log, however long: RE2 picks the candidates, the signs decide."""

from __future__ import annotations

import logging
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from taskmon.client.log_search import SEARCH_STEP, LinePattern, LogSearch
from taskmon.core.errors import InvalidInputError
from taskmon.core.log_signals import HINTS, Severity
from taskmon.core.log_source import SearchResult
from taskmon.core.log_text import plain_text

if TYPE_CHECKING:
    from taskmon.client.log_spool import LogSpool
    from taskmon.core.log_signals import LogPatterns

_log = logging.getLogger(__name__)
_LONGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Problems:
    """The error lines and the warning lines of a log, as far as it has been searched."""

    errors: SearchResult
    warnings: SearchResult

    @property
    def worst(self) -> SearchResult:
        """The errors; the warnings where there are no errors."""
        return self.errors if self.errors.count else self.warnings


class ProblemSearch:
    """As `LogSearch`: call `advance` in a worker until it says True; again after the log has grown."""

    def __init__(self, spool: LogSpool, patterns: LogPatterns) -> None:
        self._spool = spool
        self._patterns = patterns
        self._generation = spool.generation
        self._errors, self._warnings = array("I"), array("I")
        self._search = LogSearch(spool, _candidates(patterns), self._confirm)

    def advance(self, step: int = SEARCH_STEP) -> bool:
        """Searches about `step` more bytes. True when the log, as long as it is now, has been searched."""
        if self._generation != self._spool.generation:
            self._generation = self._spool.generation
            self._errors, self._warnings = array("I"), array("I")
        return self._search.advance(step)

    def result(self) -> Problems:
        """What has been found so far; safe to call from any thread."""
        whole = self._search.result()
        return Problems(self._of(self._errors, whole), self._of(self._warnings, whole))

    def _of(self, lines: array[int], whole: SearchResult) -> SearchResult:
        return SearchResult(
            pattern="", lines=lines, count=len(lines), finished=whole.finished, searched_bytes=whole.searched_bytes
        )

    def _confirm(self, line: int, raw: bytes) -> bool:
        """Keeps bad lines. The last line of a growing log may be looked at twice and judged anew when it is whole."""
        for lines in (self._errors, self._warnings):
            if lines and lines[-1] >= line:
                lines.pop()
        severity = self._patterns.severity(plain_text(raw[:_LONGEST]))
        if severity is None:
            return False
        (self._errors if severity is Severity.ERROR else self._warnings).append(line)
        return True


def _candidates(patterns: LogPatterns) -> LinePattern:
    """One pattern for every line that may be bad. A sign that RE2 cannot read is left to the lines on the screen."""
    signs = [f"(?i:{'|'.join(HINTS)})"]
    for sign in patterns.bad_signs:
        try:
            LinePattern(sign, regex=True, case_sensitive=True)
        except InvalidInputError:
            _log.warning("the sign %r is not looked for in whole logs", sign)
        else:
            signs.append(f"(?:{sign})")
    return LinePattern("|".join(signs), regex=True, case_sensitive=True)

"""Every bad line of a log is found and judged by the same signs as on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.client.log_problems import ProblemSearch
from taskmon.client.log_search import LinePattern
from taskmon.client.log_spool import LogSpool
from taskmon.core.log_signals import LogPatterns, Severity
from taskmon.core.simulators import LogPattern
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = LogPatterns(
    [LogPattern(role="error", regex=r"^\*\*\* step (\d+) refused"), LogPattern(role="warning", regex="slow")]
)
LINES = [
    "all is well",
    "ERROR: negative volume",
    "\x1b[31mError:\x1b[0m no mesh",
    "Warning: slow",
    "0 errors, 0 warnings",
    "*** step 12 refused",
    "memory used: 12 MB",
    "a slow step",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(st.sampled_from(LINES), max_size=30), cut=st.integers(0, 400))
def test_the_same_lines_are_bad_in_the_whole_log_and_on_the_screen(tmp_path: Path, lines: list[str], cut: int) -> None:
    whole = "".join(line + "\n" for line in lines).encode()
    path = tmp_path / "log"
    path.unlink(missing_ok=True)
    spool = LogSpool(path)
    search = ProblemSearch(spool, PATTERNS)
    for part in (whole[:cut], whole[cut:]):
        spool.append(part)
        while not search.advance(7):
            pass
    found = search.result()
    for severity, result in ((Severity.ERROR, found.errors), (Severity.WARNING, found.warnings)):
        expected = [
            number for number, line in enumerate(lines)
            if PATTERNS.severity(line.replace("\x1b[31m", "").replace("\x1b[0m", "")) is severity
        ]  # fmt: skip
        assert list(result.lines[: result.count]) == expected
    assert found.worst is (found.errors if found.errors.count else found.warnings)
    spool.close()


def test_every_sign_in_the_catalogue_can_be_looked_for_in_whole_logs() -> None:
    for entry in simulator_catalogue():
        for sign in LogPatterns(entry.log_patterns).bad_signs:
            LinePattern(sign, regex=True, case_sensitive=True)

"""Numbers, progress and bad news are read from the lines that simulators really print."""

from __future__ import annotations

import pytest

from taskmon.core.log_signals import LogPatterns, Severity, last_error_line, severity
from taskmon.core.simulators import LogPattern
from taskmon.resource_files import simulator_catalogue


def patterns(*entries: tuple[str, str, str]) -> LogPatterns:
    return LogPatterns([LogPattern(role=role, name=name, regex=regex) for role, name, regex in entries])


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: Unknown command: foo (src/input.cpp:232)",
        "--> FOAM FATAL ERROR: ",
        "Traceback (most recent call last):",
        "ValueError: matrix is singular",
        "Segmentation fault (core dumped)",
        "sh: 1: foamRun: command not found",
        "[error] cannot read mesh",
        " *ERROR in allocation: out of memory",
        "solver diverged at step 12",
    ],
)
def test_bad_news_is_recognised(line: str) -> None:
    assert severity(line) is Severity.ERROR


@pytest.mark.parametrize(
    "line",
    [
        "L2 error = 1.25e-06",
        "error: 3.2e-05",
        "relative error 0.001",
        "finished with 0 errors",
        "no errors found",
        "time step continuity errors : sum local = 1e-9, global = 2e-10",
        "terror in the title",
        "Initial residual = 0.1",
        "writing error estimate to file",
        "",
    ],
)
def test_numbers_called_error_are_no_bad_news(line: str) -> None:
    assert severity(line) is not Severity.ERROR


def test_warnings_are_less_than_errors() -> None:
    assert severity("--> FOAM Warning : bounding k") is Severity.WARNING
    assert severity("0 warnings") is None


def test_a_simulators_own_signs_come_first() -> None:
    own = patterns(("error", "", r"^Last command:"), ("warning", "", r"too few"))
    assert own.is_error_line("Last command: run 100")
    assert own.severity("too few neighbours") is Severity.WARNING
    assert not own.is_error_line("run 100")


@pytest.mark.parametrize(
    ("regex", "line", "fraction"),
    [
        (r"(?P<step>\d+)/(?P<total>\d+)", "step 5/20", 0.25),
        (r"(?P<fraction>\d+(\.\d+)?)\s?%", "37.5 %", 0.375),
        (r"(?P<fraction>[\d.]+) done", "0.5 done", 0.5),
        (r"(?P<fraction>\d+)%", "120%", 1.0),
        (r"(?P<step>\d+)/(?P<total>\d+)", "step 5/0", None),
        (r"(?P<step>\d+)/(?P<total>\d+)", "nothing", None),
    ],
)
def test_progress_is_a_fraction_whatever_way_it_is_said(regex: str, line: str, fraction: float | None) -> None:
    assert patterns(("progress", "", regex)).progress([line]) == fraction


def test_the_last_progress_counts() -> None:
    assert patterns(("progress", "", r"(?P<step>\d+)/(?P<total>\d+)")).progress(["1/4", "3/4", "wrote file"]) == 0.75


def test_a_series_is_named_by_its_pattern_its_label_and_its_group() -> None:
    read = patterns(
        ("series", "residual", r"Solving for (?P<label>\w+), Initial residual = (?P<value>[-+.\deE]+)"),
        ("series", "Courant", r"Courant mean: (?P<mean>\S+) max: (?P<max>\S+)"),
        ("series", "", r"dt = (?P<dt>\S+)"),
    ).series(
        ["Solving for Ux, Initial residual = 0.1", "Courant mean: 0.2 max: 1.5D+00", "junk", "dt = 1e-3", "dt = x"]
    )
    assert {name: series.values for name, series in read.items()} == {
        "residual Ux": [0.1],
        "Courant mean": [0.2],
        "Courant max": [1.5],
        "dt": [0.001],
    }
    assert read["dt"].at == [3]
    assert read["dt"].x == []


def test_a_series_may_bring_its_own_abscissa() -> None:
    read = patterns(("series", "residual", r"step (?P<x>\d+) residual (?P<r>\S+)"))
    series = read.series(["step 10 residual 0.5", "step 20 residual 0.25"])["residual"]
    assert (series.x, series.values) == ([10.0, 20.0], [0.5, 0.25])


def test_every_simulator_that_we_ship_compiles() -> None:
    for simulator in simulator_catalogue():
        LogPatterns(simulator.log_patterns).series(["step 1/2 residual = 3"])


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (b"", ""),
        (b"Time = 1\nEnd\n", ""),
        (b"error: first\nTime = 2\nerror: last\nbye\n", "error: last"),
        (b"Traceback (most recent call last):\n  File 'a.py', line 1\nKeyError: 'nu'\n", "KeyError: 'nu'"),
        (b"\x1b[1;31merror:\x1b[0m no mesh\r\n", "error: no mesh"),
        (b"--> FOAM FATAL ERROR:\n\ncannot open file U\n\nFOAM exiting\n", "--> FOAM FATAL ERROR: cannot open file U"),
        (b"50 %\nFOAM aborting\n", "FOAM aborting"),
        (b"error: \xff\xfe\x00 bytes", "error: "),
    ],
)
def test_the_last_line_like_an_error_says_why_a_program_failed(output: bytes, line: str) -> None:
    assert last_error_line(output).startswith(line)
    assert bool(last_error_line(output)) is bool(line)


def test_a_line_without_end_is_read_no_further_than_other_lines() -> None:
    assert len(last_error_line(b"error: " + b"x" * 30_000)) <= 4096

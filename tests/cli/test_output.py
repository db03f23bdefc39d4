"""What the terminal shows of values that are larger than it is."""

from __future__ import annotations

import io

import pytest

from taskmon.cli.output import elided, explanation, show_table
from taskmon.core.lifecycle import Status
from tests.builders import a_task_detail, an_executer

TITLES = ("STATUS", "TASK", "NAME", "PROJECT")


def table(rows: list[tuple[str, ...]], width: int) -> list[str]:
    out = io.StringIO()
    show_table(TITLES, rows, out, elastic=("NAME", "PROJECT"), width=width)
    return out.getvalue().splitlines()


def test_a_long_name_is_cut_so_that_the_list_fits_the_terminal() -> None:
    lines = table([("Success", "t" * 26, "n" * 500, "p" * 30)], 80)
    assert max(len(line) for line in lines) <= 80
    assert "t" * 26 in lines[1]
    assert lines[1].count("…") == 2


def test_where_nobody_looks_a_name_keeps_a_length_that_people_read_and_ids_stay_whole() -> None:
    (_, line) = table([("Success", "t" * 200, "n" * 500, "default")], 0)
    assert "t" * 200 in line
    assert f"{'n' * 59}…  default" in line


def test_a_terminal_that_is_too_narrow_for_the_rest_still_shows_some_of_the_names() -> None:
    (_, line) = table([("Success", "t" * 26, "wing of a plane", "default")], 20)
    assert "wing of …" in line


@pytest.mark.parametrize(("text", "length", "shown"), [("wing", 4, "wing"), ("wings", 4, "win…"), ("", 4, "")])
def test_what_was_cut_says_so(text: str, length: int, shown: str) -> None:
    assert elided(text, length) == shown


def test_the_detail_to_read_is_there_whoever_told_it() -> None:
    executer = an_executer(error_detail="no space left")
    told = dict(explanation(a_task_detail(status=Status.EXECUTER_FAILED, executer=executer)))
    assert told["Detail"] == "no space left"
    assert "Read the detail" in told["Next step"]

"""What the terminal shows of values that are larger than it is."""

from __future__ import annotations

import io
import unicodedata

import pytest

from taskmon.cli.output import elided, explanation, history_line, show_table, show_task
from taskmon.cli.terminal import say, write_as_well_as_possible
from taskmon.core.lifecycle import Status
from tests.builders import NOON, a_history, a_task_detail, an_executer

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
    assert told["Why"] == ""


def test_a_name_cannot_paint_the_terminal_or_break_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    (_, line) = table([("Success", "t", "red\x1b[31m\nname", "default")], 80)
    assert "red␛[31m␊name" in line
    say("one\x1b]0;title\x07\ntwo")
    show_task(a_task_detail(error_detail="bad\x1b[2J\nmore", task_metadata={"name": "red\x1b[31m"}), NOON)
    shown = capsys.readouterr()
    assert shown.err == "one␛]0;title␇\ntwo\n"
    assert "\x1b" not in shown.out
    assert "bad␛[2J\nmore" in shown.out


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", b"caf\xe9 \xe2\x80\xa6"), ("ascii", rb"caf\udce9 \u2026")])
def test_every_text_can_be_printed_whatever_the_terminal_takes(encoding: str, shown: bytes) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    write_as_well_as_possible(out)
    print("caf\udce9 …", end="", file=out, flush=True)
    assert out.buffer.getvalue() == shown


def test_columns_stay_below_each_other_whatever_the_script() -> None:
    lines = table([("Success", "t", "漢字" * 40, "default"), ("Success", "t", "cafe\u0301", "default")], 60)
    before = [line[: line.index("default" if "default" in line else "PROJECT")] for line in lines]
    cells = [
        sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) == "W") for c in text)
        for text in before
    ]
    assert len(set(cells)) == 1


def test_the_history_of_a_long_run_says_the_days() -> None:
    entry = a_history([Status.SUBMITTED])[-1]
    assert history_line(entry, entry.timestamp).startswith(f"{entry.timestamp.astimezone():%Y-%m-%d %H:%M:%S}  ")

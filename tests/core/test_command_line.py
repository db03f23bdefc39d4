"""Which command lines can be run without a shell."""

from __future__ import annotations

import pytest

from taskmon.core.command_line import command_line_problem


@pytest.mark.parametrize(
    "line",
    [
        "./solve a.inp",
        "python3 -c 'import this; print(1 > 0)'",
        "awk '{print $1}' table.txt",
        'echo "a & b"',
        r"echo a\;b",
        "find . -name ?.dat",
    ],
)
def test_a_line_that_needs_no_shell_is_accepted(line: str) -> None:
    assert command_line_problem(line) == ""


@pytest.mark.parametrize(
    ("line", "character"),
    [("a | b", "|"), ("a > log", ">"), ("a<b", "<"), ("a;b", ";"), ("a &", "&"), ("ls ~/x", "~"), ("echo $HOME", "$")],
)
def test_what_somebody_meant_for_a_shell_is_named(line: str, character: str) -> None:
    assert f"no shell that knows “{character}”" in command_line_problem(line)


def test_changing_the_folder_needs_a_shell() -> None:
    assert "“cd”" in command_line_problem("cd case")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("echo 'half", "inside a quotation"),
        ("", "names no program"),
        ("'' x", "names no program"),
        ("run ''", "empty word"),
        ("x" * 513, "longer than 512"),
    ],
)
def test_a_line_that_no_runner_takes_is_explained(line: str, words: str) -> None:
    assert words in command_line_problem(line)

"""What the words after `taskmon` mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.cli.arguments import parse
from taskmon.cli.window_alone import window_alone
from taskmon.client.task_request import choose_simulator
from taskmon.core.errors import InvalidInputError
from taskmon.resource_files import simulator_catalogue


@pytest.mark.parametrize(
    ("words", "command", "places"),
    [
        ([], "open", []),
        (["dam"], "open", ["dam"]),
        (["dam", "wing"], "open", ["dam", "wing"]),
        (["--debug"], "open", []),
        (["--url", "http://x", "dam"], "open", ["dam"]),
        (["--url=http://x", "dam"], "open", ["dam"]),
        (["./list"], "open", ["./list"]),
        (["taskmon://task/4yk2/stdout.txt#L3"], "open", ["taskmon://task/4yk2/stdout.txt#L3"]),
    ],
)
def test_words_that_are_no_command_are_folders_or_links_for_the_window(
    words: list[str], command: str, places: list[str]
) -> None:
    arguments = parse(words)
    assert arguments.command == command
    assert arguments.places == places


def test_a_global_option_may_stand_before_or_after_the_command() -> None:
    assert parse(["--url", "http://x", "list"]).url == "http://x"
    assert parse(["list", "--url", "http://x"]).url == "http://x"
    assert parse(["--data-dir", "a", "list", "--data-dir", "b"]).data_dir == Path("b")
    assert parse(["list"]).url is None
    assert parse(["--debug", "list"]).debug
    assert not parse(["list"]).debug


@pytest.mark.parametrize("option", ["--url", "--data-dir", "--api-key-file"])
def test_an_option_of_the_window_without_its_value_ends_with_two(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([option])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {option}: expected one argument" in told
    assert told.startswith("usage: taskmon [FOLDER … | LINK] | taskmon COMMAND …")


def test_a_submission_is_read_whole() -> None:
    arguments = parse(
        ["submit", "dam", "--simulator", "splishsplash", "--set", "scene=a=b.json", "--ttl", "2h", "--project", "p",
         "--machine-group", "g", "--resubmit-on-preemption", "--sync", "--name", "n"]
    )  # fmt: skip
    assert arguments.folder == Path("dam")
    assert arguments.values == [("scene", "a=b.json")]
    assert arguments.ttl == 7200
    assert arguments.sync
    assert not arguments.wait
    assert arguments.resubmit_on_preemption
    assert parse(["submit", "d", "--command", "a b", "--command", "c"]).lines == ["a b", "c"]


@pytest.mark.parametrize(
    "words",
    [
        ["submit"],
        ["submit", "dam", "--ttl", "soon"],
        ["submit", "dam", "--ttl", "0"],
        ["submit", "dam", "--ttl", "99999999999d"],
        ["submit", "dam", "--name", "x" * 129],
        ["submit", "dam", "--name", "red\x1b[31m"],
        ["submit", "dam", "--project", "two\nlines"],
        ["list", "--limit", "-5"],
        ["--data-dir", "", "list"],
        ["submit", ""],
        ["serve", "--port", "99999"],
        ["serve", "--idle-exit", "-5"],
        ["serve", "--idle-exit", "nan"],
        ["serve", "--machines", "-1"],
        ["serve", "--budget-hours", "inf"],
        ["submit", "dam", "--follow", "--json"],
        ["submit", "dam", "--set", "scene"],
        ["submit", "dam", "--wait", "--sync"],
        ["machines", "explode"],
        ["kill"],
        ["logs", "x", "--stderr", "--file", "y"],
    ],
)
def test_words_that_make_no_sense_end_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(words)
    assert ending.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["submit", "kill", "download"])
def test_a_mistake_names_the_command_it_was_made_in(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([name])
    shown = capsys.readouterr().err
    assert shown.startswith(f"usage: taskmon {name} [-h] [--url URL]")
    assert f"\ntaskmon {name}: error: the following arguments are required" in shown


def test_the_help_tells_the_commands_and_the_exit_codes_but_not_the_runner(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(["--help"])
    shown = capsys.readouterr().out
    assert ending.value.code == 0
    assert "exit codes" in shown
    for command in ("submit", "list", "logs", "kill", "resubmit", "download", "machines", "serve", "env"):
        assert f"\n    {command}" in shown
    assert "runner" not in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "--limit", "x"], "argument --limit: it takes a whole number, 0 or more, such as 3; “x” is none"),
        (["machines", "new", "g", "--count", "1.5"], "argument --count: it takes a whole number"),
        (["serve", "--port", "http"], "argument --port: it takes a whole number"),
        (["serve", "--idle-exit", "-1"], "argument --idle-exit: it takes a number, 0 or more, such as 1.5; “-1” is"),
    ],
)
def test_a_number_that_is_none_tells_the_option_and_what_it_takes(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(words)
    assert told in capsys.readouterr().err


def test_where_no_simulator_fits_the_option_for_command_lines_is_named() -> None:
    for key in (None, "nastran"):
        with pytest.raises(InvalidInputError) as refused:
            choose_simulator(key, [], ["notes.txt"], simulator_catalogue())
        assert "--command LINE" in refused.value.advice


WORDS = (
    "--url",
    "--url=http://a",
    "--data-dir",
    "--data-dir=",
    "--api-key-file",
    "key",
    "--debug",
    "--debug=1",
    "-x",
    "",
)


@given(words=st.lists(st.sampled_from(WORDS), max_size=5))
def test_the_window_alone_is_read_as_argparse_reads_it(words: list[str]) -> None:
    alone = window_alone(words)
    if alone is not None:
        assert vars(alone) == vars(parse(words))


def test_the_window_alone_with_every_option_needs_no_argparse() -> None:
    assert window_alone([]) is not None
    assert window_alone(["--url", "http://a", "--api-key-file=k", "--data-dir", "d", "--debug"]) is not None
    assert window_alone(["--url"]) is None
    assert window_alone(["list"]) is None

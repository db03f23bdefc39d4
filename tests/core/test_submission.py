"""What is sent, what is suggested, and the sentences about what is wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.simulators import Parameter, Simulator
from taskmon.core.submission import (
    EXCLUDED_EXAMPLES,
    FolderContents,
    Submission,
    candidate_files,
    command_lines,
    command_problem,
    contents_text,
    guess,
    name_problem,
    parameter_problem,
    parse_time_to_live,
    preview,
    submission_of,
)
from taskmon.core.task import Task
from taskmon.core.units import parse_duration, typed_duration_text

SCENE = Parameter(name="scene", label="Scene", kind="file", patterns=("*.json",))
STEPS = Parameter(name="steps", label="Steps", kind="number", default="10")
SPLASH = Simulator(
    key="splash",
    name="Splash",
    image="docker://splash",
    commands=("splash {scene} -n {steps}",),
    parameters=(SCENE, STEPS),
    recognised_by=("*.json", "*.obj"),
)
BEAM = Simulator(key="beam", name="Beam", image="docker://beam", commands=("ccx",), recognised_by=("*.inp",))
FREE = Simulator(key="commands", name="Commands", image="docker://any", commands=())
CATALOGUE = (SPLASH, BEAM, FREE)


def a_folder(*paths: str, name: str = "case", **fields: Any) -> FolderContents:
    files = tuple((path, 100 + index) for index, path in enumerate(paths))
    given_fields = {"files": files, "total_size": sum(size for _, size in files), **fields}
    return FolderContents(path=f"/runs/{name}", name=name, **given_fields)


def test_the_largest_files_come_first_and_are_few() -> None:
    folder = a_folder(*(f"{index}.dat" for index in range(50)))
    assert [path for path, _ in folder.largest] == ["49.dat", "48.dat", "47.dat", "46.dat", "45.dat"]


def test_exclusions_are_gathered_by_rule_with_a_few_examples() -> None:
    left_out = (*((f"{index}.o", "*.o") for index in range(100)), (".git/HEAD", ".git"))
    objects, git = a_folder("a", excluded=left_out).rules
    assert (objects.rule, objects.count, len(objects.examples)) == ("*.o", 100, EXCLUDED_EXAMPLES)
    assert (git.rule, git.count, git.examples) == (".git", 1, (".git/HEAD",))


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (a_folder(), "is empty"),
        (a_folder(excluded=(("a.o", "*.o"),)), "Every file of the folder is excluded"),
        (a_folder("a", total_size=1_200_000_000), "1.2 GB take a while"),
    ],
)
def test_a_folder_that_may_surprise_is_warned_about(folder: FolderContents, words: str) -> None:
    assert any(words in sentence for sentence in folder.warnings())


def test_an_ordinary_folder_has_no_warning() -> None:
    assert a_folder("a.json").warnings() == []


def test_the_guess_names_the_file_that_the_simulator_reads_first() -> None:
    found = guess([a_folder("box.obj", "scene.json")], CATALOGUE)
    assert found is not None
    assert (found.simulator, found.path, found.doubts) == (SPLASH, "scene.json", "")


def test_a_folder_of_another_kind_is_doubted() -> None:
    found = guess([a_folder("a.json"), a_folder("b.inp", name="other")], CATALOGUE)
    assert found is not None
    assert found.doubts == "other looks like Beam; submit it on its own."


def test_nothing_is_guessed_from_files_that_nobody_knows() -> None:
    assert guess([a_folder("notes.txt")], CATALOGUE) is None


def test_the_likeliest_file_is_near_the_top_and_named_like_the_folder() -> None:
    folder = a_folder("deep/a.json", "zeta.json", "case.json", "alpha.json")
    assert candidate_files(SCENE, [folder]) == ["case.json", "alpha.json", "zeta.json", "deep/a.json"]


def test_files_that_every_folder_has_are_offered_before_any_other() -> None:
    assert candidate_files(SCENE, [a_folder("a.json", "b.json"), a_folder("b.json", name="other")]) == ["b.json"]


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        (SCENE, "a.json", ""),
        (SCENE, "./a.json", ""),
        (SCENE, "", "Choose one."),
        (SCENE, "b.json", "case has no file “b.json”."),
        (SCENE, "a.tmp", "“a.tmp” is not sent: it is excluded by *.tmp."),
        (STEPS, "", ""),
        (STEPS, "1e3", ""),
        (STEPS, "many", "“many” is not a number."),
        (STEPS, "nan", "“nan” is not a number."),
    ],
)
def test_a_parameter_says_what_is_wrong_with_its_value(parameter: Parameter, value: str, problem: str) -> None:
    assert parameter_problem(parameter, value, [a_folder("a.json", excluded=(("a.tmp", "*.tmp"),))]) == problem


def test_a_folder_without_a_matching_file_says_which_was_looked_for() -> None:
    assert "matches *.json" in parameter_problem(SCENE, "", [a_folder("a.txt")])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("./solve a.inp\n\n  python3 plot.py  ", ""),
        ("", "Write at least one command, one per line."),
        ("ok\necho 'half", "Command 2: It ends inside a quotation or after a backslash."),
        ("ok\n'' x", "Command 2: It names no program."),
        ("# only a remark", "Write at least one command, one per line."),
    ],
)
def test_commands_say_which_line_cannot_be_run(text: str, problem: str) -> None:
    assert command_problem(command_lines(text)) == problem


def test_the_preview_quotes_values_and_shows_holes_by_their_label() -> None:
    assert preview(SPLASH, {"scene": "my scene.json"}) == ["splash 'my scene.json' -n 10"]
    assert preview(SPLASH, {}) == ["splash ‹Scene› -n 10"]


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("  ", None), ("2h", 7200.0), ("90", 90.0)])
def test_time_to_live_is_read_in_seconds(text: str, seconds: float | None) -> None:
    assert parse_time_to_live(text) == seconds


@pytest.mark.parametrize("text", ["0", "0h", "2 hours", "9" * 400, "20000d", "-5"])
def test_a_time_to_live_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_time_to_live(text)


@given(st.integers(min_value=1, max_value=10**9))
def test_a_duration_that_was_typed_is_read_back_as_it_was(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(typed_duration_text(seconds)) == pytest.approx(seconds, abs=1e-3)


def test_names_are_short_and_visible() -> None:
    assert name_problem("") == name_problem("wing 3") == ""
    assert "128" in name_problem("x" * 129)
    assert name_problem("a\u202eb")


def test_a_submission_survives_being_remembered() -> None:
    chosen = Submission(
        folders=("/a",), simulator="splash", values={"scene": "a.json"}, machine_group_id="g", commands=("x",)
    )
    assert msgspec.json.decode(msgspec.json.encode(chosen), type=Submission) == chosen


def test_a_task_gives_back_the_settings_it_was_submitted_with() -> None:
    task = Task(
        task_id="t1",
        status=Status.FAILED,
        status_alias="Failed",
        simulator="arbitrary_commands",
        project="wing",
        is_terminated=True,
        num_retries=0,
        container_image="docker://splash",
        machine_group_id="g",
        extra_params={"commands": [{"cmd": "splash a.json", "prompts": []}]},
        task_metadata={"name": "first"},
        time_to_live_seconds=60.0,
    )
    settings = submission_of(task, CATALOGUE)
    assert (settings.simulator, settings.commands, settings.name) == ("splash", ("splash a.json",), "first")
    assert (settings.project, settings.time_to_live_seconds) == ("wing", 60.0)
    assert (settings.folders, settings.resubmitted_from) == ((), "t1")


def test_contents_are_counted_with_their_size() -> None:
    assert contents_text([a_folder("a")]) == "1 file · 100 B"
    assert contents_text([a_folder("a"), a_folder("b", "c")]) == "2 folders · 3 files · 301 B"

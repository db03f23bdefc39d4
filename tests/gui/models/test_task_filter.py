"""The language of the filter box."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.filter_words import FilterWord, split_filter
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_group import exactly
from tests.builders import NOON, a_task

WING = a_task(
    task_id="k9muu1qqqq",
    name="Wing AoA 04",
    simulator="openfoam",
    project="wing study",
    machine_group_name="c2-spot",
    status=Status.FAILED,
    error_detail="Exit code 1",
    create_time=NOON - timedelta(hours=1),
)


def accepts(text: str, task: Task = WING) -> bool:
    return parse_filter(text, NOON).accepts(task)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "wing", "WING aoa", "k9mu", "exit", "openfoam wing", '"wing study"', '"aoa 04"', "-dam",
        "-status:active", "status:failed", "status:ended", "status:=failed", "status:fail", "project:wing",
        'project:="wing study"', "sim:foam", "simulator:open", "group:spot",
        "id:k9", "name:aoa", "since:2h", "since:1h30m", "-since:30m",
        "/aoa \\d+$/", "/^k9/", "name:/^wing.*04$/", "-/dam|pipe/", "status:", "-", '""', "since:", "/wing",
        'name:"wing aoa', "STATUS:Failed",
    ],
)  # fmt: skip
def test_a_matching_task_passes(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "dam", "wing dam", "-wing", "status:done", "status:active", "status:=executer-failed", "project:dam",
        "project:=wing", 'project:="Wing study"', "since:30m", "-since:2h", "/aoa$/", "id:wing", '"04 aoa"',
    ],
)  # fmt: skip
def test_another_task_does_not_pass(text: str) -> None:
    assert not accepts(text)


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("active", [Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.PENDING_KILL]),
        ("queued", [Status.PENDING_INPUT, Status.SUBMITTED]),
        ("waiting", [Status.PENDING_INPUT, Status.SUBMITTED]),
        ("running", [Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED]),
        ("ended", [Status.SUCCESS, Status.FAILED, Status.KILLED, Status.ZOMBIE]),
        ("done", [Status.SUCCESS]),
        ("failed", [Status.FAILED, Status.TTL_EXCEEDED, Status.EXECUTER_FAILED]),
        ("stopped", [Status.KILLED, Status.EXECUTER_TERMINATED_BY_USER]),
        ("killed", [Status.KILLED]),
        ("progress", [Status.COMPUTATION_STARTED]),
        ('"in queue"', [Status.SUBMITTED]),
    ],
)
def test_status_knows_groups_and_names(word: str, statuses: list[Status]) -> None:
    for status in statuses:
        assert accepts(f"status:{word}", a_task(status=status)), status


@pytest.mark.parametrize("status", list(Status))
def test_every_state_is_found_by_its_code_alone(status: Status) -> None:
    wanted = parse_filter(f"status:={status.value}", NOON)
    assert [other for other in Status if wanted.accepts(a_task(status=other))] == [status]


def test_a_state_from_a_newer_service_can_be_filtered() -> None:
    assert accepts("status:=paused-by-moon", a_task(status=Status("paused-by-moon"), is_terminated=False))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour:red", "colour:"),
        ("status:fialed", "fialed"),
        ("since:yesterday", "yesterday"),
        ("since:99999999999d", "longer ago"),
        ("/[a/", "missing ]"),
        ("wing /a(/", "missing )"),
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_filter(text, NOON)
    assert told in str(refused.value)
    assert refused.value.advice


def test_a_regular_expression_cannot_take_for_ever() -> None:
    slow = a_task(name="a" * 5_000)
    assert not accepts("/(a+)+(a+)+(a+)+b$/", slow)


def test_words_keep_quotes_keys_and_minus_apart() -> None:
    assert split_filter('wing -dam project:="my \\"best\\" wing" -name:/a\\/b c/ 10:30') == [
        FilterWord("wing"),
        FilterWord("dam", negated=True),
        FilterWord('my "best" wing', "project", exact=True),
        FilterWord("a/b c", "name", negated=True, regex=True),
        FilterWord("10:30"),
    ]


@given(st.text(min_size=1, max_size=30))
def test_the_sidebar_filter_of_any_project_finds_exactly_it(name: str) -> None:
    wanted = parse_filter(exactly("project", name), NOON)
    assert wanted.accepts(a_task(project=name))
    assert not wanted.accepts(a_task(project=name + "x"))


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    try:
        parse_filter(text, NOON).accepts(WING)
    except InvalidInputError as refused:
        assert refused.title.endswith(".")
